"""A first driver from the sound itself, for speech whose phonemes are not known.

A small network hears the 0.34 s of normalised log-mel around each row and gives the channels. It has learnt from synthetic speech only (see
`benchmarks/train_sound_mouth.py`), and is a stopgap: on three tracked speakers its correlation with their chin, lips and mouth width is 0.41,
0.36 and 0.42 (best lag within ± 0.2 s; loudness alone 0.27 and 0.19, another speaker's sound 0.12, 0.05 and 0.01; benchmarks/bench_motion.py).
It opens and closes when a person does, but hardly tells one consonant from another. What phonemes say is far better.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_RATE
from mien.motion.mel import BANDS, BLOCK, HOP, WINDOW, Hearing, SpeechGate
from mien.motion.source import ACCENT, CONTACT, LIPS_CLOSE, ROW_WIDTH, Rows
from mien.motion.visemes import CLOSURE, FV, GAP, SPEECH
from mien.types import SAMPLE_RATE, Phoneme, Samples

OFFSETS = np.array([-24, -20, -16, -13, -10, -8, -6, -4, -2, 0, 2, 4, 6, 8, 10])
"""Frames around a row that the network hears."""

OUTPUTS = SPEECH
"""It gives the channels before `speech`, in their order."""

_PAST, _AHEAD = -int(OFFSETS[0]), int(OFFSETS[-1])
_LAG = 15
"""Rows are given this many frames late: `_AHEAD`, and one block more to smooth over."""

_SMOOTHING_ROWS = 2.0
"""Standard deviation. The network trembles from row to row, lips do not."""

_CLOSING_ROWS = 16
_PIECE = 20 * HOP
_NEAR, _PRESS = 0.42, 0.70
"""From this closure on the lips draw together, at that they meet …"""
_HOLD_ROWS = 5
"""… for at least so long."""
_FASTEST_GAP = 0.02
"""IOD by which the lips can part in one row."""
_GAP_LIMIT = 0.17
_ACCENT_DB, _ACCENT_REST_ROWS, _ACCENT = 4.0, 25, 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Two layers; `mean` and `scale` bring its outputs to the units of the channels."""

    w1: NDArray[np.float32]
    b1: NDArray[np.float32]
    w2: NDArray[np.float32]
    b2: NDArray[np.float32]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    def __call__(self, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, len(OFFSETS) * BANDS) → (N, OUTPUTS)."""
        hidden = np.tanh(heard @ self.w1 + self.b1)
        return (hidden @ self.w2 + self.b2) * self.scale + self.mean


@lru_cache(maxsize=1)
def network() -> Network:
    """The weights that come with the package."""
    with resources.files("mien.motion").joinpath("sound_mouth.npz").open("rb") as file, np.load(file) as stored:
        return Network(**{name: stored[name].astype(np.float32) for name in stored.files})


def contexts(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the network hears for each row: (N, BANDS) → (N - 34, len(OFFSETS) * BANDS); the first row is frame 24."""
    count = len(bands) - _PAST - _AHEAD
    rows = np.arange(count)[:, None] + (OFFSETS + _PAST)
    return bands[rows].reshape(count, -1)


class SoundMouth:
    """A `MouthSource` that follows the sound."""

    lookahead_s = (_LAG + BLOCK) / MOUTH_RATE + WINDOW / 2 / SAMPLE_RATE

    def __init__(self) -> None:
        self._network = network()
        self._hearing = Hearing()
        self._gate = SpeechGate(_LAG)
        self._accents = _Accents()
        self._lips = _Lips()
        self._pending: deque[Samples] = deque()
        self._samples = 0
        self._bands = np.zeros((_PAST + BLOCK + _AHEAD, BANDS), np.float32)
        self._raw = np.zeros((3 * BLOCK, OUTPUTS), np.float32)
        self._smoothing = _smoothing()
        self._blocks = 0
        self._row = 0
        self._last_row: int | None = None

    def push(self, samples: Samples, phonemes: Sequence[Phoneme]) -> None:
        self._pending.append(samples)
        self._samples += len(samples)

    def finish(self) -> None:
        self._last_row = -(-self._samples // HOP) + _CLOSING_ROWS
        silence = (self._last_row + _LAG + 2 * BLOCK) * HOP + WINDOW - self._samples
        self._pending.append(np.zeros(silence, np.float32))

    def take(self, count: int) -> Rows:
        rows = [np.zeros((0, ROW_WIDTH), np.float32)]
        given = 0
        while given < count and self._pending:
            bands, loudness = self._hearing.push(self._piece())
            for start in range(0, len(bands), BLOCK):
                rows.append(self._block(bands[start : start + BLOCK], loudness[start : start + BLOCK]))
                given += len(rows[-1])
        result = np.concatenate(rows)
        if self._last_row is not None:
            result = result[: max(0, self._last_row - self._row)]
        self._row += len(result)
        return result

    def _piece(self) -> Samples:
        """The next of the sound that was pushed, not more than a fifth of a second."""
        first = self._pending.popleft()
        if len(first) > _PIECE:
            self._pending.appendleft(first[_PIECE:])
        return first[:_PIECE]

    def _block(self, bands: NDArray[np.float32], loudness: list[float]) -> Rows:
        self._bands = np.concatenate([self._bands[BLOCK:], bands])
        self._raw = np.concatenate([self._raw[BLOCK:], self._network(contexts(self._bands))])
        rows = np.zeros((BLOCK, ROW_WIDTH), np.float32)
        rows[:, :OUTPUTS] = np.clip(self._smoothing @ self._raw, 0.0, 1.0)
        for index, db in enumerate(loudness):
            self._gate.step(db)
            rows[index, SPEECH] = self._gate.level()
            rows[index, ACCENT] = self._accents.step(db)
        rows[:, :OUTPUTS] *= rows[:, SPEECH, None]
        rows[rows[:, SPEECH] == 0.0, ACCENT] = 0.0
        self._lips.close(rows)
        self._blocks += 1
        return rows if self._blocks > _LAG // BLOCK else rows[:0]


def _smoothing() -> NDArray[np.float32]:
    """Brings three blocks of rows to the smoothed middle one: (BLOCK, 3 * BLOCK)."""
    distance = np.arange(3 * BLOCK) - (np.arange(BLOCK)[:, None] + BLOCK)
    weights = np.exp(-0.5 * (distance / _SMOOTHING_ROWS) ** 2) * (np.abs(distance) <= BLOCK)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


class _Accents:
    """Where the voice rises over its running loudness."""

    def __init__(self) -> None:
        self._waiting = deque([0.0] * _LAG)
        self._slow_db = -30.0
        self._age = 0

    def step(self, db: float) -> float:
        self._age += 1
        accent = 0.0
        if db > self._slow_db + _ACCENT_DB and self._age > _ACCENT_REST_ROWS:
            accent, self._age = _ACCENT, 0
        self._slow_db += 0.03 * (max(db, -60.0) - self._slow_db)
        self._waiting.append(accent)
        return self._waiting.popleft()


class _Lips:
    """Makes a likely closure a real one, and keeps the lips from jumping apart."""

    def __init__(self) -> None:
        self._gap = 0.0
        self._held = 0

    def close(self, rows: Rows) -> None:
        gaps, closures = rows[:, GAP].tolist(), rows[:, CLOSURE].tolist()
        for index, (gap, closure) in enumerate(zip(gaps, closures, strict=True)):
            if self._held == 0 and closure > _PRESS:
                self._held = _HOLD_ROWS
            if self._held:
                if self._held == _HOLD_ROWS // 2 + 1:
                    rows[index, CONTACT] = LIPS_CLOSE
                self._held -= 1
                self._gap = 0.0
                rows[index, FV] = 0.0
                rows[index, CLOSURE] = 1.0
            else:
                parted = min(1.0, max(0.0, (_PRESS - closure) / (_PRESS - _NEAR)))
                self._gap = min(gap * parted, self._gap + _FASTEST_GAP, _GAP_LIMIT)
                rows[index, CLOSURE] = closure * (1.0 - parted)
            rows[index, GAP] = self._gap
