from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.avatars import Film, PackageBuilder, Reel, add_film, best_stretch
from mien.errors import PackageError
from mien.media import VideoReader

from .conftest import manifest

SIZE = (96, 64)
FPS = 25.0


def frames(count: int) -> list[np.ndarray]:
    """A textured picture that drifts, with a bright spot whose place tells the frame."""
    noise = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (64, 96 + count, 3), dtype=np.uint8), (0, 0), 3)
    images = [np.ascontiguousarray(noise[:, n : n + 96]) for n in range(count)]
    for n, image in enumerate(images):
        cv2.circle(image, (10 + n, 20), 6, (255, 255, 255), -1)
    return images


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with PackageBuilder(tmp_path_factory.mktemp("film") / "anna.mien") as builder:
        assert add_film(builder, frames(30), SIZE, FPS) == 30
        return builder.finish(manifest()).read("film.mp4")


def test_any_frame_is_what_comes_in_order(data: bytes) -> None:
    film, other = Film(data), Film(data)
    expected = [other[n] for n in range(30)]
    assert (len(film), film.size, film.fps) == (30, SIZE, FPS)
    order = np.random.default_rng(0).permutation(30)
    for index in [*order, *order[::-1], 29, 0]:
        np.testing.assert_array_equal(film[int(index)], expected[index])
    with VideoReader(data) as reader:
        for ours, theirs in zip(expected, reader, strict=True):
            assert np.abs(ours.astype(int) - theirs).mean() < 1.5  # colours between pixels are found in another way


def test_the_film_is_true_to_its_source(data: bytes) -> None:
    film = Film(data)
    wrong = np.mean([np.square(film[n].astype(float) - image).mean() for n, image in enumerate(frames(30))])
    assert 10 * np.log10(255**2 / wrong) > 33  # 4:2:0 takes colour from the noise


def test_it_goes_on_without_a_cut(data: bytes) -> None:
    film = Film(data)
    shown = [film[film.order(position)].astype(float) for position in range(100)]
    steps = np.array([np.abs(one - other).mean() for one, other in pairwise(shown)])
    ordinary = steps[:29]
    seams = steps[[28, 29, 57, 58, 86, 87]]
    assert seams.mean() <= ordinary.mean() * 1.05
    assert steps.max() <= ordinary.max() + 1e-9
    assert {film.order(position) for position in range(58)} == set(range(30))


def test_a_film_of_one_frame_stands_still(tmp_path: Path) -> None:
    with PackageBuilder(tmp_path / "anna.mien") as builder:
        add_film(builder, frames(1), SIZE, FPS)
        film = Film.open(builder.finish(manifest()))
    assert [film.order(position) for position in range(3)] == [0, 0, 0]
    assert film[0].shape == (64, 96, 3)


def test_sessions_may_share_it_from_several_threads(data: bytes) -> None:
    film, wrong = Film(data), []
    expected = [film[n].copy() for n in range(30)]

    def look(seed: int) -> None:
        for index in np.random.default_rng(seed).integers(0, 30, 60):
            if not np.array_equal(film[int(index)], expected[index]):
                wrong.append(int(index))

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_frames_cannot_be_written_into_and_are_counted(data: bytes) -> None:
    film = Film(data)
    with pytest.raises(ValueError, match="read-only"):
        film[3][0, 0] = 0
    for index in (-1, 30):
        with pytest.raises(IndexError):
            film[index]


@pytest.mark.parametrize("damage", [lambda d: b"no film", lambda d: d[: len(d) // 2], lambda d: b""])
def test_what_is_no_film_is_refused(data: bytes, damage) -> None:
    with pytest.raises(PackageError) as caught:
        Film(damage(data), "anna")
    assert "anna" in caught.value.message


def test_the_best_stretch_is_long_then_quiet() -> None:
    seen = np.ones(400, bool)
    seen[:20] = seen[150:160] = False
    movement = np.ones(400)
    assert best_stretch(seen, movement, FPS) == slice(160, 400)
    seen = np.ones(60 * 25 + 500, bool)
    movement = np.ones(len(seen))
    movement[:300] = 5.0
    movement[-100:] = 3.0
    chosen = best_stretch(seen, movement, FPS)
    assert chosen.stop - chosen.start == 60 * 25
    assert chosen.start >= 300
    assert chosen.stop <= len(seen) - 100


def test_a_reel_gives_what_comes_and_keeps_nothing():
    images = frames(4)
    reel = Reel(iter(images), len(images), SIZE, FPS)
    assert [reel.order(position) for position in range(6)] == [0, 1, 2, 3, 3, 3]
    assert reel[1] is reel[1] is images[1]
    with pytest.raises(IndexError):
        reel[0]
    assert reel[3] is images[3]
    with pytest.raises(IndexError):
        reel[4]
