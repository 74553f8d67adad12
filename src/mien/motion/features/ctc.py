"""From what a recogniser thinks of every 20 ms to phonemes with times.

CTC says *that* a sound was heard, in one row or few, and is silent ("blank") for the rest of it. Where one sound ends and the next begins is
therefore found between their rows: where the one stops being likelier than the other, leaving blank aside. A stretch without any sound is a
pause where it is quiet, or where it is too long for the sounds beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
_SILENT = 1e-12
_SILENT_DB = -120.0
_HOP = round(ROW_S * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A symbol in the rows [first, last]; `split` is the row from which on it is likelier than the one heard before it."""

    symbol: int
    first: int
    last: int
    split: int


class Decoder:
    """The phonemes of a recording of any length: of each row it keeps a number, of each sound heard a few.

    Args:
        symbols: names in IPA; None is blank, or anything that is no sound.
    """

    def __init__(self, symbols: Sequence[str | None]) -> None:
        self._symbols = symbols
        self._heard: list[_Heard] = []
        self._before = -1
        self._rows = 0
        self._recent = np.zeros((0, len(symbols)), np.float32)
        """The last rows, as far back as two sounds may share them."""
        self._samples = 0
        self._rest = np.zeros(0, np.float32)
        self._skip = round(_FIRST_EDGE_S * SAMPLE_RATE)
        self._decibels: list[NDArray[np.float64]] = []

    def hear(self, samples: Samples) -> None:
        """More of the recording, to tell pauses."""
        self._samples += len(samples)
        skipped = min(self._skip, len(samples))
        self._skip -= skipped
        self._rest = np.concatenate([self._rest, samples[skipped:]])
        whole = len(self._rest) // _HOP * _HOP
        self._decibels.append(_decibels(self._rest[:whole]))
        self._rest = self._rest[whole:]

    def push(self, log_probabilities: NDArray[np.float32]) -> None:
        """More rows: (T, V), 50 per second."""
        known = np.concatenate([self._recent, log_probabilities])
        first_known = self._rows - len(self._recent)
        for row, symbol in enumerate(log_probabilities.argmax(axis=1).tolist(), self._rows):
            if self._symbols[symbol] is not None:
                if symbol == self._before:
                    self._heard[-1] = replace(self._heard[-1], last=row)
                else:
                    self._heard.append(_Heard(symbol, row, row, self._split(symbol, row, known, first_known)))
            self._before = symbol
        self._rows += len(log_probabilities)
        self._recent = known[-_LONGEST:]

    def phonemes(self) -> list[Phoneme]:
        """All of it.

        Returns:
            From 0 to the end of the recording without gaps; pauses are "". As espeak-ng has it, p t k begin at their burst.
        """
        seconds = self._samples / SAMPLE_RATE
        heard = self._heard
        if not heard:
            return list(without_joints([Phoneme("", 0.0, seconds)]))
        rows = _rows(heard, self._quiet())
        names = [self._symbols[one.symbol] or "" for one in heard]
        begins = [_begin_s(name, begin, one.first) for name, (begin, _), one in zip(names, rows, heard, strict=True)]
        sounds: list[Phoneme] = []
        last_end_s = 0.0
        for index, name in enumerate(names):
            end = rows[index][1]
            adjacent = index + 1 < len(heard) and rows[index + 1][0] == end
            end_s = begins[index + 1] if adjacent else min(seconds, _edge_s(end))
            sounds.append(Phoneme("", last_end_s, begins[index]))
            sounds.append(Phoneme(name, begins[index], end_s))
            last_end_s = end_s
        sounds.append(Phoneme("", last_end_s, seconds))
        return list(without_joints(sounds))

    def _split(self, symbol: int, row: int, known: NDArray[np.float32], first_known: int) -> int:
        """Where a sound begins that is heard in a row, if the one before it lasts until there."""
        if not self._heard or row - self._heard[-1].last - 1 > _LONGEST:
            return row
        after = self._heard[-1].last + 1
        between = known[after - first_known : row - first_known]
        odds = between[:, self._heard[-1].symbol] - between[:, symbol]
        likely = np.concatenate([[0.0], np.cumsum(odds, dtype=np.float64)])
        off_middle = np.abs(np.arange(len(likely)) - len(odds) / 2)
        return after + int(np.argmax(likely - 1e-6 * off_middle))

    def _quiet(self) -> NDArray[np.bool_]:
        """(T,), of each row."""
        last = _decibels(np.pad(self._rest, (0, -len(self._rest) % _HOP)))
        missing = max(0, self._rows - len(last) - sum(map(len, self._decibels)))
        decibels = np.concatenate([*self._decibels, last, np.full(missing, _SILENT_DB)])[: self._rows]
        return decibels < max(_QUIET_DB, float(np.percentile(decibels, 95)) - _BELOW_PEAK_DB)


def _decibels(samples: Samples) -> NDArray[np.float64]:
    cells = samples.reshape(-1, _HOP).astype(np.float64)
    return 10.0 * np.log10((cells**2).mean(axis=1) + _SILENT)


def _edge_s(row: int) -> float:
    """Where a row begins."""
    return row * ROW_S + _FIRST_EDGE_S if row else 0.0


def _begin_s(ipa: str, begin: int, first: int) -> float:
    if not targets(ipa)[0].viseme.burst:
        return _edge_s(begin)
    return min(_edge_s(begin) + BURST_S, max(_edge_s(begin), _edge_s(first)))


def _rows(heard: Sequence[_Heard], quiet: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The rows [begin, end) that belong to each sound."""
    begins = [_begin(heard[0].first, quiet)]
    ends: list[int] = []
    for one, other in pairwise(heard):
        end, begin = _between(one, other, quiet)
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


def _between(one: _Heard, other: _Heard, quiet: NDArray[np.bool_]) -> tuple[int, int]:
    """Where the one ends and where the other begins."""
    after, until = one.last + 1, other.first
    silent = _longest_run(quiet[after:until])
    if (silent[1] - silent[0]) * ROW_S >= PAUSE_S:
        return min(after + silent[0], after + _LONGEST), max(after + silent[1], until - _BEFORE)
    if until - after > _LONGEST:
        return after + _AFTER, until - _BEFORE
    return other.split, other.split


def _longest_run(marks: NDArray[np.bool_]) -> tuple[int, int]:
    """[begin, end) of the longest run of marks; (0, 0) without any."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    begins, ends = steps[::2], steps[1::2]
    if not len(begins):
        return 0, 0
    longest = int(np.argmax(ends - begins))
    return int(begins[longest]), int(ends[longest])
