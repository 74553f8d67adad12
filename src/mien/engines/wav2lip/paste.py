"""From a frame to the square that the network sees, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.wav2lip.network import LOWER_FROM
from mien.errors import FaceError
from mien.types import Image

FloatArray: TypeAlias = NDArray[np.float32]
Box: TypeAlias = tuple[int, int, int, int]
"""left, top, right, bottom (excluded), pixels."""
Paste: TypeAlias = Literal["blended", "official"]

_TOP, _BOTTOM = 0.0, 0.04
"""Of the face's height: how much higher and lower the box of the official detector (S3FD, with 10 pixels below) ends than the landmarks, which reach
from the hairline to the chin as the boxes of its training data (WIDER FACE) do."""

_LOWER_OVAL = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
_UNDER_NOSE = (358, 327, 2, 98, 129)
_LIPS = (13, 14, 61, 291)
_NARROWER, _LONGER = 0.88, 1.0
"""How far the mask reaches from the mouth, of the way to the face's outline: beside it the cheeks stay as they are; the chin moves."""
_SOFT = 0.045
"""Sigma of the mask's edge, of the box's width."""
_RIM = 0.05
"""Of the box's sides: there, and where the drawn part begins, the mask fades, because beyond nothing is drawn."""
_LEAST_SIDE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where the mouth of one frame is drawn.

    Args:
        box: of the face, inside the frame.
        mask: float32 (h, w, 1) of the box, 0 … 1: how much is shown of what is drawn.
    """

    box: Box
    mask: FloatArray

    def face(self, image: Image, side: int) -> NDArray[np.uint8]:
        """What the network sees of a frame: uint8 BGR (side, side, 3)."""
        left, top, right, bottom = self.box
        square = cv2.resize(image[top:bottom, left:right], (side, side), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(square[..., ::-1], np.uint8)

    def shown(self, image: Image, drawn: FloatArray, paste: Paste) -> Image:
        """A copy of the frame with what was drawn.

        Args:
            image: uint8 RGB (H, W, 3).
            drawn: float32 BGR (side, side, 3), 0 … 255.
            paste: "official": all of it, truncated and brought to its size as in the paper's own program.
        """
        left, top, right, bottom = self.box
        size = (right - left, bottom - top)
        result = image.copy()
        if paste == "official":
            square = cv2.resize(drawn.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
            result[top:bottom, left:right] = square[..., ::-1]
            return result
        patch = cv2.resize(drawn, size, interpolation=cv2.INTER_CUBIC)[..., ::-1]
        under = image[top:bottom, left:right].astype(np.float32)
        edge = self.mask * (1.0 - self.mask)
        difference = under - patch
        tone = (difference * edge).sum(axis=(0, 1)) / max(float(edge.sum()), 1e-6)
        mixed = under + self.mask * (patch + tone - under)
        result[top:bottom, left:right] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
        return result


def place_of(landmarks: FloatArray, size: tuple[int, int]) -> Place:
    """Where the mouth of a face is drawn.

    Args:
        landmarks: (478, 2), pixels.
        size: width, height of the frame.

    Raises:
        FaceError: the face is outside the frame, or hardly larger than a point.
    """
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    tall = float(high[1] - low[1])
    left, right = max(0, int(low[0])), min(size[0], int(high[0]))
    top, bottom = max(0, int(low[1] - _TOP * tall)), min(size[1], int(high[1] + _BOTTOM * tall))
    if right - left < _LEAST_SIDE or bottom - top < _LEAST_SIDE:
        raise FaceError("The face is outside the picture.", hint="Use one in which the face is clearly visible.")
    return Place((left, top, right, bottom), _mask(landmarks - np.array([left, top]), (right - left, bottom - top)))


def _mask(points: NDArray[np.floating], size: tuple[int, int]) -> FloatArray:
    """The lower face between nose and chin, with a soft edge."""
    mouth = points[list(_LIPS)].mean(axis=0)
    outline = points[list(_LOWER_OVAL)]
    outline = mouth + (outline - mouth) * (_NARROWER, _LONGER)
    corners = np.concatenate([outline, points[list(_UNDER_NOSE)]])
    mask = np.zeros((size[1], size[0]), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(corners * 16).astype(np.int32)), (1.0,), shift=4)
    mask = cv2.GaussianBlur(mask, (0, 0), _SOFT * size[0])
    at = (np.arange(size[1]) + 0.5) / size[1]
    drawn = np.clip((at - LOWER_FROM) / _RIM - 0.5, 0.0, 1.0)
    return (mask * np.minimum.outer(np.minimum(drawn, _rim(size[1])), _rim(size[0])))[..., None].astype(np.float32)


def _rim(length: int) -> FloatArray:
    at = np.arange(length) + 0.5
    return np.clip(np.minimum(at, length - at) / (_RIM * length), 0.0, 1.0).astype(np.float32)
