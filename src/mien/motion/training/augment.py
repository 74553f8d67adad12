"""Speech as other throats, rooms, microphones and lines would have it; the phonemes' times follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import soxr
from numpy.typing import NDArray

from mien.motion.training.noise import MAKERS
from mien.motion.training.spectra import filtered, loudness, noise, quick_length
from mien.motion.training.utterance import Utterance
from mien.types import SAMPLE_RATE, Phoneme, Samples

SPEEDS = (0.86, 1.16)
"""Played so much faster, with higher pitch and formants; drawn evenly on a logarithmic scale."""
_FORMANTS = (0.86, 1.18)
_CHANCE_FORMANTS, _CHANCE_ROOM, _CHANCE_NOISE, _CHANCE_MICROPHONE = 0.35, 0.55, 0.75, 0.8
_CHANCE_LINE, _CHANCE_CLIPPING = 0.25, 0.08
_SNR_DB = (3.0, 45.0)
_PEAK_DB = (-32.0, 0.0)

_FFT, _HOP = 512, 128
_QUEFRENCIES = 30
"""Cepstral coefficients that describe the formants: up to 1.9 ms, shorter than a period of the voice."""


def augmented(utterance: Utterance, rng: np.random.Generator, others: Sequence[Samples] = ()) -> Utterance:
    """The utterance made worse at random, another way each time.

    What is heard stays where it is: no step delays the sound, and only the change of speed moves the times.

    Args:
        rng: decides everything.
        others: speech in the background, at 16 kHz; without it, the utterance itself is used. It is played backwards.
    """
    if not len(utterance.samples):
        return utterance
    speed = float(np.exp(rng.uniform(*np.log(SPEEDS))))
    samples = faster(utterance.samples, speed)
    phonemes = tuple(
        Phoneme(sound.ipa, sound.start_s / speed, sound.end_s / speed, sound.stress) for sound in utterance.phonemes
    )
    if rng.random() < _CHANCE_FORMANTS:
        samples = with_formants(samples, float(rng.uniform(*_FORMANTS)))
    if rng.random() < _CHANCE_ROOM:
        samples = in_room(samples, rng)
    if rng.random() < _CHANCE_NOISE:
        samples = in_noise(samples, rng, others or (utterance.samples,))
    if rng.random() < _CHANCE_MICROPHONE:
        samples = through_microphone(samples, rng)
    samples = at_level(samples, rng)
    if rng.random() < _CHANCE_LINE:
        samples = over_line(samples, rng)
    return replace(utterance, samples=samples, phonemes=phonemes)


def faster(samples: Samples, factor: float) -> Samples:
    """The sound played faster by `factor`: what was at t is at t / factor."""
    return soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE).astype(np.float32)


def with_formants(samples: Samples, factor: float) -> Samples:
    """Formants higher by `factor`, as of a smaller head; pitch and times stay."""
    spectra = _spectra(samples)
    level = np.log(np.abs(spectra) + 1e-6)
    cepstrum = np.fft.irfft(level, axis=1)
    cepstrum[:, _QUEFRENCIES : _FFT - _QUEFRENCIES + 1] = 0.0
    envelope = np.fft.rfft(cepstrum, axis=1).real
    bins = np.arange(envelope.shape[1])
    at = np.minimum(bins / factor, bins[-1] - 1e-3)
    low = at.astype(int)
    share = at - low
    moved = envelope[:, low] * (1.0 - share) + envelope[:, low + 1] * share
    return _sound(spectra * np.exp(moved - envelope), len(samples))


def in_room(samples: Samples, rng: np.random.Generator) -> Samples:
    """With the echoes of a room: some early ones, then a tail that decays by 60 dB in 0.1 to 0.9 s, duller as it goes."""
    decay_s = float(np.exp(rng.uniform(*np.log((0.1, 0.9)))))
    count = int(min(decay_s, 0.7) * SAMPLE_RATE)
    seconds = np.arange(count) / SAMPLE_RATE
    dull = rng.uniform(-6.0, -1.0)
    tail = noise(rng, count, lambda octave: dull * octave) * 10.0 ** (-3.0 * seconds / decay_s)
    tail[: int(rng.uniform(0.002, 0.02) * SAMPLE_RATE)] = 0.0
    for at in rng.integers(SAMPLE_RATE // 1000, SAMPLE_RATE // 25, 8):
        tail[at] += rng.normal(0.0, 6.0) * 10.0 ** (-3.0 * at / SAMPLE_RATE / decay_s)
    direct_db = rng.uniform(-3.0, 18.0)  # of the direct sound over all echoes
    room = tail / (np.sqrt(np.sum(np.square(tail))) + 1e-9) * 10.0 ** (-direct_db / 20.0)
    room[0] = 1.0
    size = quick_length(len(samples) + count)
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(room, size), size)[: len(samples)].astype(np.float32)


def in_noise(samples: Samples, rng: np.random.Generator, others: Sequence[Samples]) -> Samples:
    """With noise, music or the babble of others behind it."""
    kinds = ["steady", "steady", "gusts", "knocks", "music", "babble"]
    kind = kinds[int(rng.integers(len(kinds)))]
    sound = _babble(rng, len(samples), others) if kind == "babble" else MAKERS[kind](rng, len(samples))
    snr_db = max(rng.uniform(*_SNR_DB), 8.0 if kind in ("babble", "music") else 0.0)
    level = loudness(samples) / loudness(sound) * 10.0 ** (-snr_db / 20.0)
    return (samples + level * sound).astype(np.float32)


def _babble(rng: np.random.Generator, count: int, others: Sequence[Samples]) -> Samples:
    """Several voices at once, backwards, so that none can be followed."""
    result = np.zeros(count, np.float32)
    for _ in range(int(rng.integers(3, 8))):
        voice = others[int(rng.integers(len(others)))][::-1]
        voice = np.roll(voice, int(rng.integers(max(1, len(voice)))))
        result += np.resize(voice, count) * np.float32(rng.uniform(0.3, 1.0) / loudness(voice))
    return result


def through_microphone(samples: Samples, rng: np.random.Generator) -> Samples:
    """Tilted and wavy in its response, without the lowest and perhaps the highest frequencies."""
    tilt, waves = rng.uniform(-4.0, 4.0), rng.normal(0.0, 3.0, 8)
    lowest, highest = np.log2(rng.uniform(0.05, 0.3)), np.log2(rng.uniform(2.8, 8.0)) if rng.random() < 0.4 else 4.0

    def response(octave: NDArray[np.float64]) -> NDArray[np.float64]:
        wavy = np.interp(octave, np.linspace(-5.0, 3.0, len(waves)), waves)
        cut = 18.0 * np.maximum(0.0, lowest - octave) + 60.0 * np.maximum(0.0, octave - highest)
        return tilt * octave + wavy - np.minimum(cut, 80.0)

    return filtered(samples, response)


def at_level(samples: Samples, rng: np.random.Generator) -> Samples:
    """Loud or faint, and now and then too loud for the device."""
    peak = float(np.abs(samples).max(initial=1e-9))
    gain = 10.0 ** (rng.uniform(*_PEAK_DB) / 20.0) / max(peak, 1e-4)
    if rng.random() < _CHANCE_CLIPPING:
        gain = rng.uniform(1.5, 6.0) / max(peak, 1e-4)
    return np.clip(samples * gain, -1.0, 1.0).astype(np.float32)


def over_line(samples: Samples, rng: np.random.Generator) -> Samples:
    """By telephone (8 kHz, μ-law) or squeezed by a codec that drops what is faint beside the rest."""
    if rng.random() < 0.5:
        narrow = soxr.resample(samples, SAMPLE_RATE, 8000)
        squeezed = np.sign(narrow) * np.log1p(255.0 * np.minimum(np.abs(narrow), 1.0)) / np.log(256.0)
        squeezed = np.round(squeezed * 127.0) / 127.0
        narrow = np.sign(squeezed) * (256.0 ** np.abs(squeezed) - 1.0) / 255.0
        return _of_length(soxr.resample(narrow, 8000, SAMPLE_RATE), len(samples))
    spectra = _spectra(samples)
    level = np.abs(spectra)
    spectra[level < level.max(axis=1, keepdims=True) * 10.0 ** (rng.uniform(-45.0, -22.0) / 20.0)] = 0.0
    return _sound(spectra, len(samples))


def _spectra(samples: Samples) -> NDArray[np.complex128]:
    """Short-time spectra (frames, bins); frame i is centred on sample `i * _HOP`."""
    count = -(-len(samples) // _HOP) + 1
    padded = np.zeros(count * _HOP + _FFT, np.float32)
    padded[_FFT // 2 : _FFT // 2 + len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP][:count]
    return np.fft.rfft(frames * _WINDOW, axis=1)


def _sound(spectra: NDArray[np.complex128], count: int) -> Samples:
    """The sound of `_spectra`: overlapping frames added."""
    frames = np.fft.irfft(spectra, _FFT, axis=1) * _WINDOW
    result = np.zeros(len(frames) * _HOP + _FFT)
    for offset in range(_FFT // _HOP):
        part = frames[:, offset * _HOP : (offset + 1) * _HOP]
        result[offset * _HOP : offset * _HOP + part.size] += part.ravel()
    return np.clip(result[_FFT // 2 : _FFT // 2 + count] / _OVERLAP, -1.0, 1.0).astype(np.float32)


_WINDOW = np.hanning(_FFT + 1)[:-1]
_OVERLAP = 1.5
"""Sum of the squared window over its overlaps."""


def _of_length(samples: NDArray[np.floating], count: int) -> Samples:
    result = np.zeros(count, np.float32)
    result[: min(count, len(samples))] = samples[:count]
    return result
