from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import Cancelled, FaceError, MediaError
from mien.evaluation.lips import from_landmarks, measured
from mien.types import Image, Landmarks, Progress
from mien.weights import WeightStore

from .conftest import write_video

LOWER_LIP, CHIN, CORNERS = (14, 17, 87, 317), (152, 148, 377), (61, 291)


def talking(face: Landmarks, opening: np.ndarray) -> list[Landmarks]:
    """The face with lower lip and chin dropped by so many IOD."""
    right, left = face[33, :2], face[263, :2]
    unit = float(np.linalg.norm(left - right))
    down = np.array([-(left - right)[1], (left - right)[0]]) / unit
    found = []
    for drop in opening:
        moved = face.copy()
        moved[[*LOWER_LIP, *CHIN], :2] += drop * unit * down
        found.append(moved)
    return found


def nodding(faces: list[Landmarks], seed: int = 0) -> list[Landmarks]:
    """The heads turned in the picture, moved and scaled, every frame otherwise."""
    rng = np.random.default_rng(seed)
    found = []
    for face in faces:
        angle, size = rng.normal(0, 0.2), rng.uniform(0.8, 1.25)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = face.copy()
        moved[:, :2] = size * face[:, :2] @ turn.T + rng.normal(0, 30, 2)
        found.append(moved)
    return found


def test_what_the_lips_do_is_seen_whatever_the_head_does(landmarks: Landmarks):
    opening = 0.05 + 0.05 * np.sin(np.arange(50))
    still, moved = (
        from_landmarks(faces, 25.0) for faces in (talking(landmarks, opening), nodding(talking(landmarks, opening)))
    )
    np.testing.assert_allclose(np.diff(still.jaw), np.diff(opening), atol=1e-3)
    np.testing.assert_allclose(np.diff(still.gap), np.diff(opening), atol=4e-3)
    for name in ("jaw", "gap", "width", "still"):
        np.testing.assert_allclose(getattr(moved, name), getattr(still, name), atol=1e-3)


def test_the_unit_is_the_distance_of_the_eyes(landmarks: Landmarks):
    lips = from_landmarks([landmarks] * 3, 25.0)
    wide = np.linalg.norm(landmarks[61, :2] - landmarks[291, :2])
    eyes = np.linalg.norm(landmarks[33, :2] - landmarks[263, :2])
    np.testing.assert_allclose(lips.width, wide / eyes, rtol=1e-3)


def test_short_losses_are_bridged_and_long_ones_marked(landmarks: Landmarks):
    opening = np.linspace(0, 0.1, 40)
    faces: list[Landmarks | None] = list(talking(landmarks, opening))
    faces[5:8] = [None] * 3
    faces[20:30] = [None] * 10
    lips = from_landmarks(faces, 25.0)
    whole = from_landmarks(talking(landmarks, opening), 25.0)
    assert lips.seen.sum() == 27
    assert not lips.known[20:30].any()
    assert lips.known.sum() == 30
    np.testing.assert_allclose(lips.gap[5:8], whole.gap[5:8], atol=1e-3)


def test_a_face_lost_at_the_ends_stays_unknown(landmarks: Landmarks):
    lips = from_landmarks([None, None, *[landmarks] * 10, None], 25.0)
    assert lips.known.tolist() == [False] * 2 + [True] * 10 + [False]


def test_a_video_is_tracked_with_progress(tmp_path: Path, picture: Image, store: WeightStore):
    video = write_video(tmp_path / "still.mp4", [picture] * 30, None)
    told: list[Progress] = []
    lips = measured(video, store, report=told.append)
    assert (lips.fps, len(lips.gap), lips.faces) == (25.0, 30, 1)
    assert lips.seen.all()
    assert np.ptp(lips.gap) < 0.02
    assert [(each.stage, each.done, each.total) for each in told[-1:]] == [("track", 30, 30)]


def test_tracking_can_be_stopped(tmp_path: Path, picture: Image, store: WeightStore):
    video = write_video(tmp_path / "still.mp4", [picture] * 30, None)

    def stop(progress: Progress) -> None:
        raise Cancelled("Enough.")

    with pytest.raises(Cancelled):
        measured(video, store, report=stop)


def test_two_faces_are_counted(tmp_path: Path, picture: Image, store: WeightStore):
    video = write_video(tmp_path / "two.mp4", [np.concatenate([picture, picture], axis=1)] * 26, None)
    assert measured(video, store).faces == 2


@pytest.mark.parametrize(
    ("count", "fps", "error", "words"),
    [
        (1, 25.0, MediaError, "0.04 s"),
        (9, 3.0, MediaError, "3 frames per second"),
        (30, 25.0, FaceError, "0.0 of the 1.2 s"),
    ],
)
def test_what_cannot_be_measured(
    tmp_path: Path, store: WeightStore, count: int, fps: float, error: type[Exception], words: str
):
    grey = np.full((96, 96, 3), 90, np.uint8)
    video = write_video(tmp_path / "grey.mp4", [grey] * count, None, fps)
    with pytest.raises(error, match=words):
        measured(video, store)


def test_a_broken_file(tmp_path: Path, store: WeightStore):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x20ftypisom" + bytes(500))
    with pytest.raises(MediaError):
        measured(broken, store)
