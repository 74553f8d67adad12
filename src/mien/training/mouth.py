"""The mouth that a video's sound gives."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE
from mien.motion.from_sound import SoundMouth
from mien.types import SAMPLE_RATE, Progress, Report, Samples, silent


def heard(sound: Iterable[Samples], seconds: float, report: Report = silent) -> NDArray[np.float32]:
    """The mouth's channels, (T, 8) at `MOUTH_RATE`.

    Args:
        sound: blocks of float32 mono 16 kHz.
        seconds: its length.
        report: progress, stage "listen".
    """
    source = SoundMouth()
    rows, given = [], 0
    for block in sound:
        source.push(block, ())
        given += len(block)
        rows.append(_taken(source))
        report(Progress("listen", given / SAMPLE_RATE, seconds, "seconds"))
    source.finish()
    rows.append(_taken(source))
    return np.concatenate(rows)[: round(seconds * MOUTH_RATE)]


def _taken(source: SoundMouth) -> NDArray[np.float32]:
    return source.take(sys.maxsize)[:, : len(MOUTH_CHANNELS)]
