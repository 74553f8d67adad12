"""Brings the phonemes of all voices to one convention: when consonants begin and let go, and which vowels are stressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np

from mien.motion.coarticulation import BURST_S
from mien.motion.visemes import targets
from mien.types import SAMPLE_RATE, Phoneme, Samples

_STEP = SAMPLE_RATE // 500
"""2 ms."""
_WINDOW = 4
"""Steps: 8 ms before a moment are compared with 8 ms after it."""
_SHORTEST_S = 0.01
_USUAL_BURST = 0.7
"""Share of a stop's time that has passed at its burst, where none is heard."""
_HEARD_DB = 6.0

_VOICED_STOPS, _NASALS = "bdɡgɖɟ", "mnŋɲɳ"
_RELEASE_S = 0.024
"""Measured on en-us, de, es, it and cmn at three speeds and with four variants: the spectrum changes most 15 to 35 ms before the
vowel's event, times the speed; for s z f v it does so within 4 ms of it."""
_MOST_OF_IT = 0.45
_SILENT_S = 0.02
_SILENCE = 0.001
"""Sample values; −60 dB. espeak-ng's closures are digital silence."""


def at_bursts(samples: Samples, phonemes: Sequence[Phoneme]) -> tuple[Phoneme, ...]:
    """The phonemes with p t k tʃ beginning at their burst, where they began with their closure.

    The sound before lasts until there; after a pause, the closure joins the pause.
    """
    result: list[Phoneme] = []
    for sound in phonemes:
        parts = targets(sound.ipa)
        if parts and parts[0].viseme.burst and sound.end_s - sound.start_s > 2 * _SHORTEST_S:
            burst_s = _burst_s(samples, sound.start_s, sound.end_s)
            if result and sound.start_s - result[-1].end_s < _SHORTEST_S:
                result[-1] = replace(result[-1], end_s=burst_s)
            sound = replace(sound, start_s=burst_s)
        result.append(sound)
    return tuple(result)


def _burst_s(samples: Samples, start_s: float, end_s: float) -> float:
    """When the sound rises most within a stop."""
    first, last = (round(time * SAMPLE_RATE / _STEP) for time in (start_s, end_s))
    begin = max(0, first - _WINDOW)
    piece = np.diff(samples[begin * _STEP : (last + _WINDOW) * _STEP].astype(np.float64), prepend=0.0)
    count = len(piece) // _STEP
    power = np.square(piece[: count * _STEP]).reshape(count, _STEP).mean(axis=1) + 1e-9
    level = np.concatenate([[0.0], np.cumsum(power)])
    middles = np.arange(_WINDOW, count - _WINDOW + 1)
    rise_db = 10.0 * np.log10((level[middles + _WINDOW] - level[middles]) / (level[middles] - level[middles - _WINDOW]))
    at = (begin + middles) * _STEP / SAMPLE_RATE
    inside = (at > start_s + _SHORTEST_S) & (at < end_s - _SHORTEST_S / 2)
    if not inside.any() or rise_db[inside].max() < _HEARD_DB:
        return start_s + _USUAL_BURST * (end_s - start_s)
    return float(at[inside][rise_db[inside].argmax()])


def released(samples: Samples, phonemes: Sequence[Phoneme], rate: float) -> tuple[Phoneme, ...]:
    """espeak-ng's phonemes with voiced stops and nasals in their place.

    espeak-ng counts the way from such a consonant into the vowel to the consonant, where others count it to the vowel; and after a
    pause or another consonant it dates a voiced stop at its burst, with a closure of silence before it.

    Args:
        rate: the factor on espeak-ng's speed with which they were spoken.
    """
    result: list[Phoneme] = []
    for sound in phonemes:
        start_s = sound.start_s
        letter, before = sound.ipa[:1], result[-1] if result else None
        joined = before is not None and start_s - before.end_s < _SHORTEST_S
        if letter in _VOICED_STOPS and _silent(samples, start_s - _SILENT_S, start_s - _SILENT_S / 4):
            free_s = 0.0 if before is None else before.start_s + _SHORTEST_S if joined else before.end_s
            start_s = max(free_s, start_s - BURST_S)
        if before is not None and joined:
            if _letter(sound) == "V" and before.ipa[:1] in _VOICED_STOPS + _NASALS:
                start_s -= min(_RELEASE_S / rate, _MOST_OF_IT * (before.end_s - before.start_s))
            result[-1] = replace(before, end_s=start_s)
        result.append(replace(sound, start_s=start_s))
    return tuple(result)


def _silent(samples: Samples, start_s: float, end_s: float) -> bool:
    piece = samples[max(0, round(start_s * SAMPLE_RATE)) : max(0, round(end_s * SAMPLE_RATE))]
    return float(np.abs(piece).max(initial=0.0)) < _SILENCE


def with_stress(phonemes: Sequence[Phoneme], stressed: Sequence[Phoneme]) -> tuple[Phoneme, ...]:
    """The phonemes with the stress of the same text's other pronunciation; where the two differ too much, none."""
    ours, theirs = [_letter(sound) for sound in phonemes], [_letter(sound) for sound in stressed]
    result = [replace(sound, stress=0) for sound in phonemes]
    for mine, other, count in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        for offset in range(count):
            result[mine + offset] = replace(result[mine + offset], stress=stressed[other + offset].stress)
    return tuple(result)


def _letter(sound: Phoneme) -> str:
    """One letter for all vowels, and for each consonant its own."""
    parts = targets(sound.ipa)
    return "V" if parts and parts[0].viseme.vowel else sound.ipa[:1]


def in_order(phonemes: Sequence[Phoneme]) -> bool:
    """Whether each phoneme lasts, and ends before the next begins."""
    lasting = all(sound.end_s > sound.start_s for sound in phonemes)
    return lasting and all(second.start_s >= first.end_s - 1e-6 for first, second in pairwise(phonemes))
