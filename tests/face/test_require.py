from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import FaceError
from mien.face import FaceTracker, eye_distance, require_face
from mien.face.require import MAX_YAW
from mien.types import Image

from .conftest import colour_noise, moved, read_picture

HEAD = slice(30, 230), slice(125, 325)


def test_a_good_picture_has_no_remarks(tracker: FaceTracker, picture: Image) -> None:
    face, remarks = require_face(picture, tracker)
    assert remarks == []
    assert 50 < eye_distance(face.landmarks) < 70


def test_the_largest_of_several_faces_is_used_and_said_so(tracker: FaceTracker, picture: Image) -> None:
    image = np.zeros((400, 660, 3), np.uint8)
    head = picture[HEAD]
    image[:260, :260], image[:, 260:] = cv2.resize(head, (260, 260)), cv2.resize(head, (400, 400))
    face, remarks = require_face(image, tracker)
    assert face.landmarks[1, 0] > 260
    assert remarks == ["2 faces were found; the largest is used."]


def test_a_small_face_is_remarked_on(tracker: FaceTracker, picture: Image) -> None:
    face, remarks = require_face(moved(picture, np.array([[0.45, 0, 0], [0, 0.45, 0]]), 230), tracker)
    assert eye_distance(face.landmarks) < 40
    (remark,) = remarks
    assert remark.startswith("The face is small (2")


def test_a_tiny_face_is_an_error(tracker: FaceTracker, picture: Image) -> None:
    tiny = moved(picture[HEAD], np.array([[0.2, 0, 0], [0, 0.2, 0]]), 40)
    with pytest.raises(FaceError, match=r"too small: 1[0-5] pixels") as caught:
        require_face(tiny, tracker)
    assert caught.value.hint


@pytest.mark.parametrize("image", [colour_noise(300, 400, 0), np.zeros((2, 2, 3), np.uint8)])
def test_no_face_is_an_error_that_names_the_picture(tracker: FaceTracker, image: Image) -> None:
    height, width = image.shape[:2]
    with pytest.raises(FaceError, match=rf"No face .*\({width} x {height} pixels\)") as caught:
        require_face(image, tracker)
    assert "front" in caught.value.hint


def test_a_face_turned_away_is_an_error(tracker: FaceTracker, picture: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.face.require.MAX_YAW", 0.0)  # no picture of a profile may be shipped
    with pytest.raises(FaceError, match="turned away by"):
        require_face(picture, tracker)


@pytest.mark.real
def test_a_three_quarter_view_is_good_enough(tracker: FaceTracker, media: Path) -> None:
    assert MAX_YAW > 45
    _, remarks = require_face(read_picture(media / "photo/painting_three_quarter.jpg"), tracker)
    assert remarks == []
