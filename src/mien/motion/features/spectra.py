"""What speech networks are given, exactly as they were trained on it."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.types import SAMPLE_RATE, Samples

Spectrum: TypeAlias = NDArray[np.float32]

_SLANEY_HZ_PER_MEL = 200.0 / 3.0
_SLANEY_KNEE_HZ = 1000.0
_SLANEY_LOG_STEP = np.log(6.4) / 27.0
"""Slaney's mel scale: linear up to 1 kHz, then 27 steps for a factor of 6.4 (Auditory Toolbox, 1998)."""

WHISPER_HOP = 160
_WHISPER_FFT = 400

WAV2LIP_HOP = 200
"""Samples between columns of `wav2lip_mel`: 80 columns per second."""
_WAV2LIP_FFT = 800
_WAV2LIP_BANDS, _WAV2LIP_LOW_HZ, _WAV2LIP_HIGH_HZ = 80, 55.0, 7600.0
_WAV2LIP_EMPHASIS = 0.97

MFCC_HOP = 160
_MFCC_WINDOW, _MFCC_FFT, _MFCC_BANDS, _MFCC_COUNT, _MFCC_LIFTER = 400, 512, 26, 13, 22
_MFCC_EMPHASIS = 0.97


def unit_variance(samples: Samples) -> Samples:
    """The samples with mean 0 and variance 1, as wav2vec 2.0 and HuBERT want them."""
    values = samples.astype(np.float64)
    return ((values - values.mean()) / np.sqrt(values.var() + 1e-7)).astype(np.float32)


def whisper_log_mel(samples: Samples, bands: int = 80) -> Spectrum:
    """Whisper's log-mel of a sound; its loudest cell decides where the floor is.

    Args:
        samples: (T,), 16 kHz; longer than 200.
        bands: 80, or 128 for large-v3.

    Returns:
        (bands, T // 160)

    Source: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022, section 2.2.
    """
    power = np.abs(_spectra(samples, _WHISPER_FFT, WHISPER_HOP)[:-1]) ** 2
    mel = slaney_filters(bands, _WHISPER_FFT, 0.0, SAMPLE_RATE / 2) @ power.T
    log = np.log10(np.maximum(mel, 1e-10))
    return ((np.maximum(log, log.max() - 8.0) + 4.0) / 4.0).astype(np.float32)


def wav2lip_mel(samples: Samples) -> Spectrum:
    """The mel in decibels that Wav2Lip and its judge of synchrony were trained on.

    Args:
        samples: (T,), 16 kHz; longer than 400.

    Returns:
        (80, 1 + T // 200), -4 (silence) … 4.
    """
    values = samples.astype(np.float64)
    values[1:] -= _WAV2LIP_EMPHASIS * values[:-1]
    magnitude = np.abs(_spectra(values, _WAV2LIP_FFT, WAV2LIP_HOP))
    filters = slaney_filters(_WAV2LIP_BANDS, _WAV2LIP_FFT, _WAV2LIP_LOW_HZ, _WAV2LIP_HIGH_HZ)
    decibels = 20.0 * np.log10(np.maximum(filters @ magnitude.T, 1e-5)) - 20.0
    return np.clip(8.0 * (decibels + 100.0) / 100.0 - 4.0, -4.0, 4.0).astype(np.float32)


def mfcc(samples: Samples) -> Spectrum:
    """13 mel cepstra of 25 ms every 10 ms, the first of them the log energy, as SyncNet was trained on them.

    Args:
        samples: (T,) in [-1, 1], 16 kHz; not empty.

    Returns:
        (N, 13), N = 1 + ceil((T - 400) / 160), at least 1.

    Convention: 16-bit integer amplitudes, a rectangular window, triangles on whole bins of the HTK mel scale, an orthonormal
    DCT, and a lifter of 22: the defaults of the package python_speech_features.
    """
    values = np.clip(np.rint(samples.astype(np.float64) * 32768.0), -32768.0, 32767.0)
    values[1:] -= _MFCC_EMPHASIS * values[:-1]
    count = 1 + max(0, -(-(len(values) - _MFCC_WINDOW) // MFCC_HOP))
    values = np.pad(values, (0, max(0, (count - 1) * MFCC_HOP + _MFCC_WINDOW - len(values))))
    frames = values[MFCC_HOP * np.arange(count)[:, None] + np.arange(_MFCC_WINDOW)]
    power = np.abs(np.fft.rfft(frames, _MFCC_FFT)) ** 2 / _MFCC_FFT
    energy = power.sum(axis=1)
    bands = power @ _htk_filters().T
    cepstra = np.log(np.maximum(bands, np.finfo(float).eps)) @ _cosines().T
    cepstra[:, 0] = np.log(np.maximum(energy, np.finfo(float).eps))
    return cepstra.astype(np.float32)


@lru_cache(maxsize=8)
def slaney_filters(bands: int, fft: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """(bands, fft // 2 + 1) triangles of equal area on Slaney's mel scale."""
    edges = _hz(np.linspace(_mel(low_hz), _mel(high_hz), bands + 2))
    at = np.arange(fft // 2 + 1) * SAMPLE_RATE / fft
    rising = (at - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - at) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]


def _spectra(samples: NDArray[np.floating], fft: int, hop: int) -> NDArray[np.complex128]:
    """(1 + T // hop, fft // 2 + 1) of frames centred on every `hop`-th sample; the ends are mirrored; periodic Hann window."""
    padded = np.pad(samples.astype(np.float64), fft // 2, mode="reflect")
    window = np.hanning(fft + 1)[:-1]
    starts = hop * np.arange(1 + len(samples) // hop)
    return np.fft.rfft(padded[starts[:, None] + np.arange(fft)] * window, fft)


def _mel(hz: float) -> float:
    if hz < _SLANEY_KNEE_HZ:
        return hz / _SLANEY_HZ_PER_MEL
    return _SLANEY_KNEE_HZ / _SLANEY_HZ_PER_MEL + float(np.log(hz / _SLANEY_KNEE_HZ) / _SLANEY_LOG_STEP)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _SLANEY_KNEE_HZ / _SLANEY_HZ_PER_MEL
    above = _SLANEY_KNEE_HZ * np.exp(_SLANEY_LOG_STEP * np.maximum(mel - knee, 0.0))
    return np.where(mel < knee, mel * _SLANEY_HZ_PER_MEL, above)


@lru_cache(maxsize=1)
def _htk_filters() -> NDArray[np.float64]:
    """(26, 257)"""
    top = 2595.0 * np.log10(1.0 + SAMPLE_RATE / 2 / 700.0)
    edges_hz = 700.0 * (10.0 ** (np.linspace(0.0, top, _MFCC_BANDS + 2) / 2595.0) - 1.0)
    edges = np.floor((_MFCC_FFT + 1) * edges_hz / SAMPLE_RATE)
    at = np.arange(_MFCC_FFT // 2 + 1)
    rising = (at - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - at) / np.diff(edges)[1:, None]
    return np.maximum(0.0, np.minimum(rising, falling))


@lru_cache(maxsize=1)
def _cosines() -> NDArray[np.float64]:
    """(13, 26): an orthonormal DCT-II and the lifter."""
    order = np.arange(_MFCC_COUNT)
    cosines = np.cos(np.pi / _MFCC_BANDS * order[:, None] * (np.arange(_MFCC_BANDS) + 0.5)) * np.sqrt(2.0 / _MFCC_BANDS)
    cosines[0] /= np.sqrt(2.0)
    return cosines * (1.0 + _MFCC_LIFTER / 2 * np.sin(np.pi * order / _MFCC_LIFTER))[:, None]
