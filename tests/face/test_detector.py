from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.face import FaceTracker
from mien.types import Image

from .conftest import colour_noise, middle, pasted, read_picture, turned


def test_finds_the_one_face(tracker: FaceTracker, picture: Image) -> None:
    (box,) = tracker.detector.detect(picture)
    left, top, right, bottom = box.box_xyxy
    assert 150 < left < 224 < right < 300
    assert 60 < top < 128 < bottom < 200
    right_eye, left_eye, nose, mouth, right_ear, left_ear = box.keypoints
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]
    assert 0.5 < box.score <= 1


@pytest.mark.parametrize("degrees", range(0, 360, 45))
def test_keypoints_turn_with_the_head(tracker: FaceTracker, picture: Image, degrees: int) -> None:
    (upright,) = tracker.detector.detect(picture)
    image, matrix = turned(picture, degrees)
    box = tracker.detector.detect(image)[0]
    expected = upright.keypoints @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(box.keypoints - expected).max() < 20


@pytest.mark.parametrize("share", [0.2, 0.1, 0.05])
@pytest.mark.parametrize("seed", [0, 1])
def test_finds_a_small_face_in_a_large_picture(tracker: FaceTracker, picture: Image, share: float, seed: int) -> None:
    image, place = pasted(picture, 1200, 1600, share * 1600, seed)
    found = tracker.detector.detect(image)
    assert np.linalg.norm(middle(found[0].box_xyxy) - place) < 0.25 * share * 1600
    assert len(found) == 1


def test_largest_face_comes_first(tracker: FaceTracker, picture: Image) -> None:
    head = picture[30:230, 125:325]
    image = np.zeros((400, 660, 3), np.uint8)
    image[:260, :260], image[:, 260:] = cv2.resize(head, (260, 260)), cv2.resize(head, (400, 400))
    one, other = tracker.detector.detect(image)
    assert other.box_xyxy[0] < 260 < one.box_xyxy[0]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((300, 200, 3), np.uint8),
        np.full((1, 1, 3), 128, np.uint8),
        np.zeros((3, 2000, 3), np.uint8),
        np.random.default_rng(0).integers(0, 256, (500, 700, 3), np.uint8),
        *(colour_noise(900, 900, seed, blob) for seed, blob in enumerate((12, 45, 45, 150))),
    ],
    ids=lambda image: f"{image.shape[1]}x{image.shape[0]}",
)
def test_sees_no_face_where_there_is_none(tracker: FaceTracker, image: Image) -> None:
    assert tracker.detector.detect(image) == []


def test_a_body_without_its_head_has_no_face(tracker: FaceTracker, picture: Image) -> None:
    assert tracker.detector.detect(np.ascontiguousarray(picture[230:])) == []


@pytest.mark.real
def test_finds_faces_in_photographs_paintings_and_drawings(tracker: FaceTracker, media: Path) -> None:
    for file in sorted((media / "photo").iterdir()):
        assert len(tracker.detector.detect(read_picture(file))) == 1, file.name
