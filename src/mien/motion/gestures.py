"""Movements that are asked for by name: a nod, a greeting, a glance aside. They are laid over what the face does by itself.

A movement is a few poses in time; between them the face travels as limbs and heads do, along the path of least jerk (Flash and Hogan, 1985),
so that neither its place nor its speed ever jumps. How long things take follows what was measured in people: "yes" and "no" are cyclic movements
of falling size (Hadar, Steiner and Rose, 1985); brows that greet stand high for a sixth of a second (Eibl-Eibesfeldt, 1972); a smile that is felt
grows for half a second and more (Schmidt, Cohn and Tian, 2003); eyes that turn away to think rise, and stay away for seconds (Andrist et al., 2014).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from mien.errors import UsageError

_GIVE_WAY_S = 0.3
"""A movement that is replaced fades within this time."""
_STRENGTH, _PACE = (0.88, 1.12), (0.92, 1.08)
"""Nobody nods twice in exactly the same way."""
_MIRRORED = ("yaw", "roll", "look_x")
_SHARES = ("smile", "calm")
"""Together they never pass 1."""

_Pose = tuple[float, float]
Track = tuple[_Pose, ...]
"""Poses of one channel of an `Overlay`: (seconds, value), …"""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a movement adds in one frame, units and signs as in `Articulation`.

    Args:
        yaw, pitch, roll: degrees.
        look_x, look_y: of the eyes, degrees.
        brow: IOD.
        smile: 0 … 1, share of the way from the face's own smile to a full one.
        lids: share of the way to shut eyes; negative: opened wider.
        calm: 0 … 1, how much of the head's own movement rests meanwhile.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    look_x: float = 0.0
    look_y: float = 0.0
    brow: float = 0.0
    smile: float = 0.0
    lids: float = 0.0
    calm: float = 0.0

    def channels(self) -> dict[str, float]:
        """By name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


NOTHING = Overlay()


def held(start: float, rise: float, end: float, fall: float, value: float) -> Track:
    """0, from `start` within `rise` seconds to `value`, from `end` within `fall` seconds back."""
    return (start, 0.0), (start + rise, value), (end, value), (end + fall, 0.0)


def swings(first: float, half_s: float, *values: float) -> Track:
    """From 0 through the turning points and back to 0: the first at `first` seconds, the others `half_s` apart."""
    return (0.0, 0.0), *((first + n * half_s, value) for n, value in enumerate((*values, 0.0)))


_MOVEMENTS: dict[str, dict[str, Track]] = {
    "nod": {
        "pitch": swings(0.14, 0.21, -1.2, 5.2, -0.8, 3.4, -0.4, 1.6),  # 2.4 Hz
        "brow": held(0.0, 0.18, 0.30, 0.35, 0.010),
        "smile": held(0.1, 0.45, 0.9, 0.8, 0.16),
        "calm": held(0.0, 0.14, 1.2, 0.4, 0.8),
    },
    "shake": {
        "yaw": swings(0.17, 0.23, -3.4, 5.0, -4.4, 3.0, -1.4),  # 2.2 Hz
        "pitch": held(0.0, 0.25, 0.9, 0.5, 0.7),
        "brow": held(0.0, 0.20, 0.9, 0.45, -0.012),
        "calm": held(0.0, 0.16, 1.2, 0.4, 0.8),
    },
    "wave": {
        "pitch": ((0.0, 0.0), (0.22, -2.4), (0.62, 2.2), (1.2, 0.3), (1.7, 0.0)),
        "roll": held(0.18, 0.42, 1.25, 0.65, 2.6),
        "brow": held(0.04, 0.14, 0.36, 0.30, 0.052),
        "smile": held(0.08, 0.50, 1.6, 0.9, 0.75),
        "lids": ((0.04, 0.0), (0.18, -0.12), (0.36, -0.12), (0.75, 0.10), (1.6, 0.10), (2.3, 0.0)),
        "calm": held(0.0, 0.20, 1.2, 0.6, 0.6),
    },
    "smile": {
        "smile": held(0.0, 0.60, 2.0, 1.1, 0.85),
        "lids": held(0.15, 0.50, 1.9, 0.9, 0.13),
        "roll": held(0.10, 0.70, 1.7, 1.0, 1.3),
        "pitch": held(0.10, 0.60, 1.6, 1.0, 0.8),
        "brow": held(0.05, 0.30, 0.9, 0.7, 0.010),
    },
    "surprise": {
        "brow": held(0.0, 0.20, 1.0, 0.55, 0.054),
        "lids": held(0.0, 0.16, 0.8, 0.50, -0.30),
        "pitch": held(0.04, 0.26, 0.9, 0.70, -2.6),
        "calm": held(0.0, 0.20, 1.0, 0.60, 0.7),
    },
    "think": {
        "look_x": ((0.06, 0.0), (0.14, 8.5), (1.1, 8.5), (1.17, 6.5), (2.3, 6.5), (2.39, 0.0)),
        "look_y": ((0.06, 0.0), (0.14, -5.0), (1.1, -5.0), (1.17, -6.0), (2.3, -6.0), (2.39, 0.0)),
        "yaw": held(0.06, 0.55, 2.15, 0.60, 1.6),
        "roll": held(0.10, 0.70, 2.10, 0.70, 1.9),
        "pitch": held(0.06, 0.60, 2.15, 0.60, -1.2),
        "brow": held(0.10, 0.40, 1.9, 0.60, 0.016),
        "calm": held(0.0, 0.40, 2.2, 0.60, 0.6),
    },
}

GESTURES = tuple(_MOVEMENTS)
"""The names of all movements."""


def _least_jerk(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * x * (10.0 - 15.0 * x + 6.0 * x * x)


def _at(track: Track, seconds: float) -> float:
    """The place between the poses of a track; before the first and after the last it rests there."""
    for (start, value), (end, following) in pairwise(track):
        if seconds < end:
            return value + (following - value) * _least_jerk((seconds - start) / (end - start))
    return track[-1][1]


class Movement:
    """Something that moves and ends.

    Args:
        tracks: by channel of `Overlay`.
        rng: of its strength, pace and side.
    """

    def __init__(self, tracks: Mapping[str, Track], rng: np.random.Generator) -> None:
        self._tracks = tracks
        self._strength, self._pace = float(rng.uniform(*_STRENGTH)), float(rng.uniform(*_PACE))
        self._side = 1.0 if rng.random() < 0.5 else -1.0
        self._end_s = max(track[-1][0] for track in self._tracks.values())
        self._age_s = 0.0
        self._fading_s: float | None = None

    def give_way(self) -> None:
        """Fades from now on."""
        if self._fading_s is None:
            self._fading_s = 0.0

    def step(self, dt: float) -> None:
        self._age_s += dt * self._pace
        if self._fading_s is not None:
            self._fading_s += dt

    @property
    def ended(self) -> bool:
        return self._age_s >= self._end_s or (self._fading_s or 0.0) >= _GIVE_WAY_S

    def add_to(self, sums: dict[str, float]) -> None:
        """Lays it over what is there, by channel."""
        left = 1.0 - _least_jerk((self._fading_s or 0.0) / _GIVE_WAY_S)
        for channel, track in self._tracks.items():
            side = self._side if channel in _MIRRORED else 1.0
            strength = 1.0 if channel == "calm" else self._strength
            lay(sums, channel, left * side * strength * _at(track, self._age_s))


def lay(sums: dict[str, float], channel: str, value: float) -> None:
    """Adds to a channel; shares together never pass 1."""
    sums[channel] += value * (1.0 - sums[channel]) if channel in _SHARES else value


class Gestures:
    """The movements of one stream that were asked for, frame by frame.

    A movement that is asked for while another is under way replaces it: the older one fades while the younger one begins.
    """

    def __init__(self, fps: float, rng: np.random.Generator) -> None:
        self._dt = 1.0 / fps
        self._rng = rng
        self._asked: str | None = None
        self._moving: list[Movement] = []

    def act(self, name: str) -> None:
        """Begins a movement with the next frame.

        Raises:
            UsageError: there is none of this name.
        """
        if name not in _MOVEMENTS:
            raise UsageError(f"There is no movement called {name!r}.", hint=f"Known: {', '.join(GESTURES)}.")
        self._asked = name

    def step(self) -> Overlay:
        """One frame."""
        if self._asked is not None:
            for movement in self._moving:
                movement.give_way()
            self._moving.append(Movement(_MOVEMENTS[self._asked], self._rng))
            self._asked = None
        if not self._moving:
            return NOTHING
        sums = NOTHING.channels()
        for movement in self._moving:
            movement.step(self._dt)
            movement.add_to(sums)
        self._moving = [movement for movement in self._moving if not movement.ended]
        return Overlay(**sums)
