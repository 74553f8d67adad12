"""The square of the lower face that the network sees and draws: it goes with the head, so that in it a mouth is always at the same place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.face.topology import LIPS_OUTER
from mien.types import Image

Floats = NDArray[np.float32]

SIZE = 128
"""Pixels of its sides."""

_NOSE_BASE, _CHIN = 2, 152
_ABOVE, _BELOW, _BESIDE = 0.10, 0.20, 0.58
"""IOD; what is drawn reaches so far above the nose's base, below the lowest chin that was seen, and from the middle of the face to each side."""
_FEATHER = 0.14
"""IOD, width of the soft edge."""
_RIM = 0.06
"""IOD of the film around what is drawn."""
_CORNER = 4
"""Exponent of the superellipse that is drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One person's; lengths and axes as in `mien.training.Person`.

    Args:
        corner: float32 (3,), its upper left corner in the person's space.
        side: IOD.
        drawn: float32 (SIZE, SIZE), how much of each pixel is drawn, 0 … 1; 0 on the rim.
    """

    corner: Floats
    side: float
    drawn: Floats

    @classmethod
    def of(cls, mean: Floats, basis: Floats, expression: Floats) -> Crop:
        """Around the mouth and the chin of a person.

        Args:
            mean: (478, 3).
            basis: (K, 478, 3).
            expression: (N, K), finite; all that was seen, which says how far the jaw goes.
        """
        lowest = float((mean[_CHIN, 1] + expression @ basis[:, _CHIN, 1]).max(initial=mean[_CHIN, 1]))
        top, bottom = float(mean[_NOSE_BASE, 1]) - _ABOVE, lowest + _BELOW
        side = max(bottom - top, 2 * _BESIDE) + 2 * _RIM
        middle = np.array([mean[[_NOSE_BASE, _CHIN], 0].mean(), (top + bottom) / 2])
        corner = np.array([*(middle - side / 2), mean[LIPS_OUTER, 2].mean()], np.float32)
        x, y = np.meshgrid(*[(np.arange(SIZE) + 0.5) / SIZE * side - side / 2] * 2)
        height = (bottom - top) / 2
        out = (np.abs(x / _BESIDE) ** _CORNER + np.abs(y / height) ** _CORNER) ** (1 / _CORNER)
        share = np.clip((1 - out) * min(height, _BESIDE) / _FEATHER, 0, 1)
        return cls(corner, side, (share * share * (3 - 2 * share)).astype(np.float32))

    def place(self, rotation: Floats, scale: float, shift: Floats) -> Floats:
        """Where the crop is in a frame: float32 (2, 3), pixel centres of the frame = matrix @ (x, y, 1) of the crop's.

        Args:
            rotation: (3, 3), of the head.
            scale: pixels per IOD.
            shift: (2,), pixels.
        """
        step = self.side / SIZE
        across = rotation[:2, :2] * (scale * step)
        first = rotation[:2] @ (self.corner + np.array([step / 2, step / 2, 0])) * scale + shift
        return np.concatenate([across, first[:, None]], axis=1).astype(np.float32)

    def within(self, points: Floats) -> Floats:
        """Points (…, 3) of the person's space in pixels of the crop, (…, 2)."""
        return ((points[..., :2] - self.corner[:2]) / np.float32(self.side / SIZE) - 0.5).astype(np.float32)

    def lay(self, image: Image, mouth: Image, place: Floats) -> None:
        """Lays a drawn crop into a frame, in place.

        Args:
            image: uint8 RGB (H, W, 3).
            mouth: uint8 RGB (SIZE, SIZE, 3).
            place: of the crop in the frame.
        """
        corners = place @ np.array([[0, SIZE, 0, SIZE], [0, 0, SIZE, SIZE], [1, 1, 1, 1]], np.float32)
        low = np.clip(np.floor(corners.min(axis=1)).astype(int), 0, None)
        high = np.minimum(np.ceil(corners.max(axis=1)).astype(int) + 1, (image.shape[1], image.shape[0]))
        width, height = (int(side) for side in high - low)
        if min(width, height) <= 0:
            return
        there = place.copy()
        there[:, 2] -= low
        drawn = cv2.warpAffine(mouth, there, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        share = cv2.warpAffine(self.drawn, there, (width, height), flags=cv2.INTER_LINEAR)
        part = image[low[1] : high[1], low[0] : high[0]]
        part[:] = cv2.blendLinear(drawn, np.ascontiguousarray(part), share, 1 - share)


def cut(image: Image, place: Floats) -> Image:
    """The crop of a frame, uint8 RGB (SIZE, SIZE, 3).

    Args:
        image: uint8 RGB (H, W, 3).
        place: of the crop in it.
    """
    found = cv2.warpAffine(
        image, place, (SIZE, SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.uint8)
