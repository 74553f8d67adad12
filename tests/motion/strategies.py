"""Made-up speech for property tests."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from mien.types import SAMPLE_RATE, Phoneme, Samples

SOUNDS = ("p", "b", "m", "f", "v", "t", "d", "k", "s", "ʃ", "tʃ", "l", "ð", "w", "ɹ", "h", "ph", "ts.h", "")
VOWELS = ("ɑː", "iː", "uː", "ə", "aɪ", "oʊ", "ɔɪ", "ɑːɹ", "y", "æ", "iɛ", "onɡ")


@st.composite
def speech(draw: st.DrawFn, max_sounds: int = 25) -> tuple[Samples, list[Phoneme]]:
    """Phonemes one after another, 15 … 350 ms each, and silence of the same length as their sound."""
    sounds = draw(
        st.lists(
            st.tuples(st.sampled_from(SOUNDS + VOWELS), st.integers(15, 350), st.integers(0, 2)), max_size=max_sounds
        )
    )
    now = draw(st.integers(0, 200))
    phonemes = []
    for ipa, length, stress in sounds:
        phonemes.append(Phoneme(ipa, now / 1000, (now + length) / 1000, stress))
        now += length
    return np.zeros(now * SAMPLE_RATE // 1000 + draw(st.integers(1, 4000)), np.float32), phonemes


def cut(samples: Samples, phonemes: list[Phoneme], at: list[int]) -> list[tuple[Samples, list[Phoneme]]]:
    """The same speech as pushes that end at the samples `at`."""
    edges = sorted({0, *(position % len(samples) for position in at), len(samples)})
    pieces = []
    for start, end in itertools.pairwise(edges):
        inside = [p for p in phonemes if start <= round(p.start_s * SAMPLE_RATE) < end]
        offset = start / SAMPLE_RATE
        pieces.append(
            (samples[start:end], [Phoneme(p.ipa, p.start_s - offset, p.end_s - offset, p.stress) for p in inside])
        )
    return pieces
