"""Speech with the times of its sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from mien.types.audio import Samples

Driver: TypeAlias = Literal["auto", "phonemes", "network", "energy"]
"""What moves the mouth: phonemes with times, the network that hears the sound, its loudness, or the best that is to be had."""

DRIVERS: tuple[Driver, ...] = get_args(Driver)


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One speech sound.

    Args:
        ipa: in IPA without stress marks or tones; "" is a pause.
        start_s: seconds from the start of the samples it belongs to.
        end_s: where the next one begins.
        stress: 0 none, 1 secondary, 2 primary.
    """

    ipa: str
    start_s: float
    end_s: float
    stress: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """A written word (or one Chinese character) with its time in the samples; for subtitles."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class SpeechChunk:
    """A piece of synthesised speech; consecutive chunks are played without a gap.

    Args:
        samples: float32 mono, shape (T,).
        sample_rate: Hz; the same in every chunk of one synthesis.
        phonemes: in order, covering the chunk; None if the voice does not know them.
        words: in order; empty if the voice does not know them.
        text: the sentence that these samples begin, "" for a continuation.
    """

    samples: Samples
    sample_rate: int
    phonemes: tuple[Phoneme, ...] | None = None
    words: tuple[Word, ...] = ()
    text: str = ""
