"""The frames that came out worst, kept while a video goes by."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import cv2
import numpy as np

from mien.evaluation.tally import Real
from mien.types import Image

KEPT = 6
_APART_S = 1.0
"""Of each second at most one frame."""
_AROUND = 0.15
"""What is shown around the face, as a share of its height."""
_LARGEST = 256
"""Pixels a side of what is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Worst:
    """Args:
    index: of the frame, counted in the part that is compared.
    seconds: the same in seconds.
    psnr: of the mouth, dB; of the whole frame where no face is seen.
    real, generated: the face and something around it, RGB, at most 256 pixels a side; the whole frame where no face is seen.
    """

    index: int
    seconds: float
    psnr: float
    real: Image
    generated: Image


class WorstFrames:
    """Keeps `KEPT` of them, at most one a second; memory does not grow.

    Args:
        fps: frames per second.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._second = -1
        self._candidate: Worst | None = None
        self._kept: list[Worst] = []

    def add(self, index: int, real: Real, generated: Image, psnr_mouth: float, psnr_whole: float) -> None:
        """Looks at a frame; frames come in order."""
        second = int(index / self._fps / _APART_S)
        if second != self._second:
            self._keep()
            self._second = second
        psnr = psnr_whole if math.isnan(psnr_mouth) else psnr_mouth
        if self._candidate is None or psnr < self._candidate.psnr:
            cut = _around(real)
            self._candidate = Worst(index, index / self._fps, psnr, _small(real.image[cut]), _small(generated[cut]))

    def found(self) -> tuple[Worst, ...]:
        """The worst first, when all frames have been added."""
        self._keep()
        return tuple(self._kept)

    def _keep(self) -> None:
        worst, self._candidate = self._candidate, None
        if worst is not None:
            self._kept = heapq.nsmallest(KEPT, [*self._kept, worst], key=lambda each: each.psnr)


def _around(real: Real) -> tuple[slice, slice]:
    if real.face is None:
        return slice(None), slice(None)
    rows, columns = real.box
    room = round(_AROUND * (rows.stop - rows.start))
    return slice(max(0, rows.start - room), rows.stop + room), slice(max(0, columns.start - room), columns.stop + room)


def _small(piece: Image) -> Image:
    share = _LARGEST / max(piece.shape[:2])
    if share >= 1:
        return piece.copy()
    size = max(1, round(piece.shape[1] * share)), max(1, round(piece.shape[0] * share))
    return np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.uint8)
