"""How well curves go together: Pearson's r over a range of lags, and what mere chance would give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.lips import CHANNELS, Curve, Lips
from mien.motion.articulation import MOUTH_RATE

MOST_LAG_S = 0.2
SMOOTHING_S = 0.03
"""Standard deviation of the smoothing of lips and tracks before they are compared."""

_LAG_ROWS = np.arange(-round(MOST_LAG_S * MOUTH_RATE), round(MOST_LAG_S * MOUTH_RATE) + 1)
_LEAST_SHIFT_S = 2.0
"""Speech shifted by less may still agree with itself."""
_SHIFTS = 30
_FEWEST_SHIFTS = 5
_FLAT = 1e-4
"""A curve that spreads less than this, in IOD, does not move."""

Tracks = NDArray[np.float64]
"""What lips are compared with, a row for each of `CHANNELS`, at `MOUTH_RATE`: (3, N)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number beside what the same measurement gives with sound that belongs to other moments.

    Args:
        value: None if it cannot be told.
        chance: mean over the mismatched; None where the video is too short to shift its sound.
        chance_p95: their 95th percentile.
    """

    value: float | None
    chance: float | None = None
    chance_p95: float | None = None


Figures = Mapping[str, float]
"""Named numbers; NaN where one cannot be told."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """r of every channel at one lag, the same for all.

    Args:
        lag_ms: by how much the lips are later than the sound; below 0 they are earlier.
        mean: of the channels' r.
    """

    lag_ms: int
    jaw: Figure
    gap: Figure
    width: Figure
    mean: Figure


def smoothed(values: NDArray[np.floating], rate: float) -> Curve:
    """A Gaussian of `SMOOTHING_S` over the last axis; unknown values (NaN) stay unknown and have no say in their neighbours'."""
    data = np.asarray(values, np.float64)
    spread = SMOOTHING_S * rate
    reach = max(1, round(3 * spread))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(spread, 1e-3)) ** 2)
    known = np.isfinite(data)

    def over(row: Curve) -> Curve:
        return np.convolve(row, kernel, "full")[reach : reach + len(row)]

    total = np.apply_along_axis(over, -1, np.where(known, data, 0.0))
    weight = np.apply_along_axis(over, -1, known.astype(np.float64))
    return np.where(known, total / np.maximum(weight, 1e-12), np.nan)


class Comparison:
    """The lips' side of it, made ready once.

    Args:
        lips: measured.
        rows: how long the tracks are, at `MOUTH_RATE`.
    """

    def __init__(self, lips: Lips, rows: int) -> None:
        curves = smoothed(np.stack([getattr(lips, name) for name in CHANNELS]), lips.fps)
        at = np.round(np.arange(curves.shape[1]) * MOUTH_RATE / lips.fps).astype(int)
        edge = int(_LAG_ROWS[-1])
        used = np.isfinite(curves).all(axis=0) & (at >= edge) & (at < rows - edge)
        self._at = at[used]
        self._lips = curves[:, used]

    def correlations(self, tracks: Tracks) -> NDArray[np.float64]:
        """r by lag and channel: (41, 3); NaN for a channel that does not move."""
        return self._scores(smoothed(tracks, MOUTH_RATE))

    def _scores(self, ready: Tracks) -> NDArray[np.float64]:
        if len(self._at) < 2:
            return np.full((len(_LAG_ROWS), len(CHANNELS)), np.nan)
        lips = _normal(self._lips)
        return np.stack([(lips * _normal(ready[:, self._at - lag])).mean(axis=1) for lag in _LAG_ROWS])

    def _mismatched(self, tracks: Tracks) -> Iterator[NDArray[np.float64]]:
        ready = smoothed(tracks, MOUTH_RATE)
        return (self._scores(np.roll(ready, shift, axis=1)) for shift in shifts(tracks.shape[1]))

    def best(self, tracks: Tracks) -> Agreement:
        """At the lag where the mean over the channels is highest; the mismatched choose theirs as well."""
        scores = self.correlations(tracks)
        lag = _best(scores)
        return _agreement(lag, scores[lag], [each[_best(each)] for each in self._mismatched(tracks)])

    def fixed(self, tracks: Tracks, lag_ms: float) -> Agreement:
        """At a given lag, within ± `MOST_LAG_S`."""
        lag = int(np.abs(_LAG_ROWS - lag_ms * MOUTH_RATE / 1000).argmin())
        return _agreement(lag, self.correlations(tracks)[lag], [each[lag] for each in self._mismatched(tracks)])


def shifts(rows: int) -> list[int]:
    """By how many rows sound is moved around to belong to other moments; empty where it is too short for that."""
    least = round(_LEAST_SHIFT_S * MOUTH_RATE)
    found = np.unique(np.linspace(least, rows - least, _SHIFTS).astype(int)) if rows > 2 * least else np.zeros(0, int)
    return found.tolist() if len(found) >= _FEWEST_SHIFTS else []


def beside_chance(measure: Callable[[int], Figures], rows: int) -> dict[str, Figure]:
    """Any measurement, beside what it gives when the sound is moved around.

    Args:
        measure: is given the rows by which the sound is moved; 0: not.
        rows: of the sound, at `MOUTH_RATE`.
    """
    return figures(measure(0), [measure(shift) for shift in shifts(rows)])


def figures(found: Figures, mismatched: list[Figures]) -> dict[str, Figure]:
    return {name: _figure(value, [each[name] for each in mismatched]) for name, value in found.items()}


def _figure(value: float, mismatched: list[float]) -> Figure:
    known = [each for each in mismatched if np.isfinite(each)]
    if not np.isfinite(value):
        return Figure(None)
    if not known:
        return Figure(float(value))
    return Figure(float(value), float(np.mean(known)), float(np.percentile(known, 95)))


def _normal(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean 0, spread 1; NaN for what does not move."""
    spread = curves.std(axis=1, keepdims=True)
    return (curves - curves.mean(axis=1, keepdims=True)) / np.where(spread > _FLAT, spread, np.nan)


def _mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over the channels that move; NaN if none does."""
    known = np.isfinite(scores)
    count = known.sum(axis=-1)
    return np.where(count > 0, np.where(known, scores, 0.0).sum(axis=-1) / np.maximum(count, 1), np.nan)


def _best(scores: NDArray[np.float64]) -> int:
    means = _mean(scores)
    return int(np.nanargmax(means)) if np.isfinite(means).any() else len(_LAG_ROWS) // 2


def _named(scores: NDArray[np.float64]) -> dict[str, float]:
    return {**dict(zip(CHANNELS, scores.tolist(), strict=True)), "mean": float(_mean(scores))}


def _agreement(lag: int, scores: NDArray[np.float64], mismatched: list[NDArray[np.float64]]) -> Agreement:
    found = figures(_named(scores), [_named(each) for each in mismatched])
    return Agreement(lag_ms=round(1000 * _LAG_ROWS[lag] / MOUTH_RATE), **found)
