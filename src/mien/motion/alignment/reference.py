"""A text as espeak-ng says it: the voice whose times are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mien.errors import TextError
from mien.media import resample
from mien.motion.alignment.spectra import FRAME_S, Spectra
from mien.speech import Speaker, language_runs, speakable, split_sentences
from mien.types import SAMPLE_RATE, Phoneme, SpeechChunk, Word

STEEPEST = 4
"""A speaker may be faster than espeak-ng by this factor for a while."""

_TURNS = (0.0, 0.4, 0.7)
"""Where the other orders begin, as shares of the text: one order may be more alike by chance."""

_AHEAD = 1.3
"""So much more text than sound is offered where the text goes on: the speaker may be faster there than in the mean."""

_Timed = TypeVar("_Timed", Phoneme, Word)

_VARIANT = "+f2"
"""Between a man's and a woman's voice: it lay as close to both as any variant that was tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Some sentences in espeak-ng's voice; times in seconds from their start.

    Args:
        sentences: as they are written.
        frames: what can be compared, (M, F).
        phonemes: without pauses.
        words: with espeak's times.
        starts_s: when each sentence begins.
        columns: (C,), frames in the order in which a speaker passes them; -1 at every place where one may pause.
    """

    sentences: tuple[str, ...]
    frames: NDArray[np.float32]
    phonemes: tuple[Phoneme, ...]
    words: tuple[Word, ...]
    starts_s: tuple[float, ...]
    columns: NDArray[np.int64]

    def disordered(self) -> Iterator[NDArray[np.float32]]:
        """The frames as if the words came in another order: as alike as speech is to other speech of this voice."""
        sounding = self.columns >= 0
        words = np.split(self.columns, np.flatnonzero(~sounding))
        backwards = np.concatenate([word[word >= 0] for word in words[::-1]])
        for share in _TURNS:
            frames = self.frames.copy()
            frames[self.columns[sounding]] = self.frames[np.roll(backwards, round(share * len(backwards)))]
            yield frames


class SpokenText:
    """A text that is said piece by piece, when it is needed.

    Args:
        speaker: of espeak-ng.
        text: clean, with something to say in it.
    """

    def __init__(self, speaker: Speaker, text: str) -> None:
        self._speaker = speaker
        sentences = [sentence.strip() for sentence in split_sentences(text) if speakable(sentence)]
        lengths = {sentence: _speech_seconds(speaker, sentence) for sentence in sentences}
        self.sentences = [sentence for sentence in sentences if lengths[sentence]]
        self._lengths = [lengths[sentence] for sentence in self.sentences]
        self.rate = 1.0
        """Factor on espeak-ng's normal speed."""

    @property
    def seconds(self) -> float:
        """How long all its sounds last at normal speed."""
        return sum(self._lengths)

    def said(self, first: int, rows: int, *, all_the_rest: bool) -> Said | None:
        """The sentences from `first` on: as many as may be spoken in so many frames, or all that are left.

        Returns:
            None if they cannot be spoken in that time.
        """
        after = first
        seconds = 0.0
        while after < len(self.sentences) and (all_the_rest or seconds < _AHEAD * rows * FRAME_S):
            seconds += self._lengths[after] / self.rate
            after += 1
        if all_the_rest and seconds > STEEPEST * rows * FRAME_S:
            return None
        return _said(self._speaker, self.sentences[first:after], self.rate)


def voice_of(language: str, text: str) -> str:
    """The voice that says a text; language "": the one that its script tells."""
    return f"espeak:{language or language_runs(text)[0].language}{_VARIANT}"


def _speech_seconds(speaker: Speaker, sentence: str) -> float:
    """How long its sounds last at normal speed; 0 if espeak-ng has none for it."""
    try:
        chunks = list(speaker.speak(sentence))
    except TextError:
        return 0.0
    return sum(sound.end_s - sound.start_s for chunk in chunks for sound in chunk.phonemes or () if sound.ipa)


def _said(speaker: Speaker, sentences: Sequence[str], rate: float) -> Said:
    """Says sentences at `rate` times the normal speed."""
    samples: list[NDArray[np.float32]] = []
    phonemes: list[Phoneme] = []
    words: list[Word] = []
    starts: list[float] = []
    seconds = 0.0
    for sentence in sentences:
        starts.append(seconds)
        for chunk in speaker.speak(sentence, rate=rate):
            phonemes += [_later(sound, seconds) for sound in chunk.phonemes or () if sound.ipa]
            words += [_later(word, seconds) for word in chunk.words]
            samples.append(resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE))
            seconds += _seconds(chunk)
    frames = Spectra(samples).compared()
    return Said(
        tuple(sentences), frames, tuple(phonemes), tuple(words), tuple(starts), _columns(phonemes, words, len(frames))
    )


def _seconds(chunk: SpeechChunk) -> float:
    return len(chunk.samples) / chunk.sample_rate


def _later(one: _Timed, seconds: float) -> _Timed:
    return replace(one, start_s=one.start_s + seconds, end_s=one.end_s + seconds)


def _columns(phonemes: Sequence[Phoneme], words: Sequence[Word], frames: int) -> NDArray[np.int64]:
    """The frames of the sounds, with a pause before, after, between words and wherever espeak makes one itself."""
    sounding = np.zeros(frames, bool)
    for sound in phonemes:
        sounding[round(sound.start_s / FRAME_S) : round(sound.end_s / FRAME_S)] = True
    begins = {round(word.start_s / FRAME_S) for word in words}
    columns = [-1]
    for frame in range(frames):
        if (not sounding[frame] or frame in begins) and columns[-1] >= 0:
            columns.append(-1)
        if sounding[frame]:
            columns.append(frame)
    return np.array(columns if columns[-1] < 0 else [*columns, -1])
