"""What is heard, piece by piece: a log-mel spectrum that has forgotten loudness and microphone, and whether someone speaks."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_RATE
from mien.types import SAMPLE_RATE, Samples

HOP = round(SAMPLE_RATE / MOUTH_RATE)
WINDOW = 400
"""Samples: 25 ms."""
BANDS = 40
_FFT = 512
_LOW_HZ, _HIGH_HZ = 60.0, 7600.0
_FLOOR = 1e-8

BLOCK = 4
"""Spectra are always computed this many at a time, so that cutting the sound differently cannot change the last bit."""

_SLICES = HOP * np.arange(BLOCK)[:, None] + np.arange(WINDOW)

_SLOWEST = 500
"""Frames: mean and spread of the bands follow within 5 s …"""
_PRIOR = 25
"""… and start from what is typical, at the level of the first sound, which counts as much as 0.25 s of sound."""
_TYPICAL_SPREAD = 2.2
_LOWEST_MEAN = -12.0
_HEARD_DB, _BELOW_PEAK_DB, _PEAK_FALLS_DB = -60.0, 35.0, 0.03


def _filters() -> NDArray[np.float32]:
    def mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)

    edges = np.linspace(mel(_LOW_HZ), mel(_HIGH_HZ), BANDS + 2)
    at = mel(np.arange(_FFT // 2 + 1) * SAMPLE_RATE / _FFT)
    rising = (at[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - at[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


class Hearing:
    """Frames of sound, one per `HOP`; frame t is centred on sample `t * HOP`.

    Each has the `BANDS` normalised log energies and the loudness in dB of full scale. Mean and spread of every band are running ones:
    a frame knows nothing of what comes after its block.
    """

    def __init__(self) -> None:
        self._filters = _filters()
        self._window = np.hanning(WINDOW).astype(np.float32)
        self._buffer = np.zeros(WINDOW // 2, np.float32)
        self._mean = np.full(BANDS, _LOWEST_MEAN)
        self._square = np.full(BANDS, _TYPICAL_SPREAD**2)
        self._heard = 0
        self._peak_db = -40.0

    def push(self, samples: Samples) -> tuple[NDArray[np.float32], list[float]]:
        """The frames that became known: bands (N, BANDS) and their loudness; N is a multiple of `BLOCK`."""
        self._buffer = np.concatenate([self._buffer, samples])
        bands: list[NDArray[np.float32]] = []
        loudness: list[float] = []
        needed = (BLOCK - 1) * HOP + WINDOW
        used = 0
        while len(self._buffer) - used >= needed:
            log_mel, db = self._spectra(self._buffer[used + _SLICES])
            bands.append(self._normalised(log_mel, db))
            loudness += db.tolist()
            used += BLOCK * HOP
        self._buffer = self._buffer[used:]
        heard = np.concatenate(bands) if bands else np.zeros((0, BANDS), np.float32)
        return heard, loudness

    def _spectra(self, frames: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        spectrum = np.fft.rfft(frames * self._window, _FFT)
        power = spectrum.real**2 + spectrum.imag**2
        mean_square = np.einsum("ij,ij->i", frames, frames) / WINDOW
        return np.log(power @ self._filters + _FLOOR), 10.0 * np.log10(mean_square + 1e-12)

    def _normalised(self, log_mel: NDArray[np.float32], db: NDArray[np.float32]) -> NDArray[np.float32]:
        self._peak_db = max(self._peak_db - BLOCK * _PEAK_FALLS_DB, float(db.max()))
        voiced = log_mel[db > max(_HEARD_DB, self._peak_db - _BELOW_PEAK_DB)]
        if len(voiced):
            if not self._heard:
                self._mean[:] = voiced.mean()
            self._heard = min(self._heard + len(voiced), _SLOWEST - _PRIOR)
            share = 1.0 / (self._heard + _PRIOR)
            off = voiced - self._mean
            self._mean += share * off.sum(axis=0)
            self._square += share * ((off * off).sum(axis=0) - len(voiced) * self._square)
        normalised = (log_mel - self._mean) / np.sqrt(self._square + 0.25)
        return np.minimum(np.maximum(normalised, -4.0), 4.0).astype(np.float32)


class SpeechGate:
    """Is someone speaking? Steady noise, however loud, and silence are not speech."""

    _REMEMBER = 300
    """Frames over which the quietest moment counts as background."""
    _ABOVE_DB = 8.0
    _QUIETEST_DB = -58.0
    """Nothing below this is speech."""
    _HANG = 14
    """Frames: short gaps between sounds belong to speech."""

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead
        self._smooth: float | None = None
        self._background: deque[tuple[int, float]] = deque()
        self._count = 0
        self._hang = 0
        self._open = 0.0

    def step(self, db: float) -> None:
        """Hears one frame."""
        self._smooth = db if self._smooth is None else self._smooth + 0.35 * (db - self._smooth)
        while self._background and self._background[-1][1] >= self._smooth:
            self._background.pop()
        self._background.append((self._count, self._smooth))
        if self._background[0][0] <= self._count - self._REMEMBER:
            self._background.popleft()
        self._count += 1
        if db > max(self._QUIETEST_DB, self._background[0][1] + self._ABOVE_DB):
            self._hang = self._ahead + self._HANG
        self._hang -= 1

    def level(self, *, likely: bool = True) -> float:
        """0 … 1 for the frame `ahead` frames before the one heard last: 1 while there is speech, exactly 0 in silence.

        Args:
            likely: whether that frame sounds like speech to someone who knows more than loudness.
        """
        speaking = likely and self._hang >= 0
        self._open = min(1.0, self._open + 0.12) if speaking else max(0.0, self._open - 0.08)
        return self._open * self._open * (3.0 - 2.0 * self._open)
