"""What every voice that knows its sounds has to do with them."""

from __future__ import annotations

from collections.abc import Iterable

from mien.types import Phoneme

_SHORT_PAUSE_S = 0.06
"""Mandarin in espeak has an empty event of 5–40 ms between two syllables, Piper one between two words: a joint, no pause
that a mouth would show."""


def without_joints(sounds: Iterable[Phoneme]) -> tuple[Phoneme, ...]:
    """The sounds without empty ones; pauses in a row become one, too short ones prolong the sound before them."""
    result: list[Phoneme] = []
    for sound in sounds:
        if sound.end_s <= sound.start_s:
            continue
        last = result[-1] if result else None
        joint = not sound.ipa and sound.end_s - sound.start_s < _SHORT_PAUSE_S
        if last and not sound.ipa and (joint or not last.ipa):
            result[-1] = Phoneme(last.ipa, last.start_s, sound.end_s, last.stress)
        else:
            result.append(sound)
    return tuple(result)
