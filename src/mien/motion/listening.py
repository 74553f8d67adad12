"""How a face listens: it looks at who speaks, inclines a little, and nods now and then when they pause.

People who listen nod in the pauses of who speaks, within half a second of their begin, and not in all of them (Dittmann and Llewellyn,
"Relationship between vocalizations and head nods as listener responses", 1968).
"""

from __future__ import annotations

import math

import numpy as np

from mien.motion.gestures import NOTHING, Movement, Overlay, Track, held, lay, swings
from mien.motion.head import Spring

_ATTENTION_HZ = 0.5
_LINGER_S = 2.5
"""Attention outlasts the voice by this time: who pauses goes on, mostly."""

_TILT_DEG = (0.7, 1.7)
_TILT_EVERY_S = (5.0, 11.0)
_BROW, _SMILE, _CALM = 0.008, 0.05, 0.35
"""With full attention; IOD and shares."""

_NOD_CHANCE = 0.6
_NOD_DELAY_S = (0.04, 0.45)
"""After the pause was noticed."""
_NOD_REST_S = 2.8

_NODS: tuple[dict[str, Track], ...] = (
    {"pitch": swings(0.20, 0.24, 2.0, -0.3)},
    {"pitch": swings(0.20, 0.26, 2.3, -0.4, 1.3, -0.2), "brow": held(0.05, 0.2, 0.35, 0.4, 0.008)},
    {"pitch": swings(0.22, 0.26, 1.5, -0.2), "smile": held(0.1, 0.4, 0.7, 0.8, 0.08)},
)


class Listening:
    """The listener of one stream, frame by frame."""

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        self._dt = 1.0 / fps
        self._rng = rng
        self._hears = self._paused = False
        self._since_voice_s = math.inf
        self._attention, self._tilt = Spring(), Spring()
        self._tilt_goal, self._tilt_left_s = 0.0, 0.0
        self._nod: Movement | None = None
        self._nod_in_s: float | None = None
        self._since_nod_s = math.inf

    def hear(self, on: bool) -> None:
        """Somebody speaks to this face (True), pauses or has finished (False)."""
        self._paused = self._paused or (self._hears and not on)
        self._hears = on

    @property
    def attention(self) -> float:
        """0 … 1."""
        return min(1.0, max(0.0, self._attention.value))

    def step(self, idle: bool, gesture: Overlay) -> Overlay:
        """One frame.

        Args:
            idle: the face does not speak itself.
            gesture: what it was asked for; where there is one, nods wait.

        Returns:
            `gesture` with the listening over it.
        """
        self._since_voice_s = 0.0 if self._hears else self._since_voice_s + self._dt
        attends = idle and self._since_voice_s < _LINGER_S
        attention = self._attend(attends)
        self._choose_nod(attends and gesture == NOTHING)
        if self._nod is None and attention == 0.0:
            return gesture
        sums = gesture.channels()
        here = attention * (1.0 - gesture.calm)
        for channel, value in (("roll", self._tilt.value), ("brow", _BROW), ("smile", _SMILE), ("calm", _CALM)):
            lay(sums, channel, here * value)
        if self._nod is not None:
            self._nod.step(self._dt)
            self._nod.add_to(sums)
            self._nod = None if self._nod.ended else self._nod
        return Overlay(**sums)

    def _attend(self, attends: bool) -> float:
        self._attention.step(float(attends), _ATTENTION_HZ, self._dt)
        if not attends and self._attention.value < 1e-3:
            self._attention = Spring()
        self._tilt_left_s -= self._dt
        if attends and self._tilt_left_s <= 0.0:
            self._tilt_goal = float(self._rng.uniform(*_TILT_DEG)) * (1.0 if self._rng.random() < 0.5 else -1.0)
            self._tilt_left_s = float(self._rng.uniform(*_TILT_EVERY_S))
        self._tilt.step(self._tilt_goal, _ATTENTION_HZ, self._dt)
        return self.attention

    def _choose_nod(self, free: bool) -> None:
        self._since_nod_s += self._dt
        if self._paused and free and self._since_nod_s > _NOD_REST_S and self._rng.random() < _NOD_CHANCE:
            self._nod_in_s = float(self._rng.uniform(*_NOD_DELAY_S))
        self._paused = False
        if not free:
            self._nod_in_s = None
            if self._nod is not None:
                self._nod.give_way()
        if self._nod_in_s is None:
            return
        self._nod_in_s -= self._dt
        if self._nod_in_s <= 0.0:
            self._nod = Movement(_NODS[int(self._rng.integers(len(_NODS)))], self._rng)
            self._nod_in_s, self._since_nod_s = None, 0.0
