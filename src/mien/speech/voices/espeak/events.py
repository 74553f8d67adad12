"""espeak-ng's events as phonemes and words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from mien.speech.phonemes import without_joints
from mien.types import Phoneme, Word

Event: TypeAlias = tuple[int, int, int, int, str]
"""type, 1-based position in the text, length in characters, sample, phoneme name; see `worker.py`."""

_WORD, _PHONEME = 1, 7
_LANGUAGE_SWITCH = re.compile(r"^\([a-z0-9-]*\)?$", re.IGNORECASE)
_NOT_SOUNDS = re.compile(r"[ˈˌ'‚,0-9˥˦˧˨˩_:|#]")


def phonemes(events: Sequence[Event], samples: int, sample_rate: int) -> tuple[Phoneme, ...]:
    """The sounds of one utterance, covering its `samples` without gaps.

    Convention: a phoneme starts where espeak says. For voiceless stops (p t k) that is the burst: their closure, about
    45 ms of silence, belongs to the phoneme before. Names are espeak's own IPA: affricates, diphthongs and r-coloured vowels are
    one phoneme (`tʃ`, `aɪ`, `ɑːɹ`), and Mandarin's are not pure IPA (`tɕh`, `s.`, `i.`).
    """
    marks = [
        (event[3] / sample_rate, event[4])
        for event in events
        if event[0] == _PHONEME and not _LANGUAGE_SWITCH.match(event[4])
    ]
    total = samples / sample_rate
    ends = [*(start for start, _ in marks), total][1:]
    sounds = [
        Phoneme(_NOT_SOUNDS.sub("", name), start, min(end, total), _stress(name))
        for (start, name), end in zip(marks, ends, strict=True)
    ]
    return without_joints([Phoneme("", 0.0, sounds[0].start_s), *sounds] if sounds else [])


def _stress(name: str) -> int:
    if "ˈ" in name:
        return 2
    return int("ˌ" in name)


def words(events: Sequence[Event], text: str, phonemes: Sequence[Phoneme], sample_rate: int) -> tuple[Word, ...]:
    """The written words of `text` with their times.

    A number that is spoken as several words is one; letters that have no word event of their own belong to the word before
    (espeak has one event for a Chinese word of several characters, and gives it the length of the first).
    """
    marks: list[tuple[int, int, float]] = []
    for kind, position, length, sample, _ in events:
        start = position - 1
        if (
            kind == _WORD
            and length > 0
            and text[start : start + length].strip()
            and (not marks or start >= marks[-1][1])
        ):
            marks.append((start, start + length, sample / sample_rate))
    speech_end = max((item.end_s for item in phonemes if item.ipa), default=0.0)
    following = [*((start, begin) for start, _, begin in marks), (len(text), speech_end)][1:]
    return tuple(
        Word(_word(text, start, end, limit), begin, _end_of_sound(phonemes, begin, max(begin, finish)))
        for (start, end, begin), (limit, finish) in zip(marks, following, strict=True)
    )


def _word(text: str, start: int, end: int, limit: int) -> str:
    """The text from `start` to its last letter or digit before `limit`, at least to `end`."""
    last = max((index + 1 for index in range(end, limit) if text[index].isalnum()), default=end)
    return text[start:last].strip()


def _end_of_sound(phonemes: Sequence[Phoneme], start: float, end: float) -> float:
    """Where the sounds in [start, end) stop: a pause after a word is not part of it."""
    sounds = [item.end_s for item in phonemes if item.ipa and item.start_s < end and item.end_s > start]
    return min(end, max(sounds, default=end))
