"""The mouth from the sound itself, for speech whose phonemes are not known.

`mien.motion.network` says what the mouth does; here its likely closures become real ones, and the mouth stays shut where nobody speaks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from mien.motion.ear import BLOCK, HOP, WINDOW, Ear
from mien.motion.mel import SpeechGate
from mien.motion.network import AHEAD, FRAMES_PER_STEP, MOUTH, STEP_S, Ahead, Outputs, Stream, waits_s
from mien.motion.source import ACCENT, CONTACT, LIPS_CLOSE, ROW_WIDTH, Rows
from mien.motion.visemes import CLOSURE, FV, GAP, SPEECH
from mien.types import Phoneme, Samples

_HIGHEST = np.array([0.25, 0.25, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], np.float32)
"""Of the channels."""

_CLOSING_ROWS = 30
_PIECE = 20 * HOP
_NEAR, _PRESS = 0.35, 0.55
"""From this closure on the lips draw together, at that they meet …"""
_HOLD_ROWS = 5
"""… for at least so long."""
_FASTEST_GAP = 0.02
"""IOD by which the lips can part in one row."""
_GAP_LIMIT = 0.17
_BEGINS, _ENDS = 0.95, 0.4
"""Probability of speech at which it is believed to begin, and to have ended."""
_ACCENT_DB, _ACCENT_REST_ROWS, _ACCENT_WAITS_ROWS, _ACCENT = 4.0, 25, 20, 0.8


class SoundMouth:
    """A `MouthSource` that follows the sound.

    Args:
        ahead: "near" where every tenth of a second of delay is felt, as from a microphone.
        network: one made by `mien.motion.training`; the one that comes with the package if None.
    """

    lookahead_s = waits_s("far") + STEP_S / 2

    def __init__(self, ahead: Ahead = "far", network: InferenceSession | None = None) -> None:
        self.lookahead_s = waits_s(ahead) + STEP_S / 2
        self._lag = FRAMES_PER_STEP * AHEAD[ahead] + 1
        self._stream = Stream(ahead, network)
        self._ear = Ear()
        self._gate = SpeechGate(self._lag)
        self._accents = _Accents(self._lag)
        self._lips = _Lips()
        self._pending: deque[Samples] = deque()
        self._samples = 0
        self._last_answer = np.zeros((0, MOUTH + 1), np.float32)
        self._speaking = False
        self._row = 0
        self._last_row: int | None = None

    def push(self, samples: Samples, phonemes: Sequence[Phoneme]) -> None:
        self._pending.append(samples)
        self._samples += len(samples)

    def finish(self) -> None:
        self._last_row = -(-self._samples // HOP) + _CLOSING_ROWS
        self._pending.append(np.zeros((_CLOSING_ROWS + self._lag + 3 * BLOCK) * HOP + WINDOW, np.float32))

    def take(self, count: int) -> Rows:
        rows = [np.zeros((0, ROW_WIDTH), np.float32)]
        given = 0
        while given < count and self._pending:
            cues, loudness = self._ear.push(self._piece())
            for start in range(0, len(cues), BLOCK):
                rows.append(self._block(cues[start : start + BLOCK], loudness[start : start + BLOCK]))
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

    def _block(self, cues: NDArray[np.float32], loudness: list[float]) -> Rows:
        """Hears the next frames; gives the rows that are then known: as many, but fewer at the very beginning."""
        rows = self._between(self._stream.step(cues))
        likelihoods = [0.0] * (BLOCK - len(rows)) + rows[:, SPEECH].tolist()
        levels: list[float] = []
        accents: list[float] = []
        for db, likelihood in zip(loudness, likelihoods, strict=True):
            self._gate.step(db)
            self._speaking = likelihood > (_ENDS if self._speaking else _BEGINS)
            levels.append(self._gate.level(likely=self._speaking))
            accents.append(self._accents.step(db, shown=levels[-1] > 0.0))
        if len(rows):
            rows[:, SPEECH] = 1.0
            rows[:, : MOUTH + 1] *= np.array(levels[-len(rows) :], np.float32)[:, None]
            rows[:, ACCENT] = accents[-len(rows) :]
        self._lips.close(rows)
        return rows

    def _between(self, answers: Outputs) -> Rows:
        """Rows for answers: one half-way from the answer before, one at each; the first of all has none before."""
        both = np.concatenate([self._last_answer, answers[:, : MOUTH + 1]])
        rows = np.zeros((max(0, 2 * len(both) - 1), ROW_WIDTH), np.float32)
        limited = np.minimum(np.maximum(both, 0.0), _HIGHEST)
        rows[::2, : MOUTH + 1] = limited
        rows[1::2, : MOUTH + 1] = 0.5 * (limited[:-1] + limited[1:])
        rows = rows[len(self._last_answer) :]
        self._last_answer = both[-1:]
        return rows


class _Accents:
    """Where the voice rises over its running loudness; a rise that begins before the mouth is shown waits for it a little.

    Args:
        lag: frames after which a rise is told.
    """

    def __init__(self, lag: int) -> None:
        self._told = deque([0.0] * lag)
        self._slow_db = -30.0
        self._age = _ACCENT_REST_ROWS
        self._waits = 0

    def step(self, db: float, *, shown: bool) -> float:
        """The accent of the frame `lag` before this one, whose loudness is `db`; `shown`: the mouth of that frame is."""
        self._age += 1
        accent = 0.0
        if db > self._slow_db + _ACCENT_DB and self._age > _ACCENT_REST_ROWS:
            accent, self._age = _ACCENT, 0
        self._slow_db += 0.03 * (max(db, -60.0) - self._slow_db)
        self._told.append(accent)
        self._waits = _ACCENT_WAITS_ROWS if self._told.popleft() else max(0, self._waits - 1)
        if not shown or not self._waits:
            return 0.0
        self._waits = 0
        return _ACCENT


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
