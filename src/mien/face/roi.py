"""Square, turned regions of a picture: what the networks look at.

Convention: MediaPipe 0.10's. Crop pixel (i, j) of an n × n crop is the picture's point at the fraction (i / n, j / n) of
the square, counted from its corner, without half a pixel between corners and centres; the networks' landmarks are only
as exact as MediaPipe's when this is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.types import FaceBox, Image, Landmarks

RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
_MARGIN = 1.5
"""MediaPipe's: the square is this much larger than the face in it."""


@dataclass(frozen=True, slots=True)
class Roi:
    """A square.

    Args:
        x, y: its centre, pixels.
        size: its side, pixels.
        angle: radians, clockwise as it is seen.
    """

    x: float
    y: float
    size: float
    angle: float = 0.0

    @classmethod
    def around(cls, image: Image) -> Roi:
        """The smallest upright square that holds the picture."""
        height, width = image.shape[:2]
        return cls(width / 2, height / 2, float(max(width, height)))

    @classmethod
    def of_box(cls, face: FaceBox) -> Roi:
        left, top, right, bottom = face.box_xyxy
        return cls(
            (left + right) / 2,
            (top + bottom) / 2,
            max(right - left, bottom - top) * _MARGIN,
            _angle(face.keypoints[0], face.keypoints[1]),
        )

    @classmethod
    def of_landmarks(cls, landmarks: Landmarks) -> Roi:
        low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
        x, y = (low + high) / 2
        size = float((high - low).max()) * _MARGIN
        return cls(float(x), float(y), size, _angle(landmarks[RIGHT_EYE_OUTER], landmarks[LEFT_EYE_OUTER]))

    def matrix(self, side: int) -> NDArray[np.float64]:
        """(2, 3): takes a point of a side × side crop to the picture."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        linear = np.array([[cosine, -sine], [sine, cosine]]) * (self.size / side)
        centre = np.array([self.x, self.y])
        return np.column_stack([linear, centre - linear @ np.full(2, side / 2)])

    def crop(self, image: Image, side: int, border: int = cv2.BORDER_REPLICATE) -> Image:
        """uint8 (side, side, 3); what lies outside the picture is as `border` says."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(image, self.matrix(side), (side, side), flags=flags, borderMode=border), np.uint8
        )

    def to_image(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points (…, 2) given as fractions of the square, in pixels of the picture."""
        matrix = self.matrix(1)
        return points @ matrix[:, :2].T + matrix[:, 2]

    def halfway(self, other: Roi) -> Roi:
        turn = math.remainder(other.angle - self.angle, math.tau)
        return Roi((self.x + other.x) / 2, (self.y + other.y) / 2, (self.size + other.size) / 2, self.angle + turn / 2)

    def moved_by(self, other: Roi) -> float:
        """The largest way a corner goes from here to `other`, as a fraction of the side."""
        corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
        way = np.linalg.norm(self.to_image(corners) - other.to_image(corners), axis=1).max()
        return float(way / self.size)


def _angle(start: NDArray[np.floating], end: NDArray[np.floating]) -> float:
    return math.atan2(float(end[1] - start[1]), float(end[0] - start[0]))
