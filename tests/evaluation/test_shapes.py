from __future__ import annotations

import math

import numpy as np
import pytest

from mien.errors import UsageError
from mien.evaluation.regions import face_mask, iod, mouth_mask
from mien.evaluation.shapes import LIPS, au25, laid_over, mouth_landmark_distance, shape_distance
from mien.face import rotation_of
from mien.face.topology import LIPS_OUTER
from mien.types import HeadPose, Image, Landmarks


def turned(landmarks: Landmarks, yaw: float = 9, pitch: float = -5, roll: float = 12, scale: float = 1.3) -> Landmarks:
    middle = landmarks.mean(axis=0)
    moved = scale * (landmarks - middle) @ rotation_of(HeadPose(yaw, pitch, roll)).T + middle + (20, -8, 3)
    return moved.astype(np.float32)


def opened(landmarks: Landmarks, by: float) -> Landmarks:
    """The lower lip lower by so many pixels."""
    moved = landmarks.copy()
    moved[[*LIPS_OUTER[11:], 87, 14, 317], 1] += by
    return moved


def test_a_turned_head_has_the_same_mouth(landmarks: Landmarks):
    found = mouth_landmark_distance(turned(landmarks), landmarks)
    assert found.px < 1e-3
    assert np.abs(laid_over(turned(landmarks), landmarks) - landmarks).max() < 1e-2


def test_the_distance_is_told_in_pixels_and_eye_distances(landmarks: Landmarks):
    moved = landmarks.copy()
    moved[LIPS, :2] += (3, 4)
    found = mouth_landmark_distance(turned(moved), landmarks)
    assert found.px == pytest.approx(5, abs=1e-3)
    assert found.iod == pytest.approx(5 / np.linalg.norm(landmarks[33] - landmarks[263]), rel=1e-3)


def test_twice_the_picture_gives_twice_the_pixels(landmarks: Landmarks):
    small = mouth_landmark_distance(opened(landmarks, 6), landmarks)
    large = mouth_landmark_distance(2 * opened(landmarks, 6), 2 * landmarks)
    assert large.px == pytest.approx(2 * small.px, rel=1e-4)
    assert large.iod == pytest.approx(small.iod, rel=1e-4)


def test_another_face_has_another_shape(landmarks: Landmarks):
    assert shape_distance(turned(opened(landmarks, 9)), landmarks).px < 1e-3
    wider = landmarks * np.array([1.15, 1, 1], np.float32)
    assert shape_distance(wider, landmarks).iod > 0.02


def test_parted_lips_are_seen_however_the_head_is_scaled(landmarks: Landmarks):
    by = 0.1 * iod(landmarks)
    assert au25(opened(landmarks, by)) - au25(landmarks) == pytest.approx(0.1, abs=0.02)
    assert au25(2 * landmarks) == pytest.approx(au25(landmarks), rel=1e-4)


def test_points_without_extent_are_refused(landmarks: Landmarks):
    with pytest.raises(UsageError):
        mouth_landmark_distance(np.zeros((478, 3), np.float32), landmarks)


def test_the_regions_are_where_face_and_mouth_are(picture: Image, landmarks: Landmarks):
    height, width = picture.shape[:2]
    face, mouth = face_mask(landmarks, (width, height)), mouth_mask(landmarks, (width, height))
    assert face.shape == mouth.shape == (height, width)
    lips = np.round(landmarks[LIPS, :2]).astype(int)
    assert mouth[lips[:, 1], lips[:, 0]].all()
    eyes = np.round(landmarks[[468, 473], :2]).astype(int)
    assert face[eyes[:, 1], eyes[:, 0]].all()
    assert not mouth[eyes[:, 1], eyes[:, 0]].any()
    rows, columns = np.flatnonzero(mouth.any(axis=1)), np.flatnonzero(mouth.any(axis=0))
    assert mouth.sum() == len(rows) * len(columns)
    around = 0.15 * iod(landmarks)
    extent = np.ptp(landmarks[LIPS_OUTER, :2], axis=0) + 2 * around
    assert (len(columns), len(rows)) == (pytest.approx(extent[0], abs=2), pytest.approx(extent[1], abs=2))


def test_regions_beyond_the_picture_are_cut(landmarks: Landmarks):
    assert not mouth_mask(landmarks - (5000, 0, 0), (100, 80)).any()
    assert not face_mask(landmarks.astype(np.float32) + np.float32(5000), (100, 80)).any()
    assert math.isfinite(iod(landmarks))
