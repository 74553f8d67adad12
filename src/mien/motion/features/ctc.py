"""From what a recogniser thinks of every 20 ms to phonemes with times.

CTC says *that* a sound was heard, in one row or few, and is silent ("blank") for the rest of it. Where one sound ends and the next begins is
therefore found between their rows: where the one stops being likelier than the other, leaving blank aside. A stretch without any sound is a
pause where it is quiet, or where it is too long for the sounds beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mien.motion.coarticulation import BURST_S, PAUSE_S
from mien.motion.visemes import targets
from mien.speech.phonemes import without_joints
from mien.types import SAMPLE_RATE, Phoneme, Samples

ROW_S = 0.02
_FIRST_EDGE_S = 0.0025
"""Row t is made of the samples around (320 t + 200) / 16000 s; it stands for the 20 ms around that time."""

_LONGEST = 25
"""Rows that a sound may go on after it was heard, until it is quiet …"""
_AFTER, _BEFORE = 8, 4
"""… and where it never gets quiet until another is heard much later: rows after the one, before the other."""

_QUIET_DB, _BELOW_PEAK_DB = -60.0, 35.0


@dataclass(frozen=True, slots=True)
class _Heard:
    symbol: int
    first: int
    last: int


def phonemes_of(
    log_probabilities: NDArray[np.float32], symbols: Sequence[str | None], samples: Samples
) -> list[Phoneme]:
    """The phonemes of a recording.

    Args:
        log_probabilities: (T, V), 50 rows per second.
        symbols: V names in IPA; None is blank, or anything that is no sound.
        samples: the recording, to tell pauses.

    Returns:
        From 0 to the end of the recording without gaps; pauses are "". As espeak-ng has it, p t k begin at their burst.
    """
    seconds = len(samples) / SAMPLE_RATE
    heard = _heard(log_probabilities, symbols)
    if not heard:
        return list(without_joints([Phoneme("", 0.0, seconds)]))
    quiet = _quiet(samples, len(log_probabilities))
    rows = _rows(heard, log_probabilities, quiet)
    begins = [
        _begin_s(symbols[one.symbol] or "", begin, one.first) for (begin, _), one in zip(rows, heard, strict=True)
    ]
    sounds: list[Phoneme] = []
    last_end_s = 0.0
    for index, one in enumerate(heard):
        end = rows[index][1]
        adjacent = index + 1 < len(heard) and rows[index + 1][0] == end
        end_s = begins[index + 1] if adjacent else min(seconds, _edge_s(end))
        sounds.append(Phoneme("", last_end_s, begins[index]))
        sounds.append(Phoneme(symbols[one.symbol] or "", begins[index], end_s))
        last_end_s = end_s
    sounds.append(Phoneme("", last_end_s, seconds))
    return list(without_joints(sounds))


def _edge_s(row: int) -> float:
    """Where a row begins."""
    return row * ROW_S + _FIRST_EDGE_S if row else 0.0


def _begin_s(ipa: str, begin: int, first: int) -> float:
    if not targets(ipa)[0].viseme.burst:
        return _edge_s(begin)
    return min(_edge_s(begin) + BURST_S, max(_edge_s(begin), _edge_s(first)))


def _heard(log_probabilities: NDArray[np.float32], symbols: Sequence[str | None]) -> list[_Heard]:
    """The likeliest symbol of each row, equal ones together."""
    best = log_probabilities.argmax(axis=1)
    heard: list[_Heard] = []
    before = -1
    for row, symbol in enumerate(best.tolist()):
        if symbols[symbol] is not None:
            if symbol == before:
                heard[-1] = _Heard(symbol, heard[-1].first, row)
            else:
                heard.append(_Heard(symbol, row, row))
        before = symbol
    return heard


def _quiet(samples: Samples, rows: int) -> NDArray[np.bool_]:
    hop = round(ROW_S * SAMPLE_RATE)
    start = round(_FIRST_EDGE_S * SAMPLE_RATE)
    cells = np.pad(samples, (0, max(0, start + rows * hop - len(samples))))[start : start + rows * hop].reshape(
        rows, hop
    )
    decibels = 10.0 * np.log10((cells.astype(np.float64) ** 2).mean(axis=1) + 1e-12)
    return decibels < max(_QUIET_DB, float(np.percentile(decibels, 95)) - _BELOW_PEAK_DB)


def _rows(
    heard: Sequence[_Heard], log_probabilities: NDArray[np.float32], quiet: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """The rows [begin, end) that belong to each sound."""
    begins = [_begin(heard[0].first, quiet)]
    ends: list[int] = []
    for one, other in pairwise(heard):
        end, begin = _between(one, other, log_probabilities, quiet)
        ends.append(end)
        begins.append(begin)
    ends.append(_end(heard[-1].last + 1, quiet))
    return list(zip(begins, ends, strict=True))


def _begin(first: int, quiet: NDArray[np.bool_]) -> int:
    """Where a sound begins before which none was heard."""
    earliest = max(0, first - _BEFORE)
    silent = np.flatnonzero(quiet[earliest:first])
    return earliest + int(silent[-1]) + 1 if len(silent) else earliest


def _end(after: int, quiet: NDArray[np.bool_]) -> int:
    """Where a sound ends after which none was heard."""
    silent = np.flatnonzero(quiet[after : after + _LONGEST])
    return after + int(silent[0]) if len(silent) else min(len(quiet), after + _AFTER)


def _between(
    one: _Heard, other: _Heard, log_probabilities: NDArray[np.float32], quiet: NDArray[np.bool_]
) -> tuple[int, int]:
    """Where the one ends and where the other begins."""
    after, until = one.last + 1, other.first
    silent = _longest_run(quiet[after:until])
    if (silent[1] - silent[0]) * ROW_S >= PAUSE_S:
        return min(after + silent[0], after + _LONGEST), max(after + silent[1], until - _BEFORE)
    if until - after > _LONGEST:
        return after + _AFTER, until - _BEFORE
    odds = log_probabilities[after:until, one.symbol] - log_probabilities[after:until, other.symbol]
    likely = np.concatenate([[0.0], np.cumsum(odds, dtype=np.float64)])
    off_middle = np.abs(np.arange(len(likely)) - len(odds) / 2)
    split = after + int(np.argmax(likely - 1e-6 * off_middle))
    return split, split


def _longest_run(marks: NDArray[np.bool_]) -> tuple[int, int]:
    """[begin, end) of the longest run of marks; (0, 0) without any."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    begins, ends = steps[::2], steps[1::2]
    if not len(begins):
        return 0, 0
    longest = int(np.argmax(ends - begins))
    return int(begins[longest]), int(ends[longest])
