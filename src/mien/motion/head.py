"""How a head moves while its owner speaks or listens: drift, nods and small turns on stressed syllables, breath. Never periodic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.motion.gestures import NOTHING, Overlay
from mien.motion.prosody import QUIET, Cues

YAW_LIMIT, PITCH_LIMIT, ROLL_LIMIT = 3.5, 3.5, 2.5
"""Degrees; what a single photo can be turned without tearing."""

SHIFT_LIMIT = 0.03
"""IOD."""

_DRIFT_HZ = (0.36, 0.80)
"""How fast the head follows its drift: listening, speaking."""
_DRIFT_SD = ((1.4, 0.9, 0.7), (1.6, 1.2, 0.8))
"""Degrees of yaw, pitch, roll; listening, speaking."""
_DRIFT_EVERY_S = (2.6, 0.85)
_SWAY_HZ, _SWAY_EVERY_S = 1.7, (0.5, 0.6)
"""Of the small quick turns on top of the drift; listening, speaking: there others come with stressed syllables."""
_SWAY_SD = (0.22, 1.2)
"""Degrees."""
_SWAY_SHARE = (1.0, 1.3, 0.55)
"""Of it in yaw, pitch, roll."""
_TURN_DEG = (3.0, 1.7, 1.9)
"""Yaw, pitch, roll of the turn on a stressed syllable; it stays until the next."""
_NOD_HZ = 1.9
_NOD_DEG = 4.8
_NOD_HOLD_S = 0.14
_NOD_REST_S = 0.26
"""No second nod within this time."""
_LEAST_BEAT = 0.45
"""How strong a beat is on a syllable of no emphasis."""
_CALMING_S = 1.2
"""A head that has spoken does not rest at once."""
_BREATH_S = 4.2
_BREATH_SHIFT = 0.0035
_GESTURE_SHIFT = (0.004, 0.005)
"""IOD per degree of a gesture's yaw and pitch: a head that nods turns about the neck, not only about its ears."""


class Spring:
    """Follows its goal without overshoot; exact for any step (critically damped oscillator)."""

    def __init__(self) -> None:
        self.value = 0.0
        self.speed = 0.0

    def step(self, goal: float, hz: float, dt: float) -> float:
        omega = 2.0 * math.pi * hz
        decay = math.exp(-omega * dt)
        offset = self.value - goal
        slope = (self.speed + omega * offset) * dt
        self.value = goal + (offset + slope) * decay
        self.speed = (self.speed - omega * slope) * decay
        return self.value


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """Degrees and IOD, as in `Articulation`."""

    yaw: float
    pitch: float
    roll: float
    shift: tuple[float, float]


def soft_limit(value: float, limit: float) -> float:
    """`value`, bent so that it never passes ± `limit`."""
    return limit * math.tanh(value / limit)


class Head:
    """The head of one stream, frame by frame."""

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        self._dt = 1.0 / fps
        self._rng = rng
        self._lively, self._calming = 0.0, math.exp(-self._dt / _CALMING_S)
        self._goal = [0.0, 0.0, 0.0]
        self._next_goal_s = 0.0
        self._drift = [Spring(), Spring(), Spring()]
        self._drift_hz = Spring()
        self._sway_goal = [0.0, 0.0, 0.0]
        self._sway = [Spring(), Spring(), Spring()]
        self._nod_goal = [0.0, 0.0, 0.0]
        self._nod = [Spring(), Spring(), Spring()]
        self._nod_age_s = math.inf
        self._breath = math.pi * int(rng.integers(2))

    def step(self, cues: Cues = QUIET, gesture: Overlay = NOTHING) -> HeadMotion:
        """One frame.

        Args:
            cues: what the voice asks for.
            gesture: what is added to the head's own movement.
        """
        self._lively = speech = max(cues.speech, self._lively * self._calming)
        self._choose_goal(speech)
        self._beat(cues.accent)
        hz = self._drift_hz.step(_DRIFT_HZ[0] + (_DRIFT_HZ[1] - _DRIFT_HZ[0]) * speech, 0.5, self._dt)
        self._choose_sway(speech, cues.phrase_end)
        angles = []
        for axis in range(3):
            sway = self._sway[axis].step(self._sway_goal[axis], _SWAY_HZ, self._dt)
            drift = self._drift[axis].step(self._goal[axis], max(hz, 0.05), self._dt)
            nod = self._nod[axis].step(self._nod_goal[axis], _NOD_HZ, self._dt)
            angles.append(drift + sway + nod)
        added = (gesture.yaw, gesture.pitch, gesture.roll)
        limits = (YAW_LIMIT, PITCH_LIMIT, ROLL_LIMIT)
        yaw, pitch, roll = (
            soft_limit(own * (1.0 - gesture.calm) + more, limit)
            for own, more, limit in zip(angles, added, limits, strict=True)
        )
        return HeadMotion(yaw, pitch, roll, self._shift(yaw, pitch, roll, gesture))

    def _choose_goal(self, speech: float) -> None:
        self._next_goal_s -= self._dt
        if self._next_goal_s > 0.0:
            return
        state = int(speech > 0.5)
        self._next_goal_s = _DRIFT_EVERY_S[state] * float(self._rng.lognormal(-0.125, 0.5))
        spread = self._rng.standard_normal(3) * _DRIFT_SD[state]
        # A part of the last goal is kept: a head wanders, it does not jump between unrelated poses.
        self._goal = [0.4 * old + float(new) for old, new in zip(self._goal, spread, strict=True)]

    def _choose_sway(self, speech: float, phrase_end: bool) -> None:
        axis = int(self._rng.integers(3))
        every_s = _SWAY_EVERY_S[0] + (_SWAY_EVERY_S[1] - _SWAY_EVERY_S[0]) * speech
        if self._rng.random() < 3.0 * self._dt / every_s:
            size = _SWAY_SD[0] + (_SWAY_SD[1] - _SWAY_SD[0]) * speech
            self._sway_goal[axis] = size * _SWAY_SHARE[axis] * float(self._rng.standard_normal())
        if phrase_end:
            self._sway_goal = [0.0, 0.0, 0.0]

    def _beat(self, accent: float) -> None:
        """Nods and turns with a stressed syllable, the more the stronger it is."""
        self._nod_age_s += self._dt
        if self._nod_age_s > _NOD_HOLD_S:
            self._nod_goal = [0.0, 0.0, 0.0]
        if accent <= 0.0 or self._nod_age_s < _NOD_REST_S:
            return
        size = min(1.5, float(self._rng.lognormal(-0.2, 0.5)))
        chance, direction = self._rng.random(2)
        turn = np.clip(self._rng.standard_normal(3), -1.5, 1.5)
        strength = _LEAST_BEAT + (1.0 - _LEAST_BEAT) * accent
        if chance < 0.3 + 0.7 * strength:
            down = 1.0 if direction < 0.8 else -0.6
            side, tilt = 0.2 * size * float(turn[0]), 0.14 * size * float(turn[2])
            self._nod_goal = [_NOD_DEG * strength * part for part in (side, size * down, tilt)]
            self._nod_age_s = 0.0
        self._sway_goal = [strength * deg * float(part) for deg, part in zip(_TURN_DEG, turn, strict=True)]

    def _shift(self, yaw: float, pitch: float, roll: float, gesture: Overlay) -> tuple[float, float]:
        """The neck carries the head along; the chest lifts it with each breath."""
        self._breath += self._dt * 2.0 * math.pi / _BREATH_S * (1.0 + 0.25 * float(self._rng.standard_normal()))
        breath = _BREATH_SHIFT * math.sin(self._breath)
        across = 0.0035 * yaw + 0.003 * roll + _GESTURE_SHIFT[0] * gesture.yaw
        down = 0.0025 * pitch + breath + _GESTURE_SHIFT[1] * gesture.pitch
        return soft_limit(across, SHIFT_LIMIT), soft_limit(down, SHIFT_LIMIT)
