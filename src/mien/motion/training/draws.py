"""What would be heard if strangers said the same: frames drawn from the mixtures that many people's recorded speech went into.

Synthetic voices resemble real speech too little: their likenesses point to the right sound in a fifth of all frames, those of a real
reader in a third. A network that learns from them alone learns to distrust its ears. Frames that are drawn from the acoustic model, as the
model itself takes speech to be made, are heard as real voices are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mien.motion.ear import CEPSTRA, CUES, STREAMS, Mixtures, cues_of
from mien.motion.network import FRAMES_PER_STEP
from mien.motion.phones import PHONE_CLASSES

_STATES = 3
_HELD = (2, 7)
"""Frames for which one density is kept."""
_SPREAD = 0.9
"""Of the densities' own: they hold what many voices differ in, of which one voice has less."""
_KEEPS = 0.9
"""Correlation of one frame's deviation with the next one's."""
_SURER = (1.0, 1.2)
"""Likelihoods are multiplied by so much, differently in every scene."""

_SOUNDS = {
    "": "SIL", "a": "AH", "ɑ": "AA AO", "æ": "AE", "ɛ": "EH", "e": "EY", "ɪ": "IH", "i": "IY", "y": "UW IY", "ɨ": "IH UW",
    "u": "UW", "ʊ": "UH", "o": "OW", "ɔ": "AO", "ø": "ER EH", "ə": "AH", "ɜ": "ER", "p": "P", "b": "B", "m": "M", "f": "F",
    "v": "V", "w": "W", "t": "T", "d": "D", "n": "N", "ŋ": "NG", "k": "K", "ɡ": "G", "θ": "TH", "ð": "DH", "s": "S", "z": "Z",
    "ʃ": "SH", "ʒ": "ZH", "x": "HH K", "h": "HH", "l": "L", "ɹ": "R", "r": "R D", "j": "Y",
}  # fmt: skip
"""The English sounds that a class of phones is drawn as, by its first symbol; one of them is chosen each time."""

_PAIRS = {
    "aɪ": "AY", "ɑɪ": "AY", "aʊ": "AW", "ɑʊ": "AW", "ɔɪ": "OY", "eɪ": "EY", "ɛɪ": "EY", "oʊ": "OW", "əʊ": "OW",
    "tʃ": "CH", "dʒ": "JH",
}  # fmt: skip
"""Two classes that are one English sound when they follow each other."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Frames in which one sound is drawn."""

    begin: int
    end: int
    sound: int


def drawn(
    phones: NDArray[np.uint8],
    starts: NDArray[np.int64],
    levels: NDArray[np.float32],
    model: Mixtures,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """What is heard of scenes, as other people would say them.

    Args:
        phones: (N,), the class of every step.
        starts: steps at which a scene begins; the first is 0.
        levels: (2 N,), the last cue of every frame: how loud it is.
        model: all densities of the acoustic model, as `mien.motion.training.ear.sphinx_model` gives them.
        rng: decides everything.

    Returns:
        (2 N, CUES).
    """
    cues = np.empty((len(levels), CUES), np.float32)
    for begin, end in pairwise([*starts.tolist(), len(phones)]):
        at = slice(FRAMES_PER_STEP * begin, FRAMES_PER_STEP * end)
        frames = _frames(_stretches(phones[begin:end], model.names, rng), at.stop - at.start, model, rng)
        cues[at] = cues_of(frames, levels[at].tolist(), surer=float(rng.uniform(*_SURER)))
    return cues


def _stretches(phones: NDArray[np.uint8], names: tuple[str, ...], rng: np.random.Generator) -> list[_Stretch]:
    edges = np.flatnonzero(np.diff(phones, prepend=255, append=255)).tolist()
    runs = [(int(phones[begin]), FRAMES_PER_STEP * begin, FRAMES_PER_STEP * end) for begin, end in pairwise(edges)]
    pairs, single = _numbers(names)
    result: list[_Stretch] = []
    while runs:
        phone, begin, end = runs.pop(0)
        both = pairs.get((phone, runs[0][0])) if runs else None
        if both is not None:
            result.append(_Stretch(begin, runs.pop(0)[2], both))
        else:
            chosen = single[phone]
            result.append(_Stretch(begin, end, chosen[int(rng.integers(len(chosen)))]))
    return result


def _numbers(names: tuple[str, ...]) -> tuple[dict[tuple[int, int], int], list[tuple[int, ...]]]:
    """Rows of the model: of pairs of classes, and of single ones."""

    def phone(symbol: str) -> int:
        return next(number for number, symbols in enumerate(PHONE_CLASSES) if symbol in symbols)

    pairs = {(phone(pair[0]), phone(pair[1])): names.index(sound) for pair, sound in _PAIRS.items()}
    single = [tuple(names.index(sound) for sound in _SOUNDS[symbols[:1]].split()) for symbols in PHONE_CLASSES]
    return pairs, single


def _frames(stretches: list[_Stretch], count: int, model: Mixtures, rng: np.random.Generator) -> NDArray[np.float32]:
    """(STREAMS, count, CEPSTRA): each stretch goes through the three states of its sound, each state through some of its densities."""
    means = np.empty((STREAMS, count, CEPSTRA), np.float32)
    spreads = np.empty_like(means)
    for stretch in stretches:
        length = stretch.end - stretch.begin
        for state in range(_STATES):
            at = stretch.begin + length * state // _STATES
            end = stretch.begin + length * (state + 1) // _STATES
            while at < end:
                until = min(end, at + int(rng.integers(*_HELD)))
                for stream in range(STREAMS):
                    density = _chosen(model.weights[stream, stretch.sound, :, state], rng)
                    means[stream, at:until] = model.means[stream, stretch.sound, density]
                    spreads[stream, at:until] = np.sqrt(model.variances[stream, stretch.sound, density])
                at = until
    return (means + _SPREAD * spreads * _deviations(count, rng)).astype(np.float32)


def _chosen(weights: NDArray[np.float32], rng: np.random.Generator) -> int:
    so_far = np.cumsum(weights)
    return min(int(np.searchsorted(so_far, rng.random() * so_far[-1])), len(weights) - 1)


def _deviations(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Of spread 1, each frame's like the one before: (STREAMS, count, CEPSTRA)."""
    result = rng.standard_normal((STREAMS, count, CEPSTRA), dtype=np.float32)
    fresh = np.float32(np.sqrt(1.0 - _KEEPS**2))
    for frame in range(1, count):
        result[:, frame] = _KEEPS * result[:, frame - 1] + fresh * result[:, frame]
    return result
