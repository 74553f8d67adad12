from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.avatars.arrays import pack
from mien.engines.clip.choice import Choice
from mien.engines.clip.library import Lips, load
from mien.engines.clip.mouth import Mouth
from mien.engines.clip.patch import Patch
from mien.engines.clip.render import Example, draw, tones
from mien.engines.clip.train import choose, places, successors, tiles
from mien.errors import PackageError
from mien.training import Dataset


@pytest.fixture(scope="module")
def patch(dataset: Dataset) -> Patch:
    return Patch.of(dataset.person.mean, dataset.person.basis)


def test_the_patch_is_seen_where_its_landmarks_are(dataset: Dataset, patch: Patch) -> None:
    (place,) = places(dataset, patch, [30])
    own = patch.follow == 1
    np.testing.assert_allclose(place.vertices[own], dataset.landmarks[30][patch.landmarks[own], :2], atol=0.01)


def test_the_edge_of_the_patch_never_moves(dataset: Dataset, patch: Patch) -> None:
    (place,) = places(dataset, patch, [30])
    wanted = patch.wanted(place.vertices, place.pose, place.mouth, place.mouth + 2)
    edge = patch.free == 0
    assert edge.sum() > 20
    np.testing.assert_allclose(wanted[edge], place.vertices[edge], atol=1e-3)
    assert np.abs(wanted - place.vertices).max() > 3


def test_a_frame_with_its_own_mouth_stays_as_it_is(dataset: Dataset, patch: Patch) -> None:
    frame = next(dataset.frames(30, 31))
    (place,) = places(dataset, patch, [30])
    own = Example(frame, place.vertices, tones(frame, place.vertices))
    drawn = draw(patch, frame, place, place.mouth, [(own, 1.0)]).astype(int)
    assert np.abs(drawn - frame).mean() < 0.1
    left, top = place.vertices.min(axis=0).astype(int) - 4
    right, bottom = place.vertices.max(axis=0).astype(int) + 5
    outside = np.ones(frame.shape[:2], bool)
    outside[top:bottom, left:right] = False
    assert (drawn == frame)[outside].all()


def test_an_example_takes_the_colour_of_the_frame(dataset: Dataset, patch: Patch) -> None:
    frame = next(dataset.frames(30, 31))
    (place,) = places(dataset, patch, [30])
    darker = (frame * 0.8).astype(np.uint8)
    own, other = (Example(image, place.vertices, tones(image, place.vertices)) for image in (frame, darker))
    light, dark = (draw(patch, frame, place, place.mouth, [(one, 1.0)]).astype(int) for one in (own, other))
    skin = place.vertices[
        (patch.shown > 0.9) & (patch.mean[:, 1] > np.percentile(patch.mean[patch.shown > 0.9, 1], 80))
    ]
    x, y = np.rint(skin).astype(int).T
    plain = np.abs(frame[y, x].astype(int) - darker[y, x]).mean()
    assert np.abs(light[y, x] - dark[y, x]).mean() < 0.3 * plain


def test_lips_close_and_never_overlap(dataset: Dataset) -> None:
    person = dataset.person
    lips = Lips.of(person.mean, person.basis, person.expression)
    widest = person.expression[np.argmax(person.expression @ lips.slope)]

    def opening(mouth: np.ndarray) -> float:
        return lips.rest + float(mouth @ lips.slope)

    assert opening(widest) > lips.open > lips.shut + 0.01
    np.testing.assert_array_equal(lips.closed(widest, 0.0), widest)
    assert opening(lips.closed(-5 * widest, 0.0)) >= lips.shut - 1e-4


def test_a_closure_is_believed_where_the_mouth_is_hardly_open(dataset: Dataset) -> None:
    person = dataset.person
    lips = Lips.of(person.mean, person.basis, person.expression)

    def closed(share: float, closure: float) -> float:
        opening = lips.shut + share * (lips.open - lips.shut)
        mouth = (opening - lips.rest) / float(lips.slope @ lips.slope) * lips.slope
        return (lips.rest + float(lips.closed(mouth, closure) @ lips.slope) - lips.shut) / (lips.open - lips.shut)

    assert closed(0.0, 1.0) == pytest.approx(0.0, abs=1e-3)
    assert closed(0.2, 1.0) == pytest.approx(0.04, abs=1e-3)
    assert closed(0.5, 1.0) == pytest.approx(0.25, abs=1e-3)
    assert closed(0.5, 0.0) == pytest.approx(0.5, abs=1e-3)
    assert closed(1.5, 1.0) == pytest.approx(1.5, abs=1e-3)


def chain(values: list[float], follows: list[int]) -> Choice:
    return Choice(np.array(values, np.float32)[:, None], np.array(follows, np.int32))


def test_the_choice_follows_real_speech_where_it_is_as_near() -> None:
    # two runs through the same mouths: 0 1 2 3 and 4 5 6 7
    choice = chain([0, 1, 2, 3, 0, 1, 2, 3], [1, 2, 3, 3, 5, 6, 7, 7])
    wanted = np.array([0, 1, 2, 3], np.float32)[:, None]
    shown = [choice.next(wanted[n:]) for n in range(4)]
    assert shown in ([0, 1, 2, 3], [4, 5, 6, 7])


def test_the_choice_looks_ahead() -> None:
    # Example 1 is nearest to the first frame, but what is wanted next follows example 0.
    choice = chain([0.2, 0.0, 5.0, -5.0], [2, 3, 2, 3])
    assert choice.next(np.array([[0.0], [5.0]], np.float32)) == 0
    assert chain([0.2, 0.0, 5.0, -5.0], [2, 3, 2, 3]).next(np.array([[0.0]], np.float32)) == 1


def test_a_library_of_one_mouth_is_shown_for_ever() -> None:
    choice = chain([1.0], [0])
    assert [choice.next(np.array([[value]], np.float32)) for value in (0.0, 9.0)] == [0, 0]


def test_what_does_not_follow_fades_in(package: AvatarPackage) -> None:
    avatar = load(package)
    mouth = Mouth(avatar)
    points = avatar.lips.points(avatar.mouths, avatar.turns)
    shares = []
    for chosen, like in ((0, 0), (1, 1), (2, 2), (90, 3), (91, 4), (92, 5), (93, 93)):
        mixture = mouth._mixture(chosen, (points[chosen] + points[like]) / 2)
        assert mixture[0][0] == chosen
        assert sum(share for _, share in mixture) == pytest.approx(1.0)
        shares.append(mixture[0][1])
    assert shares == pytest.approx([1.0, 1.0, 1.0, 0.25, 0.5, 0.75, 1.0])


def test_shut_lips_are_not_torn_open_by_fading(package: AvatarPackage) -> None:
    avatar = load(package)
    mouth = Mouth(avatar)
    points = avatar.lips.points(avatar.mouths, avatar.turns)
    opening = avatar.mouths @ avatar.lips.slope
    shut, wide = int(opening[:-1].argmin()), int(opening.argmax())
    assert mouth._mixture(shut, points[shut]) == [(shut, 1.0)]
    assert mouth._mixture(wide, points[wide]) == [(wide, 1.0)]


def test_pieces_of_a_long_video_cover_its_mouths() -> None:
    rng = np.random.default_rng(0)
    frames = np.concatenate([np.arange(400), np.arange(450, 1000)])
    mouths = np.repeat(rng.normal(size=(95, 3)), 10, axis=0).astype(np.float32) * np.array([1, 1, 0.1], np.float32)
    chosen = choose(mouths, frames, most=300)
    assert 280 <= len(chosen) <= 300
    assert (np.diff(chosen) > 0).all()
    follows = successors(frames[chosen])
    assert (follows != np.arange(len(chosen))).mean() > 0.8

    def uncovered(some: np.ndarray) -> float:
        return float(np.mean([np.linalg.norm(mouths[some] - mouth, axis=1).min() for mouth in mouths]))

    assert uncovered(chosen) < 0.7 * uncovered(np.arange(300))
    np.testing.assert_array_equal(choose(mouths[:300], frames[:300], most=300), np.arange(300))


def test_successors_end_where_the_video_was_cut() -> None:
    np.testing.assert_array_equal(successors(np.array([3, 4, 5, 9, 10, 20])), [1, 2, 2, 4, 4, 5])


def test_tiles_have_one_even_size_inside_the_frame() -> None:
    (width, height), corners = tiles(np.array([[[10.0, 10], [60, 41]], [[-5, 80], [40, 99.5]]]), (100, 100))
    assert width % 2 == height % 2 == 0
    assert width >= 50
    assert (corners >= 0).all()
    assert (corners + np.array([width, height]) <= 100).all()


def remade(package: AvatarPackage, folder: Path, changed: dict[str, bytes | None]) -> AvatarPackage:
    with PackageBuilder(folder / "other.mien") as builder:
        for name in package.manifest.files:
            data = changed.get(name, package.read(name))
            if data is not None:
                builder.add_bytes(name, data)
        return builder.finish(Manifest.model_validate(package.manifest.model_dump() | {"files": {}}))


def wrong(package: AvatarPackage, name: str, key: str, change) -> bytes:
    arrays = package.arrays(name)
    arrays[key] = change(arrays[key])
    return pack(arrays)


@pytest.mark.parametrize(
    "missing", ["film.mp4", "examples.mp4", "person.npz", "places.npz", "examples.npz", "calibration.json"]
)
def test_a_package_that_lacks_something_is_refused(package: AvatarPackage, tmp_path: Path, missing: str) -> None:
    with pytest.raises(PackageError):
        load(remade(package, tmp_path, {missing: None}))


@pytest.mark.parametrize(
    ("name", "key", "change"),
    [
        ("examples", "successor", lambda a: a + 1000),
        ("examples", "successor", lambda a: a - 1000),
        ("examples", "vertices", lambda a: a[:-1]),
        ("examples", "mouth", lambda a: a[:, :3]),
        ("places", "turn", lambda a: a * np.nan),
        ("places", "vertices", lambda a: a * 10**6),
        ("places", "shift", lambda a: a[:1]),
        ("person", "mean", lambda a: a * 0),
        ("person", "mean", lambda a: a[::-1]),
        ("person", "basis", lambda a: a[:4]),
    ],
)
def test_a_package_that_does_not_fit_is_refused(package: AvatarPackage, tmp_path: Path, name, key, change) -> None:
    with pytest.raises(PackageError) as caught:
        load(remade(package, tmp_path, {f"{name}.npz": wrong(package, name, key, change)}))
    assert caught.value.hint


def test_what_is_no_film_of_mouths_is_refused(package: AvatarPackage, tmp_path: Path) -> None:
    with pytest.raises(PackageError):
        load(remade(package, tmp_path, {"examples.mp4": b"nothing"}))
    with pytest.raises(PackageError):
        load(remade(package, tmp_path / "text", {"calibration.json": b"\xff{"}))
