"""How something is said: pitch, loudness, emphasis, pauses and the ends of phrases, heard piece by piece.

Pitch is the highest peak of the autocorrelation of 48 ms of sound below 900 Hz, divided by that of the window (Boersma, "Accurate short-term
analysis of the fundamental frequency", 1993), at lags that are a quarter of a semitone apart. Everything else is relative to the speaker's
habits, which are followed while they speak: an emphasis is what is louder and higher than usual.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.types import SAMPLE_RATE, Samples

HOP = 320
"""Samples from row to row: 20 ms."""
WINDOW = 768
"""Samples: three periods of the deepest voice."""

_BLOCK = 3
"""Rows are always computed this many at a time, so that cutting the sound differently cannot change the last bit."""

LOOKAHEAD_S = (WINDOW / 2 + (_BLOCK - 1) * HOP) / SAMPLE_RATE
"""A row is known once this much sound after it is."""

_LOUDEST = 1e4
_FFT = 1024
_LOWEST_HZ, _HIGHEST_HZ = 62.0, 500.0
_STEPS = 48
"""Pitches in an octave that are tried."""
_BAND_HZ = (50.0, 900.0)
_VOICED = 0.55
"""From this share of the sound's power on it is periodic."""
_OCTAVE_COST, _JUMP_COST = 0.04, 0.12
"""By an octave: a deeper pitch explains what a higher one does; a voice does not leap."""
_HEARD_DB, _BELOW_PEAK_DB, _PEAK_FALLS_DB = -62.0, 27.0, 0.06
"""Nothing below the first is voice, nor what is so much weaker than the loudest of late; that falls by so much a row. In the band."""
_SURE_ROWS = 3
"""So many rows in which the pitch goes on make a voice; a lone one is a chance of noise."""
_STEP_ST = 4.0
"""No voice goes on over a larger step."""

_SLOWEST = 250
"""Voiced rows: the habits follow within 5 s of voice."""
_PRIOR = 25
_TYPICAL_SPREAD_DB, _TYPICAL_SPREAD_ST = 4.5, 2.2

_SYLLABLE_ROWS = 4
"""Loudness and pitch are emphasised over a vowel, not over a period."""
_FULL_EMPHASIS = 1.7
"""Spreads above the mean."""

_WEIGHING_S = 0.12
_UNSTRESSED = 0.3
"""What is left of an accent without emphasis."""

PAUSE_S = 0.22
"""So long without voice ends a phrase; consonants between two vowels hardly take longer."""
_PHRASE_ROWS = 12
"""Voiced rows; what is shorter is no phrase."""
_ENDING_ROWS, _TAIL_ROWS = 22, 4
"""Voiced rows in which a question rises, and those that are its top."""
_QUESTION_ST, _CERTAIN_ST = 3.5, 8.0
"""Semitones of a rise that is perhaps, and surely, a question; Mandarin's rising tone spans about three."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The voice in one row.

    Args:
        hz: pitch; 0 without voice.
        pitch: semitones above the speaker's mean; 0 without voice.
        loudness: dB above the speaker's mean while there is voice; 0 without.
        emphasis: 0 … 1: louder and higher than the speaker's mean.
        pause_s: seconds since there was voice.
        phrase_end: a phrase is found to have ended here: `PAUSE_S` after its last voice, or with the sound.
        rise: 0 … 1, on a phrase's end: its pitch rose as in a question.
    """

    hz: float = 0.0
    pitch: float = 0.0
    loudness: float = 0.0
    emphasis: float = 0.0
    pause_s: float = 0.0
    phrase_end: bool = False
    rise: float = 0.0


@dataclass(frozen=True, slots=True)
class Cues:
    """What the voice asks of head and face in one frame.

    Args:
        speech: 0 listening … 1 speaking.
        accent: 0 … 1, a stressed syllable begins; how much it is emphasised.
        phrase_end: a phrase has ended.
        question: 0 … 1, in the end its pitch rose.
    """

    speech: float = 0.0
    accent: float = 0.0
    phrase_end: bool = False
    question: float = 0.0


QUIET = Cues()


@dataclass(slots=True)
class Habit:
    """A running mean and spread; the first value is the first mean."""

    spread: float
    mean: float = 0.0
    heard: int = 0

    def hear(self, value: float) -> None:
        if not self.heard:
            self.mean = value
        self.heard = min(self.heard + 1, _SLOWEST - _PRIOR)
        off = value - self.mean
        self.mean += off / self.heard if self.heard < _PRIOR else off / (self.heard + _PRIOR)
        self.spread += (abs(off) * 1.25 - self.spread) / (self.heard + _PRIOR)

    def above(self, value: float) -> float:
        """Spreads above the mean."""
        return (value - self.mean) / max(self.spread, 1.0)


@dataclass(slots=True)
class Speaker:
    """What is usual for who speaks; outlives the utterances of a stream."""

    loudness: Habit = field(default_factory=lambda: Habit(_TYPICAL_SPREAD_DB))
    """dB of full scale of the band below 900 Hz, of voiced rows."""
    pitch: Habit = field(default_factory=lambda: Habit(_TYPICAL_SPREAD_ST))
    """Semitones above 1 Hz."""
    peak_db: float = -40.0


class Prosody:
    """The rows of one utterance; row t is centred on sample `t * HOP`. They do not depend on how the sound was cut.

    Args:
        speaker: who speaks; followed as rows are taken.
    """

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._pitches = _Pitches()
        self._phrase = _Phrase()
        self._pending: deque[Samples] = deque()
        self._buffer = np.zeros(WINDOW // 2, np.float32)
        self._known = 0
        self._ended = False
        self._computed = 0
        self._ready: deque[Moment] = deque()
        self._given = 0
        self._syllable: deque[float] = deque(maxlen=_SYLLABLE_ROWS)
        self._going: list[float] = []

    def push(self, samples: Samples) -> None:
        """More sound: float32 mono 16 kHz, any length; what is not finite, or absurd, counts as silence. Quick, the work is done in `take`."""
        self._pending.append(samples)
        self._known += len(samples)

    def finish(self) -> None:
        """No more sound will come."""
        self._ended = True

    def knows(self, seconds: float) -> bool:
        """All rows before this time can be taken."""
        return self._ended or _rows_before(seconds) <= (self._known - WINDOW // 2 + HOP) // HOP // _BLOCK * _BLOCK

    def take(self, seconds: float) -> list[Moment]:
        """The next rows, as far as they lie before this time and before the end of the sound."""
        last = -(-self._known // HOP) if self._ended else None
        until = _rows_before(seconds) if last is None else min(_rows_before(seconds), last)
        while self._computed < until and self._fill():
            self._block(last)
        count = min(len(self._ready), until - self._given)
        self._given += max(count, 0)
        return [self._ready.popleft() for _ in range(count)]

    def _fill(self) -> bool:
        """Brings the sound of the next block together; after the end silence follows."""
        needed = WINDOW + (_BLOCK - 1) * HOP
        missing = needed - len(self._buffer)
        parts = [self._buffer]
        while missing > 0 and self._pending:
            piece = self._pending.popleft()
            if len(piece) > missing:
                self._pending.appendleft(piece[missing:])
                piece = piece[:missing]
            parts.append(np.where(np.abs(piece) < _LOUDEST, piece, np.float32(0.0)))
            missing -= len(piece)
        if missing > 0 and self._ended:
            parts.append(np.zeros(missing, np.float32))
        self._buffer = np.concatenate(parts) if len(parts) > 1 else self._buffer
        return len(self._buffer) >= needed

    def _block(self, last: int | None) -> None:
        frames = self._buffer[_SLICES]
        self._buffer = self._buffer[_BLOCK * HOP :]
        for db, *row in zip(*_likely(frames), strict=True):
            self._computed += 1
            if last is None or self._computed <= last:
                self._ready.append(self._moment(db, row, final=self._computed == last))

    def _moment(self, db: float, likely: Sequence[NDArray[np.float32]], final: bool) -> Moment:
        speaker = self._speaker
        speaker.peak_db = max(speaker.peak_db - _PEAK_FALLS_DB, db)
        heard = db > max(_HEARD_DB, speaker.peak_db - _BELOW_PEAK_DB)
        hz = self._pitches.follow(*likely) if heard else self._pitches.lose()
        if hz == 0.0:
            self._syllable.clear()
            self._going.clear()
            return self._phrase.rest(final)
        semitones = 12.0 * math.log2(hz)
        if self._going and abs(semitones - self._going[-1]) > _STEP_ST:
            self._going.clear()
        self._going.append(semitones)
        if len(self._going) < _SURE_ROWS:
            return self._phrase.rest(final)
        self._going = self._going[-_SURE_ROWS:]
        speaker.loudness.hear(db)
        speaker.pitch.hear(semitones)
        above = 0.5 * _bounded(speaker.loudness.above(db)) + 0.5 * _bounded(speaker.pitch.above(semitones))
        self._syllable.append(above)
        emphasis = sum(self._syllable) / (_SYLLABLE_ROWS * _FULL_EMPHASIS)
        moment = Moment(hz, semitones - speaker.pitch.mean, db - speaker.loudness.mean, min(1.0, max(0.0, emphasis)))
        return self._phrase.voice(moment, semitones, final)


class Accents:
    """Weighs a stressed syllable by how it is said in its first moments.

    Args:
        fps: frames per second.
    """

    def __init__(self, fps: float) -> None:
        self._dt = 1.0 / fps
        self._accent, self._emphasis, self._age_s = 0.0, 0.0, math.inf

    def step(self, accent: float, emphasis: float) -> float:
        """One frame.

        Args:
            accent: 0 … 1, a stressed syllable begins in this frame.
            emphasis: 0 … 1, of this frame.

        Returns:
            0 … 1, more than 0 in the frame `_WEIGHING_S` after a stressed syllable's begin, or in that of the next one's if this comes before.
        """
        weighed = 0.0
        self._age_s += self._dt
        self._emphasis = max(self._emphasis, emphasis)
        if self._accent > 0.0 and (accent > 0.0 or self._age_s >= _WEIGHING_S):
            weighed = min(1.0, self._accent * (_UNSTRESSED + (1.0 - _UNSTRESSED) * self._emphasis))
            self._accent = 0.0
        if accent > 0.0:
            self._accent, self._emphasis, self._age_s = accent, emphasis, 0.0
        return weighed


def _likely(frames: NDArray[np.float32]) -> tuple[list[float], NDArray[np.float32], NDArray[np.float32]]:
    """What is heard in frames (N, WINDOW).

    Returns:
        How loud the band is, dB of full scale (N,); how periodic it is at each of `_HZ`, at most about 1 (N, len(_HZ)); the peaks of that with
        the higher pitch preferred, -1 beside them (N, len(_HZ) - 2).
    """
    waves = frames @ _TO_WAVES
    power = waves * waves
    total = power.sum(axis=1)
    loudness = 10.0 * np.log10(total * _TO_MEAN_SQUARE + 1e-10)
    periodic = power @ _AT_LAGS / (total[:, None] + 1e-9)
    rises = periodic[:, 1:] > periodic[:, :-1]
    peaks = np.where(rises[:, :-1] & ~rises[:, 1:], periodic[:, 1:-1] + _DEEPER, np.float32(-1.0))
    return loudness.tolist(), periodic, peaks


class _Pitches:
    """Follows the pitch."""

    def __init__(self) -> None:
        self._last: int | None = None

    def follow(self, periodic: NDArray[np.float32], peaks: NDArray[np.float32]) -> float:
        """The pitch, in Hz; 0 if there is none. See `_likely`."""
        scores = peaks
        if self._last is not None:
            scores = peaks - _LEAPS[len(_HZ) - self._last : 2 * len(_HZ) - self._last][1:-1]
        best = int(scores.argmax()) + 1
        left, top, right = periodic[best - 1 : best + 2].tolist()
        if top < _VOICED or peaks[best - 1] < 0.0:
            return self.lose()
        self._last = best
        bend = left - 2.0 * top + right
        beside = 0.5 * (left - right) / bend if bend < -1e-9 else 0.0
        return _LOWEST_HZ * 2.0 ** ((best + beside) / _STEPS)

    def lose(self) -> float:
        self._last = None
        return 0.0


class _Phrase:
    """Follows a phrase to its end."""

    def __init__(self) -> None:
        self._ending: deque[float] = deque(maxlen=_ENDING_ROWS)
        self._voiced = 0
        self._quiet = 0

    def voice(self, moment: Moment, semitones: float, final: bool) -> Moment:
        self._quiet = 0
        self._voiced += 1
        self._ending.append(semitones)
        return self._ended(moment) if final else moment

    def rest(self, final: bool) -> Moment:
        self._quiet += 1
        moment = Moment(pause_s=self._quiet * HOP / SAMPLE_RATE)
        return self._ended(moment) if final or moment.pause_s >= PAUSE_S else moment

    def _ended(self, moment: Moment) -> Moment:
        """The same, if a phrase has ended as its end."""
        voiced, ending = self._voiced, list(self._ending)
        self._voiced = 0
        self._ending.clear()
        if voiced < _PHRASE_ROWS:
            return moment
        return Moment(
            moment.hz,
            moment.pitch,
            moment.loudness,
            moment.emphasis,
            moment.pause_s,
            phrase_end=True,
            rise=_rise(ending),
        )


def _rise(ending: list[float]) -> float:
    """0 … 1 of the last voiced rows, in semitones: how surely they ask."""
    top = float(np.median(ending[-_TAIL_ROWS:]))
    before = ending[:-_TAIL_ROWS]
    if len(before) < _TAIL_ROWS:
        return 0.0
    bottom = float(np.median(sorted(before)[: max(_TAIL_ROWS, len(before) // 3)]))
    return min(1.0, max(0.0, (top - bottom - _QUESTION_ST) / (_CERTAIN_ST - _QUESTION_ST)))


def _rows_before(seconds: float) -> int:
    return math.ceil(round(seconds * SAMPLE_RATE) / HOP)


def _bounded(spreads: float) -> float:
    return min(3.0, max(-1.0, spreads))


_SLICES = HOP * np.arange(_BLOCK)[:, None] + np.arange(WINDOW)
_TAPER = np.hanning(WINDOW + 2)[1:-1].astype(np.float32)
_BINS = np.arange(round(_BAND_HZ[0] * _FFT / SAMPLE_RATE), round(_BAND_HZ[1] * _FFT / SAMPLE_RATE) + 1)
_HZ = _LOWEST_HZ * 2.0 ** (np.arange(math.ceil(_STEPS * math.log2(_HIGHEST_HZ / _LOWEST_HZ)) + 1) / _STEPS)


_DEEPER = (_OCTAVE_COST * np.arange(1, len(_HZ) - 1) / _STEPS).astype(np.float32)
_LEAPS = (_JUMP_COST * np.abs(np.arange(-len(_HZ), len(_HZ))) / _STEPS).astype(np.float32)
_TO_MEAN_SQUARE = 2.0 / (_FFT * float((_TAPER.astype(np.float64) ** 2).sum()))


def _to_waves() -> NDArray[np.float32]:
    """From a frame to its cosines and sines in `_BINS`: so few are made as quickly so as by a fast transform."""
    phase = 2.0 * np.pi * np.arange(WINDOW)[:, None] * _BINS / _FFT
    return (_TAPER[:, None] * np.concatenate([np.cos(phase), np.sin(phase)], axis=1)).astype(np.float32)


def _at_lags() -> NDArray[np.float32]:
    """From the power of cosines and sines to the autocorrelation at the lags of `_HZ`, as if the window did not shorten it."""
    own = np.correlate(_TAPER, _TAPER, "full")[WINDOW - 1 :]
    lags = SAMPLE_RATE / _HZ
    window = np.interp(lags, np.arange(WINDOW), own / own[0])
    weights = np.cos(2.0 * np.pi * _BINS[:, None] * lags / _FFT) / window
    return np.concatenate([weights, weights]).astype(np.float32)


_TO_WAVES, _AT_LAGS = _to_waves(), _at_lags()
