"""Frames that are compared, wherever they come from, and which frame of one video belongs to which of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import MediaError
from mien.evaluation.sync import speech_of
from mien.media import VideoReader
from mien.types import SAMPLE_RATE, Image, Samples

MOST_SHIFT_S = 2.0

_SIDE = 24
"""Pixels of a frame's thumbnail."""
_STEP_S = 0.2
"""What changes within that is compared: neither a still background nor the noise of single frames."""
_COMPARED = 3000
"""Frames are enough to find a constant shift."""
_ALIKE, _BETTER = 0.5, 0.03
"""r from which two videos are taken to move alike, and by how much it has to rise to believe in a shift."""
_SAME_SHAPE = 0.02

Thumbnails = NDArray[np.uint8]
"""uint8 (T, 576): the luma of every frame, 24 × 24 pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """A piece of video.

    Args:
        name: for the report.
        fps: frames per second.
        size: width, height of the frames.
        frames: gives them in order, uint8 RGB, anew with every call.
        sound: gives it, float32 mono 16 kHz from the first frame on; raises MediaError if there is none.
    """

    name: str
    fps: float
    size: tuple[int, int]
    frames: Callable[[], Iterator[Image]]
    sound: Callable[[], Samples]

    @classmethod
    def of_file(cls, path: Path, fps: float | None = None) -> Footage:
        """A file's pictures at `fps`, or at its own rate; whether it has sound shows when that is asked for.

        Raises:
            NotFoundError, MediaError: as `VideoReader`.
        """
        with VideoReader(path) as reader:
            own_fps, size = reader.fps, reader.size
        rate = fps or own_fps

        def frames() -> Iterator[Image]:
            with VideoReader(path, rate) as reader:
                yield from reader

        return cls(str(path), rate, size, frames, lambda: speech_of(path))

    def starting(self, first: int) -> Footage:
        """From a frame on."""
        if not first:
            return self
        return replace(
            self,
            frames=lambda: islice(self.frames(), first, None),
            sound=lambda: self.sound()[round(first / self.fps * SAMPLE_RATE) :],
        )

    def scaled(self, size: tuple[int, int]) -> Footage:
        """With frames of another size.

        Raises:
            MediaError: its frames have another shape.
        """
        if size == self.size:
            return self
        (width, height), (wanted_width, wanted_height) = self.size, size
        if abs(width * wanted_height / (height * wanted_width) - 1) > _SAME_SHAPE:
            raise MediaError(
                f"{self.name} has frames of {width} × {height}, the other video of {wanted_width} × {wanted_height}: "
                "they do not show the same piece of the picture.",
                hint="Cut or make one like the other; for a video of Mien's, --frame full or head as in the other.",
            )
        method = cv2.INTER_AREA if wanted_width < width else cv2.INTER_CUBIC
        source = self.frames
        return replace(
            self,
            size=size,
            frames=lambda: (np.asarray(cv2.resize(image, size, interpolation=method), np.uint8) for image in source()),
        )


def thumbnail(image: Image) -> NDArray[np.uint8]:
    """One row of `Thumbnails`."""
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8).ravel()


def found_shift(generated: Thumbnails, reference: Thumbnails, fps: float) -> int:
    """By how many frames the generated video is later than the reference, within 2 s; 0 where they do not move alike.

    Args:
        generated, reference: of the same rate.
        fps: theirs.
    """
    step = max(1, round(_STEP_S * fps))
    one, other = (_changes(each[:_COMPARED], step) for each in (generated, reference))
    most = min(round(MOST_SHIFT_S * fps), len(one) - 1, len(other) - 1)
    if most < 1:
        return 0
    likeness = {shift: _likeness(one, other, shift) for shift in range(-most, most + 1)}
    best = max(likeness, key=lambda shift: likeness[shift])
    return best if likeness[best] > _ALIKE and likeness[best] > likeness[0] + _BETTER else 0


def _changes(thumbnails: Thumbnails, step: int) -> NDArray[np.float32]:
    values = thumbnails.astype(np.float32)
    return values[step:] - values[:-step]


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32], shift: int) -> float:
    """Pearson's r of all changes, about a mean of 0, where both have frames; 0 where less than half of the shorter one is left."""
    late, early = one[max(0, shift) :], other[max(0, -shift) :]
    length = min(len(late), len(early))
    if length < min(len(one), len(other)) / 2:
        return 0.0
    a, b = late[:length].ravel(), early[:length].ravel()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0
