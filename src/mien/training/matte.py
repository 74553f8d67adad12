"""How much of each pixel of a dataset is the person (the matte), what is behind them (the plate), and another background in its place.

A pixel is `a · person + (1 - a) · plate`. With another background b it becomes `(pixel - (1 - a) · plate) + (1 - a) · b`: what the old
background has left in hair and edges is taken out of it, inside of the person nothing changes, and outside only b is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.media import VideoReader, VideoWriter
from mien.media.files import writing
from mien.training.split import FPS
from mien.types import Image, Matte

CHUNK = 500
"""Frames in one file: what is done again at most when the work was broken off."""

_CRF = 12
_CLEAR = 0.05
"""Share of the person up to which a pixel tells of what is behind them."""

Floats = NDArray[np.float32]


class Mattes:
    """The mattes of a video, kept as pieces of video.

    Args:
        folder: of the files; made with the first.
        count: frames of the whole.
        size: width and height.
    """

    def __init__(self, folder: Path, count: int, size: tuple[int, int]) -> None:
        self._folder, self._count, self._size = folder, count, size

    def missing(self) -> Iterator[slice]:
        """The pieces that are still to be made."""
        for start in range(0, self._count, CHUNK):
            if not self._path(start).is_file():
                yield slice(start, min(start + CHUNK, self._count))

    def add(self, piece: slice, mattes: Iterable[Matte]) -> None:
        """Keeps one of the missing pieces; it is there when all of it is.

        Args:
            piece: see `missing`.
            mattes: as many, (H, W).
        """
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        with VideoWriter(self._path(piece.start), self._size, FPS, None, crf=_CRF, overwrite=True) as writer:
            for matte in mattes:
                grey = np.rint(matte * np.float32(255)).astype(np.uint8)
                writer.write(np.repeat(grey[..., None], 3, axis=2))

    def frames(self, start: int = 0) -> Iterator[Matte]:
        """Float32 (H, W), 0 … 1, from a frame on."""
        width, height = self._size
        for first in range(start // CHUNK * CHUNK, self._count, CHUNK):
            with VideoReader(self._path(first), start=max(start - first, 0)) as reader:
                for image in reader:
                    # A film has an even number of rows and columns.
                    yield image[:height, :width, 1] * np.float32(1 / 255)

    def _path(self, start: int) -> Path:
        return self._folder / f"{start:07d}.mp4"


def find_plate(frames: Iterable[tuple[Image, Matte]]) -> Image:
    """What is behind the person: the mean of all that was seen there; where the person always stands, its surroundings.

    Args:
        frames: pictures (H, W, 3) of a camera that stands still, one at least, with their mattes.
    """
    total: Floats | None = None
    for image, matte in frames:
        if total is None:
            total = np.zeros((*matte.shape, 4), np.float32)
        clear = (cv2.dilate(matte, np.ones((5, 5), np.uint8)) <= _CLEAR)[..., None]
        total += np.concatenate([image * clear, clear], axis=2, dtype=np.float32)
    assert total is not None
    return np.clip(np.rint(_filled(total)), 0, 255).astype(np.uint8)


def _filled(total: Floats) -> Floats:
    """Sums of colours and their number (H, W, 4) → colours (H, W, 3); where there are none, those of ever coarser pictures."""
    height, width = total.shape[:2]
    known = total[..., 3:] > 0
    colour = np.where(known, total[..., :3] / np.maximum(total[..., 3:], 1e-6), 0).astype(np.float32)
    if known.all() or max(height, width) == 1:
        return colour
    half = (max(width // 2, 1), max(height // 2, 1))
    coarse = np.asarray(cv2.resize(total, half, interpolation=cv2.INTER_AREA), np.float32)
    behind = cv2.resize(_filled(coarse), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(known, colour, behind).astype(np.float32)


def covering(picture: Image, size: tuple[int, int]) -> Image:
    """The middle of a picture, as large as it can be, with this width and height."""
    (width, height), (high, wide) = size, picture.shape[:2]
    scale = max(width / wide, height / high)
    shown = max(round(wide * scale), width), max(round(high * scale), height)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(picture, shown, interpolation=kind), np.uint8)
    left, top = (shown[0] - width) // 2, (shown[1] - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


class Backdrop:
    """Puts another background behind the person.

    Args:
        plate: uint8 (H, W, 3), what is behind the person.
        background: of the same shape, what shall be there.
    """

    def __init__(self, plate: Image, background: Image) -> None:
        self._plate, self._background = plate.astype(np.float32), background.astype(np.float32)

    def shown(self, image: Image, matte: Matte) -> Image:
        """A frame with the other background: a fresh picture."""
        share = matte[..., None]
        person = np.clip(image - (1 - share) * self._plate, 0, 255 * share)
        return np.rint(person + (1 - share) * self._background).astype(np.uint8)
