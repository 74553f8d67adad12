"""Do the lips meet where the speech says so (p b m), and only there?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.agreement import Figure, beside_chance
from mien.evaluation.lips import Curve, Lips
from mien.motion.articulation import MOUTH_RATE
from mien.motion.coarticulation import BURST_S
from mien.motion.visemes import CLOSURE, ROUND, SPEECH, targets
from mien.types import Phoneme

Spans = NDArray[np.float64]
"""Seconds from … to: (N, 2)."""

_TOLERANCE_S = 0.02
"""Sounds begin and end within this of where they are said to."""
_APART_S = 0.12
"""Nearer to a closure, or to a pause, other sounds may be spoken with lips that are just opening or closing."""
_SHUT, _SHUT_SHARE = 0.02, 0.1
"""Lips are shut when they are less than 0.02 IOD apart, about 2 mm, and less than a tenth of their range."""
_PRESSED = 0.5
"""A driver's closure above this is one."""
_PIECE_S = 0.08
"""Speech without closures is looked at in pieces as long as a consonant."""
_NARROW = 0.8
"""Rounding from which the lips may seem to touch, as in w."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Where lips have to be shut, and where they must not.

    Args:
        reference: who says so: "text", "pocketsphinx", "phonemes" or "network".
        shut: the p b m.
        parted: the other consonants, f v w apart; without phonemes any other speech in pieces of 80 ms.
    """

    reference: str
    shut: Spans
    parted: Spans


@dataclass(frozen=True, slots=True)
class Closures:
    """Args:
    reference: see `Expected`.
    count: of the p b m during which the face is seen.
    others: of the other sounds.
    recall: share of p b m with shut lips.
    false_alarms: share of the others with shut lips.
    auc: how often the lips come nearer to each other in one of p b m than in one of the others; does not depend on what counts as shut.
    """

    reference: str
    count: int
    others: int
    recall: Figure
    false_alarms: Figure
    auc: Figure


def of_phonemes(phonemes: Sequence[Phoneme], reference: str) -> Expected:
    """By sounds whose times are known; p begins with its burst (see `BURST_S`)."""
    shut, parted, pauses = [], [], []
    for sound in phonemes:
        parts = targets(sound.ipa)
        if not parts:
            pauses.append((sound.start_s, sound.end_s))
            continue
        first = parts[0].viseme
        begin = sound.start_s - (BURST_S if first.burst else 0.0)
        if first.lips == 1:
            shut.append((begin, sound.start_s if first.burst else sound.end_s))
        elif not (first.vowel or first.lips or first.values[ROUND] > _NARROW):
            parted.append((begin, sound.end_s))
    return Expected(reference, _spans(shut), _away(_spans(parted), _spans(shut + pauses)))


def of_track(rows: NDArray[np.floating]) -> Expected:
    """By a driver's own channels: (N, 8 or more) at `MOUTH_RATE`."""
    shut = runs(rows[:, CLOSURE] > _PRESSED) / MOUTH_RATE
    speech = runs(rows[:, SPEECH] > _PRESSED) / MOUTH_RATE
    pieces = [(at, at + _PIECE_S) for start, end in speech for at in np.arange(start, end - _PIECE_S, _PIECE_S)]
    pauses = runs(rows[:, SPEECH] <= _PRESSED) / MOUTH_RATE
    return Expected("network", shut, _away(_spans(pieces), np.concatenate([shut, pauses])))


def runs(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where a condition holds without a break: first index, and the one behind the last, (N, 2)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2)


def measure(lips: Lips, expected: Expected, lag_ms: float, seconds: float) -> Closures | None:
    """Looks at the lips where the speech lets expect something; None where it does nowhere.

    Args:
        lips: measured.
        expected: from `of_phonemes` or `of_track`.
        lag_ms: by how much the lips are later than the sound.
        seconds: length of the sound, around whose end it is moved for the mismatched figures.
    """
    narrowest = _Narrowest(lips, lag_ms / 1000)
    low, high = np.nanpercentile(lips.gap, [2, 98])
    limit = min(_SHUT, low + _SHUT_SHARE * (high - low))

    def look(shift: int) -> dict[str, float]:
        shut, parted = (narrowest.within(_moved(spans, shift, seconds)) for spans in (expected.shut, expected.parted))
        return {"recall": _share(shut < limit), "false_alarms": _share(parted < limit), "auc": _auc(shut, parted)}

    count, others = len(narrowest.within(expected.shut)), len(narrowest.within(expected.parted))
    if not count:
        return None
    return Closures(expected.reference, count, others, **beside_chance(look, round(seconds * MOUTH_RATE)))


class _Narrowest:
    """How near the lips come to each other within some time."""

    def __init__(self, lips: Lips, lag_s: float) -> None:
        self._lag_s = lag_s
        self._margin_s = _TOLERANCE_S + 0.5 / lips.fps
        self._fps = lips.fps
        self._gap = np.where(lips.seen, lips.gap, np.nan)

    def within(self, spans: Spans) -> Curve:
        """IOD, one number for each span in which the face is seen all the time."""
        first = np.ceil((spans[:, 0] + self._lag_s - self._margin_s) * self._fps).astype(int)
        last = np.floor((spans[:, 1] + self._lag_s + self._margin_s) * self._fps).astype(int)
        inside = (first >= 0) & (last < len(self._gap)) & (last >= first)
        pairs = zip(first[inside], last[inside], strict=True)
        found = np.array([self._gap[begin : end + 1].min() for begin, end in pairs])
        return found[np.isfinite(found)]


def _spans(pairs: Sequence[tuple[float, float]]) -> Spans:
    return np.array(pairs, np.float64).reshape(-1, 2)


def _away(spans: Spans, others: Spans) -> Spans:
    """Those that do not come within `_APART_S` of any of the others, middle to edge."""
    middle = spans.mean(axis=1)[:, None]
    near = (middle > others[:, 0] - _APART_S) & (middle < others[:, 1] + _APART_S)
    return spans[~near.any(axis=1)]


def _moved(spans: Spans, rows: int, seconds: float) -> Spans:
    start = (spans[:, 0] + rows / MOUTH_RATE) % seconds if rows else spans[:, 0]
    return np.stack([start, start + spans[:, 1] - spans[:, 0]], axis=1)


def _share(marks: NDArray[np.bool_]) -> float:
    return float(marks.mean()) if len(marks) else float("nan")


def _auc(shut: Curve, parted: Curve) -> float:
    if not len(shut) or not len(parted):
        return float("nan")
    ordered = np.sort(parted)
    wider = len(ordered) - np.searchsorted(ordered, shut, side="right")
    same = np.searchsorted(ordered, shut, side="right") - np.searchsorted(ordered, shut, side="left")
    return float((wider + same / 2).mean() / len(ordered))
