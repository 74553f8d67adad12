from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import FaceError
from mien.evaluation.baselines import Baselines, previous
from mien.evaluation.pictures import psnr
from mien.evaluation.regions import face_mask, mouth_mask
from mien.evaluation.shapes import LIPS, mouth_landmark_distance
from mien.face.topology import LIPS_OUTER
from mien.types import Image, Landmarks

Film = tuple[list[Image], NDArray[np.float32]]


def mouthed(picture: Image, landmarks: Landmarks, colour: int, opening: float) -> tuple[Image, Landmarks]:
    """The face with a plain lip-shaped patch for a mouth, opened by so many pixels."""
    moved = landmarks.copy()
    moved[LIPS_OUTER[11:], 1] += opening
    drawn = picture.copy()
    cv2.fillPoly(drawn, [np.round(moved[LIPS_OUTER, :2]).astype(np.int32)], (colour, 0, 255 - colour))
    return drawn, moved


def shifted(picture: Image, landmarks: Landmarks, x: int, y: int) -> tuple[Image, Landmarks]:
    matrix = np.array([[1, 0, x], [0, 1, y]], float)
    size = picture.shape[1], picture.shape[0]
    image = np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    return image, landmarks + np.array([x, y, 0], np.float32)


@pytest.fixture(scope="module")
def film(picture: Image, landmarks: Landmarks) -> Film:
    """Four mouths, each with a head at another place."""
    frames = [
        shifted(*mouthed(picture, landmarks, 60 * index, 5.0 * index), 3 * index, -2 * index) for index in range(4)
    ]
    return [image for image, _ in frames], np.stack([points for _, points in frames])


def test_the_nearest_mouth_is_laid_where_the_head_is(film: Film, picture: Image, landmarks: Landmarks):
    baselines = Baselines(*film)
    # Its opening is nearest to the third mouth's, its head stands elsewhere.
    real, points = shifted(*mouthed(picture, landmarks, 0, 10.4), -4, 5)
    found = baselines.nearest(real, points)
    expected, _ = shifted(*mouthed(picture, landmarks, 120, 10), -4, 5)
    mouth = mouth_mask(points, (picture.shape[1], picture.shape[0]))
    # Whole pixels: nothing but the seam is resampled.
    assert psnr(found.image, expected, mouth) > 35
    assert psnr(real, expected, mouth) < 15
    assert mouth_landmark_distance(found.landmarks, points).px < 0.5


def test_a_real_frame_is_its_own_nearest(film: Film):
    images, landmarks = film
    found = Baselines(images, landmarks).nearest(images[1], landmarks[1])
    assert psnr(found.image, images[1]) > 45
    assert mouth_landmark_distance(found.landmarks, landmarks[1]).px < 1e-3


def test_frames_around_a_moment_can_be_left_out(film: Film):
    images, landmarks = film
    found = Baselines(images, landmarks).nearest(images[1], landmarks[1], not_from=range(0, 3))
    expected = landmarks[3, LIPS] - landmarks[3, 6] + landmarks[1, 6]
    assert found.landmarks[LIPS, :2] == pytest.approx(expected[:, :2], abs=1e-2)


def test_where_all_are_left_out_the_nearest_is_better_than_nothing(film: Film):
    images, landmarks = film
    found = Baselines(images, landmarks).nearest(images[1], landmarks[1], not_from=range(0, 4))
    assert mouth_landmark_distance(found.landmarks, landmarks[1]).px < 1e-3


def test_the_frozen_mouth_is_the_mean(film: Film):
    images, landmarks = film
    baselines = Baselines(images, landmarks)
    one, other = (baselines.frozen(images[index], landmarks[index]) for index in (0, 3))
    lower = LIPS_OUTER[14]
    for found, points in ((one, landmarks[0]), (other, landmarks[3])):
        middle = landmarks[:, lower, 1] - landmarks[:, 6, 1]
        assert found.landmarks[lower, 1] - points[6, 1] == pytest.approx(middle.mean(), abs=0.1)
    x, y = np.round(landmarks[0, 0, :2]).astype(int)
    mixed = one.image[y + 4, x].astype(int)
    assert mixed == pytest.approx([90, 0, 165], abs=12)


def test_what_is_not_the_lower_face_stays(film: Film):
    images, landmarks = film
    baselines = Baselines(images, landmarks)
    for found in (baselines.frozen(images[2], landmarks[2]), baselines.nearest(images[2], landmarks[2], range(2, 3))):
        eyes = int(landmarks[2, 33, 1])
        assert (found.image[:eyes] == images[2][:eyes]).all()
        assert (found.landmarks[[33, 263, 4, 10]] == landmarks[2][[33, 263, 4, 10]]).all()


def test_the_frame_before_lends_its_face_as_it_stood(film: Film):
    images, landmarks = film
    found = previous(images[2], landmarks[2], images[1], landmarks[1])
    middle = face_mask(landmarks[1], (images[1].shape[1], images[1].shape[0]))
    inner = np.asarray(cv2.erode(middle.astype(np.uint8), np.ones((31, 31))), np.bool_)
    assert psnr(found.image, images[1], inner) > 45
    assert (found.image[:, :20] == images[2][:, :20]).all()
    assert (found.landmarks == landmarks[1]).all()


def test_frames_without_a_face_teach_nothing(film: Film):
    images, landmarks = film
    gaps = landmarks.copy()
    gaps[[0, 2, 3]] = np.nan
    found = Baselines(images, gaps).frozen(images[1], landmarks[1])
    assert psnr(found.image, images[1]) > 45
    with pytest.raises(FaceError):
        Baselines(images, np.full_like(landmarks, np.nan))


def test_few_of_many_mouths_are_kept_and_they_differ(
    picture: Image, landmarks: Landmarks, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mien.evaluation.baselines._MOST_MOUTHS", 2)
    frames = [mouthed(picture, landmarks, 200 if opening else 20, opening) for opening in [0.0] * 5 + [12.0] * 5]
    baselines = Baselines([image for image, _ in frames], np.stack([points for _, points in frames]))
    for opening in (0.0, 12.0):
        real, points = mouthed(picture, landmarks, 100, opening)
        found = baselines.nearest(real, points).landmarks
        assert found[LIPS, 1] == pytest.approx(points[LIPS, 1], abs=0.05)
