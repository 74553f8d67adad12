"""By how much a video's sound is late or early, as far as its lips tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.agreement import Comparison
from mien.evaluation.lips import Lips
from mien.evaluation.sync import channels
from mien.motion.articulation import MOUTH_RATE

NATURAL_MS = -60
"""Where lips are that belong to the sound: they move before it is heard."""
LEAST_MS = 120
"""People notice less hardly, and it is within what one person differs from another."""

_STEP = 40
_STEPS = 2
"""The range of a comparison, 200 ms to each side, is moved by so many rows, so many times to each side: one second in all."""
_MISMATCHES = 12
_LEAST_S = 6.0
_LEAST_R, _LEAST_GAIN = 0.3, 0.1
"""Mean correlation that is trusted, and by how much it must surpass chance and what is found without moving the sound."""


@dataclass(frozen=True, slots=True)
class Offset:
    """What the lips say.

    Args:
        offset_ms: the sound is later than the picture by this; below 0: earlier. The best guess, even if not clear.
        clear: it is surely not in time.
        r: mean correlation of lips and sound at their best.
        chance: the highest that was found with sound of other moments.
    """

    offset_ms: int
    clear: bool
    r: float
    chance: float


def measure(lips: Lips, rows: NDArray[np.floating]) -> Offset | None:
    """Compares lips with the mouth that the sound gives.

    Args:
        lips: of consecutive frames.
        rows: (T, 8) at `MOUTH_RATE`, from the same moment on.

    Returns:
        None if there is too little of both.
    """
    if len(lips.gap) / lips.fps < _LEAST_S or not lips.known.any():
        return None
    tracks = channels(np.asarray(rows))
    comparison = Comparison(lips, tracks.shape[1])
    lags, scores = _scores(comparison, tracks)
    if not np.isfinite(scores).any():
        return None
    best = int(np.nanargmax(scores))
    natural = float(scores[np.abs(lags - NATURAL_MS).argmin()])
    chance = max(_highest(comparison, tracks, shift) for shift in _mismatches(tracks.shape[1]))
    # Lips that are late (lag above 0) mean sound that is early.
    offset = NATURAL_MS - int(lags[best])
    r = float(scores[best])
    clear = abs(offset) >= LEAST_MS and r > max(_LEAST_R, chance + _LEAST_GAIN, natural + _LEAST_GAIN)
    return Offset(offset, clear, r, chance)


def _scores(comparison: Comparison, tracks: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lags in ms and the mean r at each."""
    lags, scores = [], []
    for step in range(-_STEPS, _STEPS + 1):
        moved = comparison.correlations(np.roll(tracks, step * _STEP, axis=1))
        inner = np.arange(-_STEP // 2, _STEP // 2)
        lags.append(inner + step * _STEP)
        scores.append(moved[: len(inner)].mean(axis=1))
    return np.concatenate(lags) * round(1000 / MOUTH_RATE), np.concatenate(scores)


def _highest(comparison: Comparison, tracks: NDArray[np.float64], shift: int) -> float:
    return float(np.nanmax(_scores(comparison, np.roll(tracks, shift, axis=1))[1]))


def _mismatches(rows: int) -> list[int]:
    """Shifts by which sound belongs to other moments."""
    least = round(2 * _STEP * (_STEPS + 1))
    return np.linspace(least, max(rows - least, least + 1), _MISMATCHES).astype(int).tolist()
