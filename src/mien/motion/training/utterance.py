"""What the network learns from: sound whose phonemes are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mien.types import SAMPLE_RATE, Phoneme, Samples


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A piece of speech, or of something that is not speech.

    Convention: whatever made them, voiceless stops and affricates (p t k tʃ ts) begin at their burst, as in espeak-ng's events, so that
    their closure is the end of the sound before, or of the pause. Voiced stops and nasals begin with their closure and end with it.

    Args:
        samples: float32 mono, 16 kHz, shape (T,).
        phonemes: in order, not overlapping; the gaps between them are pauses; () where nobody speaks.
        language: espeak's name, such as "en-us" or "cmn"; "" where nobody speaks.
        voice: "espeak:cmn+f3", "flite:slt", "recorded:LJ001-0001", "noise:breath".
        text: what is said.
    """

    samples: Samples
    phonemes: tuple[Phoneme, ...]
    language: str
    voice: str
    text: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


class Source(Protocol):
    """Makes utterances of one kind; safe to use from several threads."""

    def utterance(self, rng: np.random.Generator) -> Utterance | None:
        """One utterance, the same for an equal `rng`; None where this one could not be made and another should be tried."""
        ...

    def close(self) -> None:
        """Ends what the source has started."""
        ...
