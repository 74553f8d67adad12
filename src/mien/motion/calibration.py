"""From the track that serves every face to the mouth of one person: how far theirs opens, how early, and what it does beside.

A ridge regression from the channels at some lags to what was measured in a video of the person: its lips, or any other numbers
that describe its face. It is learnt on standardised channels and pulled towards what the track means by itself where lips are measured
beside, else towards no movement: little or strange video gives a mouth that moves as any would, or too little, not a wild one.
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
from mien.motion.visemes import GAP, JAW, ROUND, SPEECH, STRETCH

MEASURES = ("jaw", "gap", "width")
"""The columns where lips are measured: chin drop and distance of the inner lips against the closed mouth, and the mouth's width, all in IOD."""

LAGS_ROWS = (0, 4, 8, 12, 16)
"""Rows of the track, relative to the moment that is foretold: lips are ahead of the sound, by up to 160 ms. With what was heard before,
parts of videos that were kept out of the fit are foretold worse.
"""

SHORTEST_S = 5.0

_PARTS = 5
"""Stretches that are left out in turn to see how well the rest foretells them."""
_RIDGES = (3.0, 30.0, 300.0, 3000.0, 30000.0)
"""Of them each measure takes the one that foretells it with the least error where it was not fitted to; in rows of evidence."""
_LIPS_GAINS = {"jaw": {JAW: 0.6}, "gap": {GAP: 0.6}, "width": {STRETCH: 0.08, ROUND: -0.08}}
"""What lips do of a track's mean over `LAGS_ROWS`. Not all of it: of what the sound does not tell, nothing should be foretold."""
_WIDE_PERCENTILES, _WIDE_GAP = (5.0, 95.0), 0.1
"""Between them lies how far a mouth opens; in the track of a voice that is so much, IOD."""
LEAST_REACH = 0.02
"""IOD; lips that part less are those of somebody who keeps silent."""
_STILL = 1e-4
"""Standard deviation; a channel that moves less teaches nothing."""
_VERSION = 2
_MOST_MEASURES = 256

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """One person's mouth.

    Args:
        measures: names of the K numbers that it foretells.
        neutral: (K,), those of the resting mouth, where the track is all 0.
        speaking: (K,), by how much a mouth in use differs from that on the mean.
        weights: (len(LAGS_ROWS), 8, K), from the channels at each lag to what is added to both.
        gains: (K,), how much of its measured spread the map gives to each measure; 1 would be all.
        r: (K,), correlation with the measures in parts of the video that the map was not fitted to; the honest figure.
    """

    measures: tuple[str, ...]
    neutral: NDArray[np.float64]
    speaking: NDArray[np.float64]
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
        moved = context @ self.weights.reshape(-1, len(self.measures))
        return (self.neutral + _in_use(context)[:, None] * self.speaking + moved).astype(np.float32)

    def to_json(self) -> str:
        """For an avatar package; numbers with six digits."""
        fields = {name: getattr(self, name) for name in _FIELDS}
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
            values = {name: np.array(told[name], np.float64) for name in _FIELDS}
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
            "speaking": (count,),
            "weights": (len(LAGS_ROWS), len(MOUTH_CHANNELS), count),
            "gains": (count,),
            "r": (count,),
        }
        if any(values[name].shape != shape or not np.isfinite(values[name]).all() for name, shape in shapes.items()):
            raise PackageError("The calibration of the mouth has values that cannot be.", hint=_ANEW)
        return cls(measures, **values)


_FIELDS = ("neutral", "speaking", "weights", "gains", "r")
_ANEW = "Create the avatar anew from its video."


def fit(
    rows: Rows,
    measured: Rows,
    rate: float,
    measures: Sequence[str] = MEASURES,
    *,
    lips: Rows | None = None,
    rest: NDArray[np.floating] | None = None,
) -> Calibration:
    """Learns a person's mouth from a video.

    Args:
        rows: float32 (T, 8) at `MOUTH_RATE`, the track that the video's own sound gives.
        measured: (N, K), of the video's frames; NaN where the face was not seen. Frame n is at `n / rate` seconds.
        rate: frames per second of the video.
        measures: names of the K columns.
        lips: (N, 3), columns as in `MEASURES`, of the same frames; what the measures have to do with them need then not be learnt from the
            sound.
        rest: (K,), the measures of the resting mouth; None: what is foretold for a track that is all 0.

    Raises:
        UsageError: shapes, names or rate are wrong.
        InputError: less than `SHORTEST_S` of it can be used, or the mouth does not move.
    """
    names = tuple(measures)
    if not _are_names(names):
        raise UsageError(
            f"Measures cannot be called {names}.", hint=f"Give each a name of its own, {_MOST_MEASURES} at most."
        )
    context, moments = _pairs(_checked_rows(rows), measured, rate, names)
    seen = measured[moments].astype(np.float64)
    if len(seen) < SHORTEST_S * rate:
        raise InputError(
            f"The mouth was seen for {len(seen) / rate:.1f} s; {SHORTEST_S:g} s of speech are needed to learn it.",
            hint="Use a longer video, in which the face is seen while it speaks.",
        )
    if (seen.std(axis=0) < _STILL).any() or context.std(axis=0).max() < _STILL:
        raise InputError("The mouth does not move in the video.", hint="Use a video in which the person speaks.")
    known = np.zeros((context.shape[1], len(names))) if lips is None else _meant(lips[moments], seen)
    weights, level, foretold = _best(context, seen, known, moments)
    neutral = level if rest is None else np.asarray(rest, np.float64)
    gains = (context @ weights).std(axis=0) / seen.std(axis=0)
    shape = (len(LAGS_ROWS), len(MOUTH_CHANNELS), len(names))
    return Calibration(names, neutral, level - neutral, weights.reshape(shape), gains, _correlations(foretold, seen))


def presumed(lips: Rows, measured: Rows, measures: Sequence[str], *, rest: NDArray[np.floating]) -> Calibration:
    """The mouth of a person who is seen moving it but never heard: it follows the track as any mouth would, no wider than it was seen.

    Args:
        lips: (N, 3), columns as in `MEASURES`; NaN where the face was not seen.
        measured: (N, K), of the same frames.
        measures: names of the K columns.
        rest: (K,), the measures of the resting mouth.

    Returns:
        A calibration whose `r` and `gains` are 0: nothing is known of them.

    Raises:
        InputError: the mouth does not open.
    """
    names = tuple(measures)
    seen = np.isfinite(measured).all(axis=1) & np.isfinite(lips).all(axis=1)
    gap = lips[seen][:, MEASURES.index("gap")]
    reach = float(np.ptp(np.percentile(gap, _WIDE_PERCENTILES))) if len(gap) else 0.0
    if reach < LEAST_REACH:
        raise InputError(
            f"The mouth does not open in the video: its lips part by {reach:.3f} of the distance of the eyes.",
            hint="Use a video in which the person speaks, or make the avatar from one picture: mien avatar create",
        )
    share = min(1.0, reach / _WIDE_GAP)
    weights = share / _LIPS_GAINS["gap"][GAP] * _meant(lips[seen], measured[seen].astype(np.float64))
    nothing = np.zeros(len(names))
    shape = (len(LAGS_ROWS), len(MOUTH_CHANNELS), len(names))
    return Calibration(names, np.asarray(rest, np.float64), nothing, weights.reshape(shape), nothing, nothing)


def _meant(lips: Rows, seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights (lags * 8, K) of what the track means for lips, by what lips are to the measures."""
    weights = np.zeros((len(LAGS_ROWS), len(MOUTH_CHANNELS), len(MEASURES)))
    for column, measure in enumerate(MEASURES):
        for channel, gain in _LIPS_GAINS[measure].items():
            weights[:, channel, column] = gain / len(LAGS_ROWS)
    inputs = lips.astype(np.float64) - lips.mean(axis=0, dtype=np.float64)
    slopes = np.linalg.lstsq(inputs, seen - seen.mean(axis=0), rcond=None)[0]
    return weights.reshape(-1, len(MEASURES)) @ slopes


def _best(
    context: NDArray[np.float64], seen: NDArray[np.float64], known: NDArray[np.float64], moments: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weights (lags * 8, K) and level (K,), each measure with its best ridge, and the measures (n, K) as foretold without their own part."""
    missing = seen - context @ known
    parts = np.minimum(moments * _PARTS // (moments[-1] + 1), _PARTS - 1).astype(int)
    left_out = np.stack([_left_out(context, missing, parts, ridge) for ridge in _RIDGES])
    best = ((left_out - missing) ** 2).mean(axis=1).argmin(axis=0)
    solved = [_solve(context, missing, ridge) for ridge in _RIDGES]
    each = np.arange(seen.shape[1])
    weights = known + np.stack([weights for weights, _ in solved])[best, :, each].T
    level = np.stack([level for _, level in solved])[best, each]
    return weights, level, left_out[best, :, each].T + context @ known


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


def _in_use(context: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,): 1 while somebody speaks, 0 where nobody does now and in the next 160 ms."""
    speech = context.reshape(len(context), len(LAGS_ROWS), len(MOUTH_CHANNELS))[:, :, SPEECH]
    return np.minimum(1.0, 2.0 * speech.mean(axis=1))


def _pairs(
    rows: NDArray[np.float64], measured: Rows, rate: float, names: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What is known of each frame in which the mouth was seen: the track around it, the frame's number."""
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"A video cannot have {rate} frames per second.", hint="Give its frame rate.")
    if measured.ndim != 2 or measured.shape[1] != len(names):
        raise UsageError(
            f"Measures must be of shape (N, {len(names)}), not {measured.shape}.", hint=f"Columns: {names}."
        )
    at = np.rint(np.arange(len(measured)) * MOUTH_RATE / rate).astype(int)
    usable = np.flatnonzero(np.isfinite(measured).all(axis=1) & (at < len(rows)))
    return _context(rows, at[usable]), usable


def _solve(
    context: NDArray[np.float64], seen: NDArray[np.float64], ridge: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (lags * 8, K) and level (K,)."""
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
        weights, level = _solve(context[~inside], seen[~inside], ridge)
        result[inside] = level + context[inside] @ weights
    return result


def _correlations(foretold: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,); 0 where nothing was foretold to move."""
    ours, theirs = foretold - foretold.mean(axis=0), seen - seen.mean(axis=0)
    power = np.sqrt((ours**2).sum(axis=0) * (theirs**2).sum(axis=0))
    return (ours * theirs).sum(axis=0) / np.maximum(power, 1e-12)
