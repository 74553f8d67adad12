"""A first driver from the sound itself, for speech whose phonemes are not known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.motion.articulation import MOUTH_RATE
from mien.motion.source import ROW_WIDTH, Rows
from mien.motion.visemes import GAP, JAW, SPEECH
from mien.types import SAMPLE_RATE, Phoneme, Samples

_HOP = round(SAMPLE_RATE / MOUTH_RATE)


class SoundMouth:
    """A `MouthSource` that follows the loudness."""

    lookahead_s = 0.1

    def __init__(self) -> None:
        self._buffer = np.zeros(0, np.float32)
        self._finished = False
        self._level = 0.0
        self._peak = 0.02

    def push(self, samples: Samples, phonemes: Sequence[Phoneme]) -> None:
        self._buffer = np.concatenate([self._buffer, samples])

    def finish(self) -> None:
        self._buffer = np.concatenate([self._buffer, np.zeros(_HOP * 16, np.float32)])
        self._finished = True

    def take(self) -> Rows:
        count = len(self._buffer) // _HOP
        hops, self._buffer = self._buffer[: count * _HOP].reshape(count, _HOP), self._buffer[count * _HOP :]
        rows = np.zeros((count, ROW_WIDTH), np.float32)
        for row, rms in zip(rows, np.sqrt((hops**2).mean(axis=1)), strict=True):
            self._peak = max(self._peak * 0.9995, float(rms), 0.01)
            self._level += 0.25 * (float(rms) / self._peak - self._level)
            opening = max(0.0, self._level - 0.06)
            row[GAP], row[JAW], row[SPEECH] = 0.11 * opening, 0.09 * opening, min(1.0, 8.0 * opening)
        return rows
