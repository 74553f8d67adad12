"""Sound to test with: a sentence with the times of its phonemes, silence, and ways to cut them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mien.media import resample
from mien.settings import Settings
from mien.speech import speak
from mien.types import SAMPLE_RATE, Phoneme, Samples


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """Args:
    samples: float32 mono 16 kHz.
    phonemes: times from its start; None: to be worked out from the sound.
    """

    samples: Samples
    phonemes: tuple[Phoneme, ...] | None = None

    def pieces(self, length: int) -> Iterator[Utterance]:
        """The same in pieces of `length` samples; each has the phonemes that begin in it."""
        for start in range(0, len(self.samples), length):
            yield Utterance(self.samples[start : start + length], self._phonemes(start, start + length))

    def _phonemes(self, start: int, end: int) -> tuple[Phoneme, ...] | None:
        if self.phonemes is None:
            return None
        shift = start / SAMPLE_RATE
        return tuple(
            replace(phoneme, start_s=phoneme.start_s - shift, end_s=phoneme.end_s - shift)
            for phoneme in self.phonemes
            if start <= round(phoneme.start_s * SAMPLE_RATE) < end
        )


def sentence(settings: Settings, text: str = "Bob may help Mama five more times.") -> Utterance:
    """The text, said by espeak; its phonemes belong to it."""
    samples, phonemes = [], []
    seconds = 0.0
    rate = SAMPLE_RATE
    for chunk in speak(text, settings, "espeak:en-us"):
        rate = chunk.sample_rate
        samples.append(chunk.samples)
        phonemes += [
            replace(phoneme, start_s=phoneme.start_s + seconds, end_s=phoneme.end_s + seconds)
            for phoneme in chunk.phonemes or ()
        ]
        seconds += len(chunk.samples) / rate
    return Utterance(resample(np.concatenate(samples), rate, SAMPLE_RATE), tuple(phonemes))


def without_phonemes(utterance: Utterance) -> Utterance:
    """The same sound alone."""
    return Utterance(utterance.samples)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)
