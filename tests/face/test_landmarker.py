"""The reference is MediaPipe 0.10.21 itself: see tests/data/face/make_golden.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.face import Face, FaceTracker, eye_distance, head_pose
from mien.types import FaceBox, Image, Landmarks

from .conftest import DATA, MADE_FROM, colour_noise, moved, read_picture, turned

EVERY = 10
CLIPS = ("may", "newsreader_de", "ls3", "ls2_beard", "man_glasses_silent", "sun_no_audio")


def distances(one: Landmarks, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm(one[..., :2] - other[..., :2], axis=-1)


def test_single_picture_agrees_with_mediapipe(face: Face) -> None:
    with np.load(DATA / "astronaut.npz") as arrays:
        golden = arrays["landmarks"] / MADE_FROM
    off = distances(face.landmarks, golden)
    assert off.mean() <= 0.4
    assert np.percentile(off, 95) <= 1.0
    assert np.abs(face.landmarks[:, 2] - golden[:, 2]).mean() <= 0.4


def test_a_face_is_float32_and_knows_where_it_was_found(face: Face) -> None:
    assert face.landmarks.shape == (478, 3)
    assert face.landmarks.dtype == np.float32
    left, top, right, bottom = face.box.box_xyxy
    nose = face.landmarks[1]
    assert left < nose[0] < right
    assert top < nose[1] < bottom
    assert 0.9 < face.score <= 1


def test_result_hardly_depends_on_the_detection(tracker: FaceTracker, picture: Image, face: Face) -> None:
    left, top, right, bottom = face.box.box_xyxy
    shifted = FaceBox((left - 8, top + 6, right + 10, bottom + 12), face.box.score, face.box.keypoints + 3)
    again = tracker.find(picture, shifted)
    assert again is not None
    assert distances(again.landmarks, face.landmarks).mean() < 0.005 * eye_distance(face.landmarks)


@pytest.mark.parametrize("degrees", [30, 75, 130, 180, -90])
def test_landmarks_turn_with_the_head(tracker: FaceTracker, picture: Image, face: Face, degrees: int) -> None:
    image, matrix = turned(picture, degrees)
    found = tracker.find(image)
    assert found is not None
    expected = face.landmarks[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    assert distances(found.landmarks, expected).mean() < 0.02 * eye_distance(face.landmarks)


def test_landmarks_grow_with_the_picture(tracker: FaceTracker, picture: Image, face: Face) -> None:
    found = tracker.find(moved(picture, np.array([[2.5, 0, 0], [0, 2.5, 0]]), 1280))
    assert found is not None
    assert distances(found.landmarks / 2.5, face.landmarks).mean() < 0.01 * eye_distance(face.landmarks)
    assert eye_distance(found.landmarks) == pytest.approx(2.5 * eye_distance(face.landmarks), rel=0.02)


def test_nothing_is_found_where_there_is_no_face(tracker: FaceTracker, face: Face) -> None:
    image = colour_noise(512, 512, 0)
    assert tracker.find(image) is None
    assert tracker.find(image, face.box) is None


def test_a_still_video_stays_still(tracker: FaceTracker, picture: Image) -> None:
    *_, one, other = tracker.track([picture] * 12)
    assert one is not None
    assert other is not None
    assert distances(one.landmarks, other.landmarks).mean() < 0.5


def test_tracking_follows_a_moving_face(tracker: FaceTracker, picture: Image, face: Face) -> None:
    steps = [np.array([[1.0, 0.0, 6 * step], [0.0, 1.0, 3 * step]]) for step in range(10)]
    moving = (moved(picture, step, 512) for step in steps)
    for seen, step in zip(tracker.track(moving), steps, strict=True):
        assert seen is not None
        assert distances(seen.landmarks, face.landmarks[:, :2] + step[:, 2]).mean() < 0.02 * eye_distance(
            face.landmarks
        )


def test_a_lost_face_is_none_and_is_found_again(tracker: FaceTracker, picture: Image) -> None:
    nothing = np.zeros_like(picture)
    elsewhere = np.roll(picture, 150, axis=1)
    seen = list(tracker.track([picture, picture, nothing, nothing, elsewhere, picture]))
    assert [face is not None for face in seen] == [True, True, False, False, True, True]
    one, other = seen[1], seen[4]
    assert one is not None
    assert other is not None
    assert other.landmarks[1, 0] - one.landmarks[1, 0] == pytest.approx(150, abs=3)


def test_tracking_is_lazy(tracker: FaceTracker, picture: Image) -> None:
    def endless() -> Iterator[Image]:
        while True:
            yield picture

    assert next(tracker.track(endless())) is not None


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS)
def test_tracking_agrees_with_mediapipe(tracker: FaceTracker, media: Path, clip: str) -> None:
    with np.load(DATA / "clips.npz") as arrays:
        golden = arrays[clip] / MADE_FROM
    frames = read_frames(media / f"video/{clip}.mp4", EVERY * len(golden))
    seen = [face.landmarks for face in tracker.track(frames) if face is not None]
    assert len(seen) == EVERY * len(golden)  # not one miss
    off = distances(np.stack(seen[EVERY - 1 :: EVERY]), golden)
    assert off.mean() <= 0.4
    assert np.percentile(off, 95) <= 1.0


@pytest.mark.real
def test_a_face_turned_to_the_left_of_the_picture(tracker: FaceTracker, media: Path) -> None:
    face = tracker.find(read_picture(media / "photo/painting_three_quarter.jpg"))
    assert face is not None
    assert -50 < head_pose(face.landmarks).yaw < -25


def read_frames(file: Path, count: int) -> Iterator[Image]:
    """With OpenCV, as the golden values were read."""
    video = cv2.VideoCapture(str(file))
    for _ in range(count):
        more, frame = video.read()
        assert more
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
    video.release()
