"""From the track that serves every face to the mouth of one person: how far theirs opens, how early, and what it does beside.

A ridge regression from the channels at some lags to what was measured in a video of the person: its lips, or any other numbers
that describe its face. It is learnt on standardised channels and pulled towards no movement, so little or strange video gives a mouth
that moves too little, not a wild one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError, PackageError, UsageError
from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE

MEASURES = ("jaw", "gap", "width")
"""The columns where lips are measured: chin drop and distance of the inner lips against the closed mouth, and the mouth's width, all in IOD."""

LAGS_ROWS = (-16, -8, 0, 8, 16)
"""Rows of the track, relative to the moment that is foretold: 160 ms to each side."""

SHORTEST_S = 5.0

_PARTS = 5
"""Stretches that are left out in turn to see how well the rest foretells them."""
_RIDGES = (3.0, 30.0, 300.0, 3000.0)
"""Of them each measure takes the one that foretells it best where it was not fitted to; in rows of evidence."""
_STILL = 1e-4
"""Standard deviation; a channel that moves less teaches nothing."""
_VERSION = 1
_MOST_MEASURES = 256

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """One person's mouth.

    Args:
        measures: names of the K numbers that it foretells.
        neutral: (K,), those of the resting mouth, where the track is all 0.
        weights: (len(LAGS_ROWS), 8, K), from the channels at each lag to the measures, added to `neutral`.
        gains: (K,), how much of its measured spread the map gives to each measure; 1 would be all.
        r: (K,), correlation with the measures in parts of the video that the map was not fitted to; the honest figure.
    """

    measures: tuple[str, ...]
    neutral: NDArray[np.float64]
    weights: NDArray[np.float64]
    gains: NDArray[np.float64]
    r: NDArray[np.float64]

    def apply(self, rows: Rows) -> Rows:
        """The person's measures for a track.

        Args:
            rows: float32 (T, 8) at `MOUTH_RATE`, as in a `MouthTrack`.

        Returns:
            float32 (T, K), columns as in `measures`.

        Raises:
            UsageError: rows is something else.
        """
        context = _context(_checked_rows(rows), np.arange(len(rows)))
        return (self.neutral + context @ self.weights.reshape(-1, len(self.measures))).astype(np.float32)

    def to_json(self) -> str:
        """For an avatar package; numbers with six digits."""
        fields = {"neutral": self.neutral, "weights": self.weights, "gains": self.gains, "r": self.r}
        told = {
            name: np.vectorize(lambda value: float(f"{value:.6g}"))(values).tolist() for name, values in fields.items()
        }
        return json.dumps({"version": _VERSION, "measures": self.measures, "lags_rows": LAGS_ROWS, **told})

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Raises:
        PackageError: it is no calibration, or one of another version.
        """
        try:
            told = json.loads(text)
            version = told["version"]
            values = {name: np.array(told[name], np.float64) for name in ("neutral", "weights", "gains", "r")}
            measures, lags = tuple(told["measures"]), tuple(told["lags_rows"])
        except (ValueError, TypeError, KeyError) as error:
            raise PackageError("The calibration of the mouth cannot be read.", hint=_ANEW) from error
        if version != _VERSION or lags != LAGS_ROWS:
            raise PackageError(f"The calibration of the mouth has the version {version}, not {_VERSION}.", hint=_ANEW)
        if not _are_names(measures):
            raise PackageError("The calibration of the mouth does not name its measures.", hint=_ANEW)
        count = len(measures)
        shapes = {
            "neutral": (count,),
            "weights": (len(LAGS_ROWS), len(MOUTH_CHANNELS), count),
            "gains": (count,),
            "r": (count,),
        }
        if any(values[name].shape != shape or not np.isfinite(values[name]).all() for name, shape in shapes.items()):
            raise PackageError("The calibration of the mouth has values that cannot be.", hint=_ANEW)
        return cls(measures, **values)


_ANEW = "Create the avatar anew from its video."


def fit(rows: Rows, measured: Rows, rate: float, measures: Sequence[str] = MEASURES) -> Calibration:
    """Learns a person's mouth from a video.

    Args:
        rows: float32 (T, 8) at `MOUTH_RATE`, the track that the video's own sound gives.
        measured: (N, K), of the video's frames; NaN where the face was not seen. Frame n is at `n / rate` seconds.
        rate: frames per second of the video.
        measures: names of the K columns.

    Raises:
        UsageError: shapes, names or rate are wrong.
        InputError: less than `SHORTEST_S` of it can be used, or the mouth does not move.
    """
    names = tuple(measures)
    if not _are_names(names):
        raise UsageError(
            f"Measures cannot be called {names}.", hint=f"Give each a name of its own, {_MOST_MEASURES} at most."
        )
    context, seen, moments = _pairs(_checked_rows(rows), measured, rate, names)
    if len(seen) < SHORTEST_S * rate:
        raise InputError(
            f"The mouth was seen for {len(seen) / rate:.1f} s; {SHORTEST_S:g} s of speech are needed to learn it.",
            hint="Use a longer video, in which the face is seen while it speaks.",
        )
    if (seen.std(axis=0) < _STILL).any() or context.std(axis=0).max() < _STILL:
        raise InputError("The mouth does not move in the video.", hint="Use a video in which the person speaks.")
    parts = np.minimum(moments * _PARTS // (moments[-1] + 1), _PARTS - 1).astype(int)
    scores = np.stack([_correlations(_left_out(context, seen, parts, ridge), seen) for ridge in _RIDGES])
    best = scores.argmax(axis=0)
    solved = [_solve(context, seen, ridge) for ridge in _RIDGES]
    each = np.arange(len(names))
    weights = np.stack([weights for weights, _ in solved])[best, :, each].T
    neutral = np.stack([neutral for _, neutral in solved])[best, each]
    gains = (context @ weights).std(axis=0) / seen.std(axis=0)
    shape = (len(LAGS_ROWS), len(MOUTH_CHANNELS), len(names))
    return Calibration(names, neutral, weights.reshape(shape), gains, scores[best, each])


def _are_names(names: tuple[object, ...]) -> bool:
    return (
        0 < len(names) <= _MOST_MEASURES
        and all(isinstance(name, str) and name for name in names)
        and len(set(names)) == len(names)
    )


def _checked_rows(rows: Rows) -> NDArray[np.float64]:
    if rows.ndim != 2 or rows.shape[1] != len(MOUTH_CHANNELS) or not np.isfinite(rows).all():
        raise UsageError(
            f"A track must be finite and of shape (T, {len(MOUTH_CHANNELS)}), not {rows.shape}.",
            hint="Give the values of a MouthTrack.",
        )
    return rows.astype(np.float64)


def _context(rows: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """(len(at), lags * 8): the rows around each of the rows `at`; before the first and after the last the mouth is at rest."""
    reach = max(LAGS_ROWS)
    padded = np.pad(rows, ((reach, reach), (0, 0)))
    return padded[np.asarray(at)[:, None] + np.array(LAGS_ROWS) + reach].reshape(len(at), -1)


def _pairs(
    rows: NDArray[np.float64], measured: Rows, rate: float, names: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """What is known of each frame in which the mouth was seen: the track around it, the measures, the frame's number."""
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"A video cannot have {rate} frames per second.", hint="Give its frame rate.")
    if measured.ndim != 2 or measured.shape[1] != len(names):
        raise UsageError(
            f"Measures must be of shape (N, {len(names)}), not {measured.shape}.", hint=f"Columns: {names}."
        )
    at = np.rint(np.arange(len(measured)) * MOUTH_RATE / rate).astype(int)
    usable = np.flatnonzero(np.isfinite(measured).all(axis=1) & (at < len(rows)))
    return _context(rows, at[usable]), measured[usable].astype(np.float64), usable


def _solve(
    context: NDArray[np.float64], seen: NDArray[np.float64], ridge: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (lags * 8, K) and neutral (K,)."""
    mean, spread = context.mean(axis=0), context.std(axis=0)
    scale = np.where(spread > _STILL, spread, np.inf)
    inputs = (context - mean) / scale
    weights = np.linalg.solve(
        inputs.T @ inputs + ridge * np.eye(inputs.shape[1]), inputs.T @ (seen - seen.mean(axis=0))
    )
    weights = weights / scale[:, None]
    return weights, seen.mean(axis=0) - mean @ weights


def _left_out(
    context: NDArray[np.float64], seen: NDArray[np.float64], parts: NDArray[np.int64], ridge: float
) -> NDArray[np.float64]:
    """Each part as the others foretell it."""
    result = np.empty(seen.shape)
    for part in np.unique(parts):
        inside = parts == part
        weights, neutral = _solve(context[~inside], seen[~inside], ridge)
        result[inside] = neutral + context[inside] @ weights
    return result


def _correlations(foretold: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,); 0 where nothing was foretold to move."""
    ours, theirs = foretold - foretold.mean(axis=0), seen - seen.mean(axis=0)
    power = np.sqrt((ours**2).sum(axis=0) * (theirs**2).sum(axis=0))
    return (ours * theirs).sum(axis=0) / np.maximum(power, 1e-12)
