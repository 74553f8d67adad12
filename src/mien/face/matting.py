"""Cuts the person out of a picture: MediaPipe's selfie segmentation, refined along the picture's own edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from mien.face.guided import guided_filter
from mien.face.landmarker import Face
from mien.face.session import Network, Tensor
from mien.face.topology import FACE_OVAL
from mien.types import Image, Matte

if TYPE_CHECKING:
    from mien.weights import WeightStore

_SIDE = 256
_RADIUS = 1 / 60
"""Window of the guided filter, of the longer side: about four pixels of the network's output."""
_EPSILON = 1e-4
_SURE_BACKGROUND, _SURE_PERSON = 0.2, 0.8
"""What the network gives below and above these is taken as 0 and 1: a faint veil around the hair shows as a halo."""
_CLOSE_UP = (3.5, 1.8, 4.5)
"""Half the width, the height above and below the face's centre of what is looked at closely, in heights of the face."""
_WORTH_CLOSE_UP = 0.5
"""of the picture's area; a close-up larger than that shows the network little more."""
_FEATHER = 0.12
"""of the close-up's sides: the width over which it fades into the rest."""


class Matting:
    """Separates persons from the background. Not safe for use from several threads at once.

    Args:
        store: the network comes from there.
        threads: that it may use.
        side: longer side, in pixels, of the picture whose edges the matte follows; half of it takes a quarter of the time.
    """

    def __init__(self, store: WeightStore, threads: int = 1, side: int = 512) -> None:
        self._side = side
        self._network = Network(store.path("selfie-matte"), threads)

    def matte(self, image: Image, face: Face | None = None) -> Matte:
        """The share of the person in each pixel.

        Args:
            image: the picture.
            face: of the person meant: a small person in a large picture is looked at more closely, and the face itself
                has no holes.
        """
        matte = self._refined(image)
        if face is None:
            return matte
        box = _close_up(image, face)
        left, top, right, bottom = box
        if (right - left) * (bottom - top) < _WORTH_CLOSE_UP * image.shape[0] * image.shape[1]:
            closer = self._refined(np.ascontiguousarray(image[top:bottom, left:right]))
            weight = _fade(image, box)
            part = matte[top:bottom, left:right]
            part += weight * (closer - part)
        return np.maximum(matte, _oval(image, face))

    def _refined(self, image: Image) -> Matte:
        small = np.asarray(cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32) / np.float32(
            255
        )
        # What the network sees in one picture only by accident, it hardly sees again in the mirror.
        coarse = (self._run(small) + self._run(small[:, ::-1])[:, ::-1]) * np.float32(0.5)
        matte = guided_filter(image, coarse, max(image.shape[:2]) * _RADIUS, _EPSILON, self._side)
        matte -= np.float32(_SURE_BACKGROUND)
        matte *= np.float32(1 / (_SURE_PERSON - _SURE_BACKGROUND))
        return np.clip(matte, 0, 1, out=matte)

    def _run(self, picture: Tensor) -> Matte:
        return self._network(picture)["activation_10"][0, ..., 0]


def _close_up(image: Image, face: Face) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the person's upper half, inside the picture."""
    height, width = image.shape[:2]
    low, high = face.landmarks[:, :2].min(axis=0), face.landmarks[:, :2].max(axis=0)
    x, y = (low + high) / 2
    unit = float((high - low).max())
    side, above, below = (part * unit for part in _CLOSE_UP)
    return (
        max(0, int(x - side)),
        max(0, int(y - above)),
        min(width, int(x + side) + 1),
        min(height, int(y + below) + 1),
    )


def _fade(image: Image, box: tuple[int, int, int, int]) -> Matte:
    """1 inside the box, falling to 0 towards those of its sides that are not the picture's."""
    height, width = image.shape[:2]
    left, top, right, bottom = box
    columns = _ramp(right - left, left > 0, right < width)
    rows = _ramp(bottom - top, top > 0, bottom < height)
    return rows[:, None] * columns[None]


def _ramp(length: int, at_start: bool, at_end: bool) -> Matte:
    position = (np.arange(length, dtype=np.float32) + 0.5) / (length * _FEATHER)
    ramp = np.ones(length, np.float32)
    if at_start:
        ramp = np.minimum(ramp, position)
    return np.minimum(ramp, position[::-1]) if at_end else ramp


def _oval(image: Image, face: Face) -> Matte:
    """The face without its rim, which the filter knows better."""
    ring = face.landmarks[FACE_OVAL, :2]
    centre = ring.mean(axis=0)
    inner = centre + 0.9 * (ring - centre)
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(inner * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    blur = max(1.0, float(np.ptp(ring[:, 0])) * 0.02)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), blur)).astype(np.float32) * np.float32(1 / 255)
