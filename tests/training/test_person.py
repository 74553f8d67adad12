"""A made person whose movements are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.errors import FaceError, InputError
from mien.face import FaceTracker
from mien.settings import Settings
from mien.training import COEFFICIENTS, Dataset
from mien.training.appearance import LIPS as MIDDLE
from mien.training.appearance import SIDE as LOOK
from mien.training.appearance import Appearance
from mien.training.person import Space, find_space
from mien.weights import WeightStore

NO_CUTS = np.zeros(0, np.int64)
LIPS = (13, 14, 17, 61, 291, 152)


@pytest.fixture(scope="module")
def face(dataset: Dataset) -> np.ndarray:
    """A real mesh in IOD, its origin in the middle."""
    points = np.asarray(dataset.landmarks[0], np.float64)
    return (points - points.mean(axis=0)) / np.linalg.norm(points[33] - points[263])


@pytest.fixture(scope="module")
def made(face: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Landmarks of a head that turns while its jaw drops, its turns (N, 3, 3), and the drop of the jaw (N,)."""
    time = np.arange(300) / 25
    jaw = 0.1 * (1 - np.cos(2 * np.pi * 1.3 * time))
    lower = np.clip((face[:, 1] - face[2, 1]) / (face[152, 1] - face[2, 1]), 0, 1)
    landmarks, turns = [], []
    for now, drop in zip(time, jaw, strict=True):
        angles = np.radians([6 * np.sin(now), 12 * np.sin(0.7 * now), 4 * np.sin(1.3 * now)])
        turn = cv2.Rodrigues(angles)[0]
        shape = face + np.outer(lower * drop, [0, 1, 0])
        landmarks.append((100 + 10 * np.sin(now)) * shape @ turn.T + [250 + 5 * now, 240, 0])
        turns.append(turn)
    return np.array(landmarks, np.float32), np.array(turns), jaw


def look(landmarks: np.ndarray, light: np.ndarray | None = None) -> Appearance:
    """Mouths that are grey all over but for a spot, which landmarks do not tell of and that shines as `light` (N,), 0 … 1, says."""
    pictures = np.full((len(landmarks), LOOK, LOOK), 100, np.uint8)
    if light is not None:
        pictures[:, 30:38, 24:40] += np.rint(100 * light).astype(np.uint8)[:, None, None]
    places = np.full((len(landmarks), 3), 200, np.float32)
    places[:, :2] = landmarks[:, MIDDLE, :2].mean(axis=1)
    return Appearance(pictures, places)


def found(landmarks: np.ndarray, seen: np.ndarray | None = None, light: np.ndarray | None = None) -> Space:
    """What is learnt from the first 210 frames."""
    seen = np.ones(len(landmarks), bool) if seen is None else seen
    return find_space(landmarks, look(landmarks, light), seen, NO_CUTS, slice(0, 210))


@pytest.fixture(scope="module")
def space(made: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Space:
    return found(made[0])


def shown(space: Space, frame: int) -> np.ndarray:
    shape = space.mean + np.tensordot(space.expression[frame], space.basis, 1)
    return space.scale[frame] * (shape @ space.rotation[frame].T)[:, :2] + space.shift[frame]


def test_it_tells_where_everything_was_seen(space: Space, made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    for frame in (5, 100, 205, 290):
        error = np.linalg.norm(shown(space, frame) - made[0][frame, :, :2], axis=1)
        assert error.max() < 1.0
        assert error[list(LIPS)].max() < 0.5


def test_turns_are_rotations_that_follow_the_head(space: Space, made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    np.testing.assert_allclose(
        space.rotation @ space.rotation.transpose(0, 2, 1), np.tile(np.eye(3), (300, 1, 1)), atol=1e-5
    )
    ours = space.rotation @ space.rotation[150].T
    theirs = made[1] @ made[1][150].T
    angles = [
        np.degrees(np.linalg.norm(cv2.Rodrigues(one @ other.T)[0])) for one, other in zip(ours, theirs, strict=True)
    ]
    assert np.median(angles) < 0.5


def test_the_first_component_is_the_jaw(space: Space, made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    r = np.corrcoef(space.expression[:, 0], made[2])[0, 1]
    assert abs(r) > 0.99
    assert space.expression[:210].std(axis=0)[0] == pytest.approx(1, abs=1e-3)


def test_it_is_measured_in_distances_of_the_eyes(space: Space):
    from mien.face.topology import RIGID

    assert np.linalg.norm(space.mean[33] - space.mean[263]) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(space.mean[RIGID].mean(axis=0), 0, atol=1e-5)
    assert space.basis.shape == (COEFFICIENTS, 478, 3)


def test_eyes_and_brows_do_not_move_with_the_mouth(space: Space):
    still = [33, 133, 159, 145, 362, 263, 386, 374, 70, 105, 300, 334, 468, 473, 10]
    assert np.abs(space.basis[:, still]).max() == 0


def test_frames_without_a_face_have_no_expression_and_the_nearest_pose(made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    landmarks, seen = made[0].copy(), np.ones(300, bool)
    seen[40:60] = False
    landmarks[~seen] = np.nan
    space = found(landmarks, seen)
    assert np.isnan(space.expression[40:60]).all()
    assert np.isfinite(space.expression[seen]).all()
    np.testing.assert_array_equal(space.rotation[42], space.rotation[39])
    np.testing.assert_array_equal(space.shift[58], space.shift[60])


def test_what_is_not_learnt_from_changes_nothing_of_the_space(made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    other = made[0].copy()
    other[230:, 200:] += 30
    one, two = found(made[0]), found(other)
    np.testing.assert_allclose(one.mean, two.mean, atol=1e-6)
    np.testing.assert_allclose(one.basis, two.basis, atol=1e-6)


def test_what_only_the_picture_tells_is_told_too(made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    light = np.random.default_rng(0).uniform(size=300)
    space = found(made[0], light=light)
    known = np.column_stack([np.ones(300), space.expression])
    for hidden in (light, made[2]):
        weights = np.linalg.lstsq(known[:210], hidden[:210], rcond=None)[0]
        assert np.corrcoef((known @ weights)[210:], hidden[210:])[0, 1] > 0.99
    for frame in (100, 290):
        error = np.linalg.norm(shown(space, frame) - made[0][frame, :, :2], axis=1)
        assert error[list(LIPS)].max() < 0.7


def test_too_few_faces_are_refused(made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    seen = np.zeros(300, bool)
    seen[:100] = True
    with pytest.raises(FaceError, match="100 of the 210"):
        found(made[0], seen)


def test_a_real_tracker_agrees(dataset: Dataset, settings: Settings):
    person, frame = dataset.person, dataset.split.test.start + 10
    found = FaceTracker(WeightStore.from_settings(settings)).find(next(dataset.frames(frame, frame + 1)))
    assert found is not None
    placed = person.place(person.shape(person.expression[frame]), frame)
    unit = float(person.scale[frame])
    lips = np.linalg.norm(placed[list(LIPS), :2] - found.landmarks[list(LIPS), :2], axis=1)
    assert lips.mean() < 0.04 * unit


def test_the_resting_mouth_is_shut(dataset: Dataset):
    person = dataset.person
    rest = person.shape(person.calibration.neutral.astype(np.float32))
    faces = person.shape(person.expression[dataset.seen])
    gap = np.linalg.norm(faces[:, 13] - faces[:, 14], axis=1)
    assert np.linalg.norm(rest[13] - rest[14]) < np.percentile(gap, 25)


def test_a_mouth_that_was_never_heard_opens_with_a_voice_as_wide_as_it_was_seen(dataset: Dataset):
    heard, train = dataset.person, slice(0, dataset.split.test.start)
    fields = ("mean", "basis", "expression", "rotation", "scale", "shift")
    person = Space(**{name: getattr(heard, name) for name in fields}).calibrated(None, train)
    faces = person.shape(person.calibration.apply(dataset.mouth.values)[::4])
    opening, real = (each[:, 14, 1] - each[:, 13, 1] for each in (faces, person.shape(person.expression)))
    assert np.corrcoef(opening, real)[0, 1] > 0.5
    assert 0.3 * np.ptp(real[train]) < np.ptp(opening) < 1.2 * np.ptp(real[train])
    silence = person.calibration.apply(np.zeros((100, 8), np.float32))
    np.testing.assert_allclose(silence, np.tile(heard.calibration.neutral, (100, 1)), atol=1e-5)


def test_lips_that_never_part_cannot_be_used_without_a_voice(made: tuple[np.ndarray, np.ndarray, np.ndarray]):
    shut = made[0].copy()
    shut[:, 14] = shut[:, 13] + (0, 1, 0)
    space = found(shut)
    with pytest.raises(InputError, match="does not open"):
        space.calibrated(None, slice(0, 210))
