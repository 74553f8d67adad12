"""What any source of mouth movement gives: rows at `MOUTH_RATE`, made piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_CHANNELS
from mien.types import Phoneme, Samples

ACCENT = len(MOUTH_CHANNELS)
CONTACT = ACCENT + 1
ROW_WIDTH = CONTACT + 1

LIPS_CLOSE, LIP_BITE = 1.0, 2.0
"""Marks in the column `CONTACT`."""

Rows: TypeAlias = NDArray[np.float32]
"""float32, shape (T, ROW_WIDTH): the channels of the mouth; ACCENT, 0 … 1 in the row where a stressed syllable begins, else 0; CONTACT,
a mark in the middle row of every contact that must be seen: `LIPS_CLOSE` (p b m) or `LIP_BITE` (f v), else 0."""


class MouthSource(Protocol):
    """Turns one stretch of speech into rows; row t is the mouth at `t / MOUTH_RATE` seconds after its start.

    The rows do not depend on how the sound was cut.
    """

    lookahead_s: float
    """A row is given once this much sound after it is known."""

    def push(self, samples: Samples, phonemes: Sequence[Phoneme]) -> None:
        """Gives it more sound; phoneme times are relative to the start of these samples. Quick."""
        ...

    def finish(self) -> None:
        """No more sound will come; the rows go on until the mouth is closed."""
        ...

    def take(self, count: int) -> Rows:
        """The next rows that are final: about `count`, fewer if no more are."""
        ...
