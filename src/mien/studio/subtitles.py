"""Subtitles from the times that the voice gives: of words where it knows them, else of sentences."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mien.media import Cue
from mien.types import SpeechChunk

MAX_COLUMNS = 42
"""Of one subtitle; a Chinese character takes two. The usual limit of broadcasters."""


@dataclass(slots=True)
class _Sentence:
    """Args:
    text: as it was written.
    anchors: (position in the text, seconds): what is known of when it is said.
    end_s: where its sound ends.
    """

    text: str
    anchors: list[tuple[int, float]] = field(default_factory=list)
    end_s: float = 0.0


class Subtitles:
    """Collects the sentences of a speech as it passes."""

    def __init__(self) -> None:
        self._sentences: list[_Sentence] = []
        self._seconds = 0.0

    def watch(self, chunks: Iterator[SpeechChunk]) -> Iterator[SpeechChunk]:
        """The same chunks."""
        for chunk in chunks:
            self._add(chunk)
            yield chunk

    def cues(self) -> list[Cue]:
        """What is to be shown, in order, without overlap."""
        return [cue for sentence in self._sentences for cue in _cues(sentence)]

    def _add(self, chunk: SpeechChunk) -> None:
        start_s = self._seconds
        self._seconds += len(chunk.samples) / chunk.sample_rate
        if chunk.text:
            self._sentences.append(_Sentence(chunk.text, [(0, start_s)]))
        if not self._sentences:
            return
        sentence = self._sentences[-1]
        for word in chunk.words:
            # Words come in order, so each is looked for behind the one before it; one that is spelt differently is skipped.
            position = sentence.text.find(word.text, sentence.anchors[-1][0])
            if position >= 0:
                sentence.anchors.append((position, start_s + word.start_s))
                sentence.anchors.append((position + len(word.text), start_s + word.end_s))
        sentence.end_s = self._seconds


def _cues(sentence: _Sentence) -> Iterator[Cue]:
    positions, seconds = zip(*sentence.anchors, (len(sentence.text), sentence.end_s), strict=True)
    start = 0
    for end in _breaks(sentence.text):
        text = sentence.text[start:end].strip()
        start_s, end_s = np.interp([start, end], positions, np.maximum.accumulate(seconds))
        if text:
            yield Cue(text, float(start_s), float(end_s))
        start = end


def _breaks(text: str) -> list[int]:
    """Where the pieces of a sentence end: as few as fit, about equally long, but no Chinese word is cut for that."""
    widest = _cut(text, MAX_COLUMNS)
    for limit in range(-(-_columns(text) // len(widest)), MAX_COLUMNS):
        ends = _cut(text, limit)
        if len(ends) == len(widest) and all(text[end - 1].isspace() or _is_mark(text[end - 1]) for end in ends[:-1]):
            return ends
    return widest


def _cut(text: str, limit: int) -> list[int]:
    """The ends of pieces of at most `limit` columns, behind spaces and between Chinese characters; a longer word stays whole."""
    ends = [0]
    possible = at_mark = 0
    for position, char in enumerate(text):
        if _columns(text[ends[-1] : position + 1].rstrip()) > limit and possible > ends[-1]:
            # Behind a comma the eye rests best, if the piece does not get too short by it.
            long_enough = _columns(text[ends[-1] : at_mark]) > limit / 2
            ends.append(at_mark if long_enough else possible)
        if char.isspace() or (_columns(char) == 2 and not _is_mark(text[position + 1 : position + 2])):
            possible = position + 1
            at_mark = possible if _is_mark(text[: position + 1].rstrip()[-1:]) else at_mark
    return [*ends[1:], len(text)]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _is_mark(char: str) -> bool:
    """A punctuation mark, which must not begin a piece."""
    return bool(char) and unicodedata.category(char).startswith("P")
