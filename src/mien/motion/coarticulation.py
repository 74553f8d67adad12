"""From phonemes with times to a moving mouth.

Every sound pulls each channel towards its viseme with a strength that falls off before and after it; the mouth is the weighted mean
(Cohen & Massaro, "Modeling coarticulation in synthetic visual speech", 1993). What must not be averaged away is put on top: lips that
really close for p b m, the lower lip at the teeth for f v, a mouth that is shut in pauses.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE, MouthTrack
from mien.motion.source import ACCENT, CONTACT, LIP_BITE, LIPS_CLOSE, ROW_WIDTH, Rows
from mien.motion.visemes import AFTER_S, BEFORE_S, CLOSURE, FV, GAP, JAW, SPEECH, Viseme, targets
from mien.types import SAMPLE_RATE, Phoneme, Samples

REACH_S = 0.25
"""A sound has no influence beyond this distance."""

LOOKAHEAD_S = 0.35
"""Exactly the sounds that begin within this time after a block of rows have a say in it."""

BURST_S = 0.045
"""espeak-ng dates p t k at their burst; the closure is the silence of this length before it (notes on its phoneme events)."""

_VOICED_STOPS = "bdɡgɖɟ"
"""espeak-ng dates them at their burst too, after a pause and after most consonants: measured on its b, 34 ms of digital silence go before."""

_STEP = SAMPLE_RATE // 200
_SILENT = 1e-3
"""Of a sample; -60 dB."""
_BEFORE_BURST_S, _AFTER_BURST_S = (0.025, 0.005), 0.02

HOLD_S = 0.05
"""Lips stay together at least this long: more than one frame at 25 fps, so that a frame always falls into it."""

MAX_HOLD_S = 0.075
PAUSE_S = 0.15
"""Shorter pauses do not close the mouth."""

_CONTACT_ROOM_S = 0.075
"""The time in which lips part after a contact, or come together before it."""

CLOSING_S, OPENING_S = 0.15, 0.12
ONSET_S = 0.06
"""The mouth is shut at the very start and fades in within this time."""

BITE_GAP = 0.012
"""IOD between lower lip and upper lip in f v, where the teeth are seen."""

PRESSED_JAW = 0.05
"""IOD; lips cannot meet over a jaw that hangs lower."""

_BLOCK = 10
"""Rows are always computed in the same blocks, so that cutting the input differently cannot change the last bit."""

_STRESS_GAIN = (0.84, 1.0, 1.14)
_STRESS_WEIGHT = (0.85, 1.0, 1.3)
_TYPICAL_VOWEL_S = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    left: float
    right: float
    values: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Contact:
    """A time in which the lips touch each other (`LIPS_CLOSE`) or the teeth (`LIP_BITE`)."""

    start: float
    end: float
    kind: float

    @property
    def middle_row(self) -> int:
        return round((self.start + self.end) / 2 * MOUTH_RATE)


def _smooth(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _expressed(viseme: Viseme, stress: int, seconds: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values and weights of a viseme as it is spoken: stress and time make a vowel larger, haste smaller."""
    if not viseme.vowel:
        return viseme.values, viseme.weights
    gain = _STRESS_GAIN[stress] * float(np.clip(0.72 + 0.28 * seconds / _TYPICAL_VOWEL_S, 0.75, 1.06))
    values = viseme.values.copy()
    values[[JAW, GAP]] *= gain
    return values, viseme.weights * _STRESS_WEIGHT[stress]


class _Levels:
    """The loudest sample of every 5 ms of the sound, until they are forgotten."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._peaks: deque[float] = deque()
        self._first = 0

    def push(self, samples: Samples) -> None:
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // _STEP * _STEP
        self._peaks.extend(np.abs(sound[:whole]).reshape(-1, _STEP).max(axis=1).tolist())
        self._rest = sound[whole:]

    def forget(self, before_s: float) -> None:
        while self._peaks and (self._first + 1) * _STEP < before_s * SAMPLE_RATE:
            self._peaks.popleft()
            self._first += 1

    def bursts(self, seconds: float) -> bool:
        """Whether digital silence ends there."""
        at = seconds * SAMPLE_RATE / _STEP - self._first
        wide, near = (back * SAMPLE_RATE / _STEP for back in _BEFORE_BURST_S)
        before = self._between(math.ceil(at - wide), math.floor(at - near))
        after = self._between(math.floor(at), math.ceil(at + _AFTER_BURST_S * SAMPLE_RATE / _STEP))
        return bool(before) and max(before) < _SILENT <= max(after, default=0.0)

    def _between(self, first: int, last: int) -> list[float]:
        """As far as the sound goes, and is not forgotten."""
        return [self._peaks[step] for step in range(max(0, first), min(last, len(self._peaks)))]


class PhonemeMouth:
    """A `MouthSource` that follows phonemes."""

    lookahead_s = LOOKAHEAD_S

    def __init__(self) -> None:
        self._samples = 0
        self._levels = _Levels()
        self._waiting: deque[Phoneme] = deque()
        self._targets: deque[_Target] = deque()
        self._contacts: deque[_Contact] = deque()
        self._accents: deque[tuple[int, float]] = deque()
        self._spans: deque[tuple[float, float]] = deque()
        self._row = 0
        self._end_s = 0.0
        self._finished = False

    def push(self, samples: Samples, phonemes: Sequence[Phoneme]) -> None:
        """Phonemes belong to the push in whose samples they begin; they may end after it."""
        start = self._samples
        self._samples += len(samples)
        self._levels.push(samples)
        for phoneme in phonemes:
            begin = (start + round(phoneme.start_s * SAMPLE_RATE)) / SAMPLE_RATE
            end = (start + round(phoneme.end_s * SAMPLE_RATE)) / SAMPLE_RATE
            if targets(phoneme.ipa):
                self._waiting.append(Phoneme(phoneme.ipa, begin, max(begin, end), min(2, max(0, phoneme.stress))))
                self._end_s = max(self._end_s, end)

    def finish(self) -> None:
        self._finished = True

    def _add(self, phoneme: Phoneme) -> None:
        parts = targets(phoneme.ipa)
        begin, end = phoneme.start_s, phoneme.end_s
        burst = parts[0].viseme.burst or (phoneme.ipa[0] in _VOICED_STOPS and self._levels.bursts(begin))
        if burst:
            self._make_room(begin - BURST_S)
            begin = max(0.0, begin - BURST_S)
            if len(parts) == 1:
                end = begin + BURST_S + 0.005
        seconds = max(end - begin, 0.01)
        for part in parts:
            self._add_part(part.viseme, begin, begin + seconds * part.share, phoneme.stress, burst=burst)
            begin += seconds * part.share
        self._extend_speech(max(0.0, phoneme.start_s - (BURST_S if burst else 0.0)), phoneme.end_s)
        if phoneme.stress and any(part.viseme.vowel for part in parts):
            self._accents.append((round(phoneme.start_s * MOUTH_RATE), phoneme.stress / 2))

    def _extend_speech(self, start: float, end: float) -> None:
        if self._spans and start - self._spans[-1][1] < PAUSE_S:
            self._spans[-1] = (self._spans[-1][0], max(end, self._spans[-1][1]))
        else:
            self._spans.append((start, end))

    def _make_room(self, begin: float) -> None:
        """The sound before a voiceless stop ends where the stop's closure begins."""
        if self._targets and self._targets[-1].right > begin - 0.01:
            last = self._targets[-1]
            self._targets[-1] = _Target(last.left, max(last.left, begin - 0.01), last.values, last.weights)

    def _add_part(self, viseme: Viseme, begin: float, end: float, stress: int, *, burst: bool) -> None:
        margin = 0.25 * min(end - begin, 0.2)
        values, weights = _expressed(viseme, stress, end - begin)
        self._targets.append(_Target(begin + margin, end - margin, values, weights))
        if viseme.lips:
            self._contacts.append(_contact(viseme, begin, end, burst=burst))

    def take(self, count: int) -> Rows:
        blocks: list[Rows] = []
        while len(blocks) * _BLOCK < count and self._ready():
            self._listen()
            blocks.append(self._block())
            self._row += _BLOCK
            self._forget()
        return np.concatenate(blocks) if blocks else np.zeros((0, ROW_WIDTH), np.float32)

    def _ready(self) -> bool:
        known = self._samples / SAMPLE_RATE
        if self._finished:
            return (self._row - 1) / MOUTH_RATE < max(known, self._end_s) + CLOSING_S
        return self._horizon() <= known

    def _horizon(self) -> float:
        return (self._row + _BLOCK - 1) / MOUTH_RATE + LOOKAHEAD_S

    def _listen(self) -> None:
        while self._waiting and self._waiting[0].start_s < self._horizon():
            self._add(self._waiting.popleft())

    def _forget(self) -> None:
        past = self._row / MOUTH_RATE - REACH_S - 0.05
        self._levels.forget(past)
        while self._targets and self._targets[0].right < past:
            self._targets.popleft()
        while self._contacts and self._contacts[0].end < past:
            self._contacts.popleft()
        while self._accents and self._accents[0][0] < self._row:
            self._accents.popleft()
        while len(self._spans) > 1 and self._spans[1][1] < past:
            self._spans.popleft()

    def _block(self) -> Rows:
        times = (self._row + np.arange(_BLOCK)) / MOUTH_RATE
        rows = np.zeros((_BLOCK, ROW_WIDTH))
        openness = self._openness(times)
        rows[:, : len(MOUTH_CHANNELS)] = self._blend(times) * openness[:, None]
        rows[:, SPEECH] = openness
        self._touch(rows, times)
        for row, strength in self._accents:
            if self._row <= row < self._row + _BLOCK:
                rows[row - self._row, ACCENT] = strength
        result = rows.astype(np.float32)
        result[result[:, CLOSURE] == 1.0, GAP] = 0.0
        return result

    def _blend(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        near = [t for t in self._targets if t.left - REACH_S < times[-1] and t.right + REACH_S > times[0]]
        if not near:
            return np.zeros((len(times), len(MOUTH_CHANNELS)))
        left = np.array([t.left for t in near])
        right = np.array([t.right for t in near])
        before = np.maximum(left - times[:, None], 0.0)  # (rows, targets)
        after = np.maximum(times[:, None] - right, 0.0)
        distance = before + after
        spread = np.where((before > 0.0)[:, :, None], BEFORE_S, AFTER_S)  # (rows, targets, channels)
        fade = np.maximum(1.0 - (distance / REACH_S) ** 2, 0.0) ** 2
        dominance = np.exp(-((distance[:, :, None] / spread) ** 1.7)) * fade[:, :, None]
        dominance *= np.array([t.weights for t in near])
        total = dominance.sum(axis=1)
        mixed = (dominance * np.array([t.values for t in near])).sum(axis=1)
        return mixed / np.maximum(total, 1e-12)

    def _openness(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 while speaking, 0 in pauses of more than `PAUSE_S`, smooth between."""
        onset = _smooth(times / ONSET_S)
        if any(start <= times[0] and times[-1] <= end for start, end in self._spans):
            return onset
        result = np.zeros(len(times))
        edges = [(-10.0, -10.0), *self._spans, (np.inf, np.inf)]
        for (start, silent_from), (silent_to, _) in pairwise(edges):
            result[(times >= start) & (times <= silent_from)] = 1.0
            pause = silent_to - silent_from
            closing = 1.0 - _smooth((times - silent_from) / min(CLOSING_S, pause / 2))
            opening_s = min(OPENING_S, pause / 2)
            opening = _smooth((times - (silent_to - opening_s)) / opening_s) if np.isfinite(silent_to) else 0.0
            inside = (times > silent_from) & (times < silent_to)
            result = np.where(inside, np.maximum(closing, opening), result)
        return result * onset

    def _touch(self, rows: NDArray[np.float64], times: NDArray[np.float64]) -> None:
        """Brings the lips together, or the lower lip to the teeth, wherever they must touch."""
        for index, contact in enumerate(self._contacts):
            if contact.start - _CONTACT_ROOM_S > times[-1] or contact.end + _CONTACT_ROOM_S < times[0]:
                continue
            room = [_CONTACT_ROOM_S, _CONTACT_ROOM_S]
            if index:
                room[0] = min(_CONTACT_ROOM_S, max(0.015, 0.45 * (contact.start - self._contacts[index - 1].end)))
            if index + 1 < len(self._contacts):
                room[1] = min(_CONTACT_ROOM_S, max(0.015, 0.45 * (self._contacts[index + 1].start - contact.end)))
            touch = _smooth(
                1.0 - np.maximum(contact.start - times, 0.0) / room[0] - np.maximum(times - contact.end, 0.0) / room[1]
            )
            if contact.kind == LIPS_CLOSE:
                rows[:, GAP] *= 1.0 - touch
                rows[:, CLOSURE] = np.maximum(rows[:, CLOSURE], touch)
                rows[:, FV] *= 1.0 - touch
                rows[:, JAW] = np.minimum(rows[:, JAW], rows[:, JAW] * (1.0 - touch) + PRESSED_JAW * touch)
            else:
                rows[:, GAP] += (np.minimum(rows[:, GAP], BITE_GAP) - rows[:, GAP]) * touch
                rows[:, FV] = np.maximum(rows[:, FV], touch * (1.0 - rows[:, CLOSURE]))
        for contact in self._contacts:
            row = contact.middle_row - self._row
            if 0 <= row < len(rows):
                rows[row, CONTACT] = contact.kind


def _contact(viseme: Viseme, begin: float, end: float, *, burst: bool) -> _Contact:
    kind = LIPS_CLOSE if viseme.lips == 1 else LIP_BITE
    length = float(np.clip(end - begin, HOLD_S, MAX_HOLD_S))
    start = (begin + end - length) / 2 if burst or kind == LIP_BITE else begin - 0.005
    if start < 2 * ONSET_S and kind == LIPS_CLOSE:  # speech that begins with p b m begins with lips together
        start, length = 0.0, start + length
    return _Contact(max(0.0, start), max(0.0, start) + length, kind)


def mouth_from_phonemes(phonemes: Iterable[Phoneme], seconds: float) -> MouthTrack:
    """The mouth for a whole utterance.

    Args:
        phonemes: in order, times from the start of the utterance.
        seconds: length of its sound; the track goes on until the mouth has closed after it.
    """
    mouth = PhonemeMouth()
    mouth.push(np.zeros(round(seconds * SAMPLE_RATE), np.float32), tuple(phonemes))
    mouth.finish()
    rows = mouth.take(sys.maxsize)
    return MouthTrack(np.ascontiguousarray(rows[:, : len(MOUTH_CHANNELS)]))
