"""Filters that are curves over frequency, and noise of any colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.types import SAMPLE_RATE, Samples

Curve: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Gain in dB by octaves above 1 kHz."""

_LOWEST_HZ = 30.0
"""Below it, curves stay as they are there."""
_PAD = 1024
"""Samples of silence behind a sound, so that a filter does not bring its end to its beginning."""


def filtered(samples: Samples, curve: Curve) -> Samples:
    """The sound with the gains of `curve`; nothing is delayed."""
    size = quick_length(len(samples) + _PAD)
    spectrum = np.fft.rfft(samples, size)
    return np.fft.irfft(spectrum * _gains(size, curve), size)[: len(samples)].astype(np.float32)


def noise(rng: np.random.Generator, count: int, curve: Curve) -> Samples:
    """Steady noise whose spectrum is `curve`, of mean square 1."""
    size = quick_length(count + _PAD)
    spectrum = rng.standard_normal(size // 2 + 1) + 1j * rng.standard_normal(size // 2 + 1)
    result = np.fft.irfft(spectrum * _gains(size, curve), size)[:count]
    return (result / (result.std() + 1e-12)).astype(np.float32)


def quick_length(count: int) -> int:
    """A length of at least `count`, even, for which the FFT is quick."""
    power = max(16, 1 << max(0, count - 1).bit_length())
    return next(size for size in (power * 5 // 8, power * 3 // 4, power) if size >= count)


def loudness(samples: Samples) -> float:
    """The root mean square; never 0."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def _gains(size: int, curve: Curve) -> NDArray[np.float64]:
    hertz = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE)
    gains = 10.0 ** (curve(np.log2(np.maximum(hertz, _LOWEST_HZ) / 1000.0)) / 20.0)
    gains[0] = 0.0
    return gains
