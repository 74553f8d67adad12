"""The last resort: a mouth that follows nothing but loudness.

It opens with the voice and shuts in silence. It knows no sounds: no closures of p b m, no rounding, no teeth.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_RATE
from mien.motion.mel import SpeechGate
from mien.motion.source import ACCENT, ROW_WIDTH, Rows
from mien.motion.visemes import GAP, JAW, SPEECH
from mien.types import SAMPLE_RATE, Phoneme, Samples

_HOP = round(SAMPLE_RATE / MOUTH_RATE)
_WINDOW = 3 * _HOP
"""Samples of one measurement of loudness: 30 ms, several periods of any voice."""

_AHEAD = 4
"""Rows are given this many late: the gate opens, and the envelope is smoothed, over what follows."""

_BLOCK = 5
"""Rows are always computed this many at a time, so that cutting the sound differently cannot change the last bit."""

_SLICES = _HOP * np.arange(_BLOCK)[:, None] + np.arange(_WINDOW)
_SMOOTHING = np.hanning(2 * _AHEAD + 3)[1:-1] / np.hanning(2 * _AHEAD + 3).sum()

_QUIETEST_DB = -70.0
_START_PEAK_DB = -26.0
_PEAK_FALLS_DB = 0.04
"""The peak falls by this much a row, 4 dB a second: it outlasts a weak word, and follows who turns away from the microphone."""
_RANGE_DB = 24.0
"""From so far below the running peak the mouth begins to open: vowels and sonorants lie above, hiss and room below."""

_WIDEST_JAW, _WIDEST_GAP = 0.085, 0.115
"""IOD, at the peak: those of an open vowel."""

_HEARD = np.array(
    [
        [0.018, 0.013, 0.0, 0.08, 0.17, 0.10, 0.25, 0.81],
        [0.030, 0.047, 0.0, 0.13, 0.11, -0.06, -0.08, 0.20],
    ],
    np.float32,
)
"""What the network hears on the mean where somebody speaks, and by how much more where the mouth of loudness is open: by channel, least squares
over 155 s of 13 recordings in English, German and Chinese, each of which alone gives about the same. No closures: loudness knows none.
"""

_CLOSING_ROWS = 40
"""After the last sound the gate has shut within this time."""

_ACCENT_FROM, _ACCENT_REST_ROWS, _ACCENT = 0.8, 30, 0.7


def as_heard(mouth: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mouth (8,) that the network would show on the mean where the one of loudness is `mouth`: smaller, for loudness tells little.

    A person's calibration is made for the network's; taken as it is, loudness moves theirs too far.
    """
    return (np.array([mouth[SPEECH], mouth[GAP] / _WIDEST_GAP], np.float32) @ _HEARD).astype(np.float32)


class EnergyMouth:
    """A `MouthSource` that follows loudness."""

    lookahead_s = (_AHEAD + _BLOCK) / MOUTH_RATE + _WINDOW / 2 / SAMPLE_RATE

    def __init__(self) -> None:
        self._gate = SpeechGate(_AHEAD)
        self._buffer = np.zeros(_WINDOW // 2, np.float32)
        self._pending: deque[Samples] = deque()
        self._samples = 0
        self._peak_db = _START_PEAK_DB
        self._heard = deque([0.0] * len(_SMOOTHING), len(_SMOOTHING))
        self._since_accent = _ACCENT_REST_ROWS
        self._skip = _AHEAD
        self._row = 0
        self._last_row: int | None = None

    def push(self, samples: Samples, phonemes: Sequence[Phoneme]) -> None:
        self._pending.append(samples)
        self._samples += len(samples)

    def finish(self) -> None:
        self._last_row = -(-self._samples // _HOP) + _CLOSING_ROWS
        self._pending.append(np.zeros((_CLOSING_ROWS + _AHEAD + 2 * _BLOCK) * _HOP + _WINDOW, np.float32))

    def take(self, count: int) -> Rows:
        made = [np.zeros((0, ROW_WIDTH), np.float32)]
        given = 0
        while given < count and (loudness := self._loudness()) is not None:
            rows = np.array([self._follow(db) for db in loudness], np.float32)[self._skip :]
            self._skip = max(0, self._skip - _BLOCK)
            made.append(rows)
            given += len(rows)
        result = np.concatenate(made)
        if self._last_row is not None:
            result = result[: max(0, self._last_row - self._row)]
        self._row += len(result)
        return result

    def _loudness(self) -> list[float] | None:
        """dB of full scale of the next `_BLOCK` rows; None if they are not known yet."""
        needed = (_BLOCK - 1) * _HOP + _WINDOW
        while len(self._buffer) < needed and self._pending:
            self._buffer = np.concatenate([self._buffer, self._pending.popleft()])
        if len(self._buffer) < needed:
            return None
        frames = self._buffer[_SLICES].astype(np.float64)
        self._buffer = self._buffer[_BLOCK * _HOP :]
        mean_square: NDArray[np.float64] = np.einsum("ij,ij->i", frames, frames) / _WINDOW
        return (10.0 * np.log10(mean_square + 1e-12)).tolist()

    def _follow(self, db: float) -> NDArray[np.float64]:
        """Hears one row; gives the one `_AHEAD` before it."""
        self._gate.step(db)
        self._peak_db = max(self._peak_db - _PEAK_FALLS_DB, db, _QUIETEST_DB + _RANGE_DB)
        self._heard.append(min(1.0, max(0.0, 1.0 - (self._peak_db - db) / _RANGE_DB)))
        speech = self._gate.level()
        opening = speech * math.fsum(w * heard for w, heard in zip(_SMOOTHING.tolist(), self._heard, strict=True))
        row = np.zeros(ROW_WIDTH)
        row[JAW], row[GAP], row[SPEECH] = _WIDEST_JAW * opening, _WIDEST_GAP * opening, speech
        self._since_accent += 1
        if opening > _ACCENT_FROM and self._since_accent > _ACCENT_REST_ROWS:
            row[ACCENT], self._since_accent = _ACCENT, 0
        return row
