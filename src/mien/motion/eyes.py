"""Blinks, gaze, brows and the hint of a smile."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.motion.gestures import NOTHING, Overlay
from mien.motion.head import Spring, soft_limit
from mien.motion.prosody import Cues

GAZE_LIMIT = 8.0
"""Degrees."""

BROW_RANGE = (-0.02, 0.06)
"""IOD."""

_BLINK_EVERY_S = 4.6
_BLINK_SIGMA = 0.55
_BLINK_LEAST_S = 0.9
_BLINK_S = (0.14, 0.25)
_BLINK_CLOSING = 0.36
"""The share of a blink in which the lid falls; it rises more slowly."""
_DOUBLE_BLINK = 0.12
_BLINK_AT_PHRASE_END = 0.35

_SACCADE_EVERY_S = 1.1
_SACCADE_DEG = 0.55
_LOOK_AWAY = (0.05, 0.12)
"""Chance that a saccade is a real glance; alone, speaking."""
_LOOK_AWAY_ATTENTIVE, _WANDER_ATTENTIVE = 0.015, 0.7
"""The same while somebody speaks to this face, and the share of the small saccades' size that is left then."""
_TURN_REST_S = 0.8
"""Who has not spoken for so long begins a turn."""
_PLANNING_CHANCE, _PLANNING_AFTER_S, _PLANNING_S = 0.6, (0.3, 0.7), (0.5, 1.2)
"""People look away while they begin to say something longer (Kendon, "Some functions of gaze-direction in social interaction", 1967) …"""
_BACK_CHANCE = 0.75
"""… and back where a phrase ends, mostly."""
_SACCADE_TAU_S = 0.018
_STEADY_GAZE = 0.65
"""The eyes turn back by this share of the head's turn, so that the look stays on the viewer."""

_BROW_IOD = 0.036
_BROW_CHANCE = 0.6
"""On a syllable of the strongest emphasis."""
_BROW_S, _BROW_ASKS_S = (0.18, 0.5), (0.45, 0.9)


@dataclass(frozen=True, slots=True)
class FaceMotion:
    """As in `Articulation`."""

    blink: tuple[float, float]
    gaze: tuple[float, float]
    brow: float
    smile: float


def _smooth(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * (3.0 - 2.0 * x)


class Blinks:
    """Lids over time. A blink is fully shut in at least one frame."""

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        self._dt = 1.0 / fps
        self._rng = rng
        self._wait_s = float(rng.uniform(0.8, _BLINK_EVERY_S))
        self._length_s, self._closing_s = 0.0, 0.0
        self._age_s = math.inf
        self._again = False

    def step(self, phrase_end: bool) -> float:
        self._age_s += self._dt
        self._wait_s -= self._dt
        chance = self._rng.random()
        if phrase_end and chance < _BLINK_AT_PHRASE_END and self._age_s > _BLINK_LEAST_S:
            self._wait_s = min(self._wait_s, self._dt)
        if self._wait_s <= 0.0 and self._age_s > self._length_s:
            self._start()
        return self._lid()

    def _start(self) -> None:
        self._length_s = float(self._rng.uniform(*_BLINK_S))
        # The lid meets the lower one on a frame's time, or no frame would show it shut.
        closing_s = max(self._dt, round(_BLINK_CLOSING * self._length_s / self._dt) * self._dt)
        self._closing_s, self._age_s = closing_s, 0.0
        draw = _BLINK_EVERY_S * float(self._rng.lognormal(-(_BLINK_SIGMA**2) / 2, _BLINK_SIGMA))
        double = self._rng.random() < _DOUBLE_BLINK and not self._again
        self._again = double
        self._wait_s = self._length_s + 0.12 if double else max(_BLINK_LEAST_S, draw)

    def _lid(self) -> float:
        if self._age_s >= self._length_s:
            return 0.0
        if self._age_s <= self._closing_s:
            return _smooth(self._age_s / self._closing_s)
        return 1.0 - _smooth((self._age_s - self._closing_s) / (self._length_s - self._closing_s))


class Gaze:
    """Eye rotation: small jumps around the viewer's face, now and then a glance aside."""

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        self._dt = 1.0 / fps
        self._rng = rng
        self._follow = 1.0 - math.exp(-self._dt / _SACCADE_TAU_S)
        self._goal = (0.0, 0.0)
        self._now = [0.0, 0.0]
        self._wait_s = 1.0
        self._away = False
        self._silent_s = math.inf
        self._planning_in_s: float | None = None

    def step(
        self, cues: Cues, yaw: float, pitch: float, gesture: Overlay = NOTHING, attention: float = 0.0
    ) -> tuple[float, float]:
        self._wait_s -= self._dt
        self._plan(cues.speech)
        back = self._away and (attention > 0.5 or (cues.phrase_end and self._rng.random() < _BACK_CHANCE))
        if back:
            self._look_near(attention)
        elif self._wait_s <= 0.0:
            self._jump(cues.speech, attention)
        for axis in range(2):
            self._now[axis] += self._follow * (self._goal[axis] - self._now[axis])
        return (
            soft_limit(self._now[0] - _STEADY_GAZE * yaw + gesture.look_x, GAZE_LIMIT),
            soft_limit(self._now[1] - _STEADY_GAZE * pitch + gesture.look_y, GAZE_LIMIT),
        )

    def _plan(self, speech: float) -> None:
        """Looks away soon after a turn has begun, if it lasts."""
        speaks = speech > 0.5
        if speaks and self._silent_s > _TURN_REST_S and self._rng.random() < _PLANNING_CHANCE:
            self._planning_in_s = float(self._rng.uniform(*_PLANNING_AFTER_S))
        self._silent_s = 0.0 if speaks else self._silent_s + self._dt
        if self._planning_in_s is None:
            return
        self._planning_in_s -= self._dt
        if not speaks:
            self._planning_in_s = None
        elif self._planning_in_s <= 0.0:
            self._planning_in_s = None
            self._look_away(up=True)
            self._wait_s = float(self._rng.uniform(*_PLANNING_S))

    def _jump(self, speech: float, attention: float) -> None:
        usual = _LOOK_AWAY[int(speech > 0.5)]
        if self._rng.random() < usual + attention * (_LOOK_AWAY_ATTENTIVE - usual):
            self._look_away()
        else:
            self._look_near(attention)

    def _look_away(self, up: bool = False) -> None:
        across, down = (float(value) for value in self._rng.standard_normal(2))
        self._goal = (3.2 * math.copysign(1.0, across) + 0.8 * across, -1.3 * abs(down) if up else 1.3 * down)
        self._away = True
        self._wait_s = min(1.2, max(0.35, 0.7 * float(self._rng.lognormal(-0.18, 0.6))))

    def _look_near(self, attention: float) -> None:
        across, down = (float(value) for value in self._rng.standard_normal(2))
        size = _SACCADE_DEG * (1.0 - (1.0 - _WANDER_ATTENTIVE) * attention)
        self._goal = (size * across, 0.6 * size * down)
        self._away = False
        self._wait_s = max(0.2, _SACCADE_EVERY_S * float(self._rng.lognormal(-0.18, 0.6)))


class Brows:
    """Raised with some of the stressed syllables, for as long as a word, and where a question ends."""

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        self._dt = 1.0 / fps
        self._rng = rng
        self._spring, self._rest = Spring(), Spring()
        self._goal, self._left_s, self._rest_goal, self._rest_left_s = 0.0, 0.0, 0.0, 0.0

    def step(self, cues: Cues, gesture: Overlay = NOTHING) -> float:
        self._left_s -= self._dt
        self._rest_left_s -= self._dt
        if self._left_s <= 0.0:
            self._goal = 0.0
            if cues.accent > 0.0 and self._rng.random() < _BROW_CHANCE * cues.accent**2:
                self._raise(0.5 + 0.5 * cues.accent, _BROW_S)
        if cues.question > 0.0 and self._rng.random() < cues.question:
            self._raise(0.7 + 0.4 * cues.question, _BROW_ASKS_S)
        if self._rest_left_s <= 0.0:
            self._rest_goal = 0.004 * float(np.clip(self._rng.standard_normal(), -2.0, 2.0))
            self._rest_left_s = float(self._rng.uniform(2.0, 6.0))
        value = self._spring.step(self._goal, 1.9, self._dt) + self._rest.step(self._rest_goal, 0.3, self._dt)
        return min(BROW_RANGE[1], max(BROW_RANGE[0], value * (1.0 - gesture.calm) + gesture.brow))

    def _raise(self, strength: float, length_s: tuple[float, float]) -> None:
        self._goal = _BROW_IOD * strength * min(1.6, float(self._rng.lognormal(-0.15, 0.5)))
        self._left_s = float(self._rng.uniform(*length_s))


class Smile:
    """Friendly while listening, hardly there while speaking, a little more at the end of a phrase."""

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        self._dt = 1.0 / fps
        self._rng = rng
        self._spring = Spring()
        self._mood, self._left_s, self._bump_s = 0.10, 0.0, 0.0

    def step(self, speech: float, phrase_end: bool, gesture: Overlay) -> float:
        self._left_s -= self._dt
        self._bump_s -= self._dt
        if self._left_s <= 0.0:
            self._mood = float(self._rng.uniform(0.04, 0.20))
            self._left_s = float(self._rng.uniform(3.0, 8.0))
        if phrase_end and self._rng.random() < 0.5:
            self._bump_s = 0.8
        goal = self._mood * (1.0 - 0.6 * speech) + (0.12 if self._bump_s > 0.0 else 0.0)
        own = min(1.0, max(0.0, self._spring.step(goal, 0.6, self._dt)))
        return own + (1.0 - own) * gesture.smile


class Eyes:
    """Everything above the mouth, and the smile, of one stream, frame by frame."""

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        blinks, gaze, brows, smile = rng.spawn(4)
        self._blinks, self._gaze = Blinks(fps, blinks), Gaze(fps, gaze)
        self._brows, self._smile = Brows(fps, brows), Smile(fps, smile)

    def step(
        self, cues: Cues, yaw: float, pitch: float, gesture: Overlay = NOTHING, attention: float = 0.0
    ) -> FaceMotion:
        """One frame.

        Args:
            cues: what the voice asks for.
            yaw, pitch: of the head, degrees.
            gesture: what is added.
            attention: 0 … 1, to somebody who speaks to this face.
        """
        lid = self._blinks.step(cues.phrase_end)
        lid += (1.0 - lid) * gesture.lids
        return FaceMotion(
            (lid, lid),
            self._gaze.step(cues, yaw, pitch, gesture, attention),
            self._brows.step(cues, gesture),
            self._smile.step(cues.speech, cues.phrase_end, gesture),
        )
