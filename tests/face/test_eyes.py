from __future__ import annotations

import numpy as np
import pytest

from mien.face import Face, au45, eye_aspect_ratio
from mien.types import Landmarks

from .conftest import DATA, MADE_FROM

RIGHT_LIDS, LEFT_LIDS = ((160, 144), (158, 153)), ((387, 373), (385, 380))


def closing(landmarks: Landmarks, lids: tuple[tuple[int, int], ...], share: float) -> Landmarks:
    """The upper lid brought down by a share of its way."""
    result = landmarks.copy()
    for upper, lower in lids:
        result[upper] += share * (landmarks[lower] - landmarks[upper])
    return result


def test_the_astronauts_eyes_are_open(face: Face) -> None:
    right, left = eye_aspect_ratio(face.landmarks)
    assert 0.2 < right < 0.45
    assert 0.2 < left < 0.45


def test_ratio_falls_with_the_lid_of_its_own_eye(face: Face) -> None:
    ratio = eye_aspect_ratio(face.landmarks)
    right, left = eye_aspect_ratio(closing(face.landmarks, RIGHT_LIDS, 0.5)) / ratio
    assert right == pytest.approx(0.5, abs=0.01)
    assert left == pytest.approx(1)
    right, left = eye_aspect_ratio(closing(face.landmarks, LEFT_LIDS, 1.0)) / ratio
    assert right == pytest.approx(1)
    assert left == pytest.approx(0, abs=1e-6)


def test_ratio_of_many_frames_at_once(face: Face) -> None:
    clip = np.stack([face.landmarks, 3 * face.landmarks + 7, closing(face.landmarks, RIGHT_LIDS, 0.3)])
    ratios = eye_aspect_ratio(clip)
    assert ratios.shape == (3, 2)
    assert ratios.dtype == np.float32
    np.testing.assert_allclose(ratios[0], ratios[1], rtol=1e-4)
    np.testing.assert_allclose(ratios[2], eye_aspect_ratio(clip[2]))


def test_blink_is_measured_against_the_clips_own_median() -> None:
    open_eye = 0.2 + 0.005 * np.sin(np.arange(60))[:, None] * [1, 1]
    open_eye[30:33, 0] = (0.08, 0.03, 0.1)
    blink = au45(open_eye)
    assert blink.dtype == np.float32
    assert blink[31, 0] == 1
    assert 0.5 < blink[30, 0] < 1
    assert blink[:, 1].max() == 0
    assert blink[:29].max() == 0
    np.testing.assert_allclose(au45(2 * open_eye), blink, atol=1e-6)


def test_frames_without_a_face_have_no_blink() -> None:
    ratios = np.full((5, 2), 0.3)
    ratios[2] = np.nan
    np.testing.assert_array_equal(au45(ratios), 0)
    np.testing.assert_array_equal(au45(np.full((4, 2), np.nan)), 0)
    assert au45(np.zeros((0, 2))).shape == (0, 2)


def test_real_eyes_are_open_most_of_the_time() -> None:
    with np.load(DATA / "clips.npz") as arrays:
        ratios = eye_aspect_ratio(arrays["ls3"].astype(float) / MADE_FROM)
    assert 0.2 < np.median(ratios) < 0.4
    assert au45(ratios).mean() < 0.4
