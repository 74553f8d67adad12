"""When a sound can be spoken, where the voice has told the times of its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mien.motion.alignment.reference import Said
from mien.motion.alignment.spectra import FRAME_S
from mien.types import Word

_SLACK_S = 0.08
"""Edge's words are this exact; a sound at a border belongs a little to both words."""

Rows = NDArray[np.int64]


def limits(said: Said, words: Sequence[Word], rows: int) -> tuple[Rows, Rows]:
    """The first and the last row in which each column may be.

    Args:
        said: the reference.
        words: of the recording, with their times in it; () if nothing is known.
        rows: of the recording.
    """
    earliest, latest = np.zeros(len(said.columns), np.int64), np.full(len(said.columns), rows, np.int64)
    text = " ".join(said.sentences)
    known = list(_found(text, words))
    for (start, end), ours in _found(text, said.words):
        inside = [word for (first, last), word in known if first < end and start < last]
        if not inside:
            continue
        span = (said.columns >= round(ours.start_s / FRAME_S)) & (said.columns < round(ours.end_s / FRAME_S))
        earliest[span] = int((inside[0].start_s - _SLACK_S) / FRAME_S)
        latest[span] = int((inside[-1].end_s + _SLACK_S) / FRAME_S) + 1
    return earliest, latest


def _found(text: str, words: Sequence[Word]) -> Iterator[tuple[tuple[int, int], Word]]:
    """Where each word stands in the text; one that is spelt differently there is left out."""
    position = 0
    for word in words:
        start = text.find(word.text, position)
        if start >= 0:
            position = start + len(word.text)
            yield (start, position), word
