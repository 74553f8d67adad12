"""The square of a video that avatars are made of: head, neck and some shoulder, the same in every frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.types import Image

WHOLE = 768
"""A square video up to this side, in pixels, is taken whole."""

_ABOVE, _BELOW, _BESIDE = 0.55, 0.65, 0.45
"""What is shown around the face (its landmarks end at forehead and chin), in heights of the face."""
_STRAY = 1.0
"""Percent of the frames at each end whose place is not asked about: a false sight of a face may be anywhere."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square of an upright source picture, shown with another size.

    Args:
        x, y: left, top, pixels of the source.
        side: pixels of the source.
        size: width and height that it is shown with.
    """

    x: int
    y: int
    side: int
    size: int

    @property
    def scale(self) -> float:
        """Pixels shown for one of the source."""
        return self.size / self.side

    def shown(self, landmarks: NDArray[np.floating]) -> NDArray[np.float32]:
        """Landmarks (…, 3) of the source in pixels of what is shown."""
        moved = landmarks - np.array([self.x, self.y, 0], np.float32)
        return (moved * self.scale).astype(np.float32)

    def cut(self, images: Iterable[Image]) -> Iterator[Image]:
        """What is shown of each picture: uint8 RGB (size, size, 3)."""
        rows, columns = slice(self.y, self.y + self.side), slice(self.x, self.x + self.side)
        shrinks = self.size < self.side
        for image in images:
            part = image[rows, columns]
            if self.size != self.side:
                kind = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
                part = np.asarray(cv2.resize(part, (self.size, self.size), interpolation=kind), np.uint8)
            yield np.ascontiguousarray(part)


def head_window(boxes: NDArray[np.floating], picture: tuple[int, int], size: int) -> Window:
    """The square around the head over a whole video, inside the picture.

    Args:
        boxes: (N, 4) left, top, right, bottom of the landmarks in the frames with a face, pixels.
        picture: width, height of the upright source.
        size: width and height that the square is shown with.
    """
    width, height = picture
    if width == height <= WHOLE:
        return Window(0, 0, width, size)
    left, top = np.percentile(boxes[:, :2], _STRAY, axis=0)
    right, bottom = np.percentile(boxes[:, 2:], 100 - _STRAY, axis=0)
    face = float(np.median(boxes[:, 3] - boxes[:, 1]))
    left, right = left - _BESIDE * face, right + _BESIDE * face
    top, bottom = top - _ABOVE * face, bottom + _BELOW * face
    side = min(round(max(right - left, bottom - top)), width, height)
    x = min(max(round((left + right - side) / 2), 0), width - side)
    y = min(max(round((top + bottom - side) / 2), 0), height - side)
    return Window(x, y, side, size)
