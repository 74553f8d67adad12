"""Made voices, whose pitch is known: a buzz is a sum of harmonics, as a voice's source is."""

from __future__ import annotations

import numpy as np

from mien.types import SAMPLE_RATE, Samples


def buzz(hz: np.ndarray, amplitude: float | np.ndarray = 0.1, lowest: int = 1) -> Samples:
    """A voice without vowels that follows a pitch, Hz for each sample; 0 Hz is silence."""
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE
    sound = sum(np.sin(k * phase + k) / k for k in range(lowest, 11))
    return (amplitude * np.where(hz > 0, sound, 0.0)).astype(np.float32)


def steady(hz: float, seconds: float) -> np.ndarray:
    return np.full(round(seconds * SAMPLE_RATE), hz)


def glide(start_hz: float, end_hz: float, seconds: float) -> np.ndarray:
    return np.geomspace(start_hz, end_hz, round(seconds * SAMPLE_RATE))
