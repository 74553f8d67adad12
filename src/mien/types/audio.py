"""Sound, and the one clock of the project: audio samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""float32 mono in [-1, 1], shape (T,)."""

SAMPLE_RATE = 16_000
"""Hz; the rate of every `Samples` that crosses the engine contract."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A recording: mono samples at their own rate.

    Args:
        samples: float32 mono in [-1, 1], shape (T,).
        sample_rate: Hz.
    """

    samples: Samples
    sample_rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate


def frame_bounds(index: int, fps: float, sample_rate: int = SAMPLE_RATE) -> tuple[int, int]:
    """The samples `[start, end)` that frame `index` of a stream at `fps` owns."""
    return round(index * sample_rate / fps), round((index + 1) * sample_rate / fps)


def frame_count(n_samples: int, fps: float, sample_rate: int = SAMPLE_RATE) -> int:
    """Frames needed so that every sample has a picture (the last slice may be short)."""
    count = int(n_samples * fps / sample_rate)
    while frame_bounds(count, fps, sample_rate)[0] < n_samples:
        count += 1
    return count
