"""Changing the sample rate, whole or as a stream, with an exact number of samples."""

from __future__ import annotations

import numpy as np
import soxr

from mien.types import Samples


class Resampler:
    """Resamples a stream block by block; the outputs together are exactly `round(n * to_rate / from_rate)` samples.

    Args:
        from_rate: Hz.
        to_rate: Hz.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        self._ratio = (from_rate, to_rate)
        self._stream = None if from_rate == to_rate else soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32")
        self._taken = 0
        self._given = 0

    def push(self, samples: Samples) -> Samples:
        """What can be given after these samples: the filter holds a few milliseconds back."""
        self._taken += len(samples)
        return self._give(samples, last=False)

    def finish(self) -> Samples:
        """The rest; the resampler is spent."""
        rest = self._give(np.zeros(0, np.float32), last=True)
        missing = self._due() - self._given
        return np.concatenate([rest, np.zeros(missing, np.float32)]) if missing > 0 else rest

    def _give(self, samples: Samples, *, last: bool) -> Samples:
        output = samples if self._stream is None else self._stream.resample_chunk(samples, last=last)
        output = output[: max(self._due() - self._given, 0)]
        self._given += len(output)
        return output

    def _due(self) -> int:
        from_rate, to_rate = self._ratio
        return round(self._taken * to_rate / from_rate)


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """The same sound at another rate: exactly `round(len(samples) * to_rate / from_rate)` samples."""
    resampler = Resampler(from_rate, to_rate)
    return np.concatenate([resampler.push(samples), resampler.finish()])
