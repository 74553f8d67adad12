"""Where in a picture the face and the mouth are, from the landmarks of the real one: (478, 3) pixels."""

from __future__ import annotations

import cv2
import numpy as np

from mien.evaluation.pictures import Mask
from mien.face.topology import FACE_OVAL, LIPS_OUTER
from mien.types import Landmarks

RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 33, 263
_AROUND_LIPS = 0.15
"""IOD on each side of the lips: what moves with them, and room for lips that open further than the real ones."""
_FRACTION = 4
"""Bits of a pixel's fraction in OpenCV's polygons."""


def iod(landmarks: Landmarks) -> float:
    """Pixels between the outer corners of the eyes, in depth too, so that a turned head has about the same."""
    return float(np.linalg.norm(landmarks[LEFT_EYE_CORNER] - landmarks[RIGHT_EYE_CORNER]))


def face_mask(landmarks: Landmarks, size: tuple[int, int]) -> Mask:
    """The face's hull, from the forehead's hairline to the chin; `size`: width, height."""
    return hull_mask(landmarks[FACE_OVAL, :2], size)


def mouth_mask(landmarks: Landmarks, size: tuple[int, int]) -> Mask:
    """An upright box 0.15 IOD around the lips; `size`: width, height."""
    width, height = size
    lips = landmarks[LIPS_OUTER, :2]
    around = _AROUND_LIPS * iod(landmarks)
    left, top = np.clip(np.floor(lips.min(axis=0) - around), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(lips.max(axis=0) + around), 0, size).astype(int)
    mask = np.zeros((height, width), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def hull_mask(points: np.ndarray, size: tuple[int, int]) -> Mask:
    """The pixels inside the convex hull of some points, (N, 2)."""
    width, height = size
    filled = np.zeros((height, width), np.uint8)
    corners = np.round(cv2.convexHull(points.astype(np.float32)) * (1 << _FRACTION)).astype(np.int32)
    cv2.fillConvexPoly(filled, corners, 1, shift=_FRACTION)
    return filled.view(np.bool_)
