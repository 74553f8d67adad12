"""Sounds that nobody speaks: silence, noises, music, breath. The mouth must not move for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mien.motion.training.spectra import Curve, loudness, noise
from mien.motion.training.utterance import Utterance
from mien.types import SAMPLE_RATE, Samples

_SECONDS = (2.0, 6.0)
_LEVELS_DB = (-55.0, -12.0)
"""Of the root mean square, relative to full scale."""
_TABLE = 4096
"""Samples in which one period of a note is kept."""


def silence(rng: np.random.Generator, count: int) -> Samples:
    """Nothing at all, or the faint noise of a device."""
    if rng.random() < 0.5:
        return np.zeros(count, np.float32)
    return noise(rng, count, lambda octave: -2.0 * octave) * np.float32(10.0 ** rng.uniform(-5.0, -3.2))


def steady(rng: np.random.Generator, count: int) -> Samples:
    """Noise of any colour, from rumble to hiss, perhaps with hum."""
    slope, bend = rng.uniform(-8.0, 2.0), rng.uniform(-2.0, 2.0)
    sound = noise(rng, count, lambda octave: slope * octave - bend * octave**2)
    if rng.random() < 0.3:
        sound = sound + _tone(rng.choice([50.0, 60.0, 100.0, 120.0]), count, rng, falls=1.2) * rng.uniform(0.3, 2.0)
    return sound.astype(np.float32)


def gusts(rng: np.random.Generator, count: int) -> Samples:
    """Noise that swells and fades: wind, waves, cars that pass, applause."""
    slope = rng.uniform(-6.0, 1.0)
    return noise(rng, count, lambda octave: slope * octave) * _swells(rng, count, rng.uniform(0.3, 6.0))


def breath(rng: np.random.Generator, count: int) -> Samples:
    """Breathing in and out: noise through an open throat, a second or so each."""
    result = np.zeros(count, np.float32)
    begin = int(rng.uniform(0.0, 0.5) * SAMPLE_RATE)
    while begin < count:
        length = int(rng.uniform(0.35, 1.6) * SAMPLE_RATE)
        throat = _throat(np.log2(rng.uniform([0.4, 1.1, 2.2], [0.9, 1.9, 3.4])), rng.uniform(-5.0, 0.0))
        piece = noise(rng, length, throat) * np.sin(np.linspace(0.0, np.pi, length)) ** rng.uniform(0.7, 2.5)
        piece = piece[: count - begin] * rng.uniform(0.3, 1.0)
        result[begin : begin + len(piece)] += piece
        begin += length + int(rng.uniform(0.1, 1.2) * SAMPLE_RATE)
    return result


def knocks(rng: np.random.Generator, count: int) -> Samples:
    """Keys, clicks, steps, cups: short decaying sounds over a little noise."""
    result = 0.02 * noise(rng, count, lambda octave: -3.0 * octave)
    for begin in rng.integers(0, count, int(count / SAMPLE_RATE * rng.uniform(1.0, 8.0)) + 1):
        length = min(count - int(begin), int(rng.uniform(0.01, 0.25) * SAMPLE_RATE))
        decay = np.exp(-np.linspace(0.0, 7.0, length))
        ring = np.sin(2.0 * np.pi * rng.uniform(150.0, 4000.0) * np.arange(length) / SAMPLE_RATE)
        share = rng.uniform(0.1, 0.9)
        strike = share * ring + (1.0 - share) * rng.standard_normal(length)
        result[begin : begin + length] += (strike * decay * rng.uniform(0.2, 1.0)).astype(np.float32)
    return result


def music(rng: np.random.Generator, count: int) -> Samples:
    """Chords, a melody over them and perhaps drums; every note has harmonics, vibrato and an attack."""
    beat = int(rng.uniform(0.25, 0.7) * SAMPLE_RATE)
    base_hz, scale = rng.uniform(60.0, 220.0), np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])
    falls = rng.uniform(0.6, 2.2)
    drums, result = rng.random() < 0.5, np.zeros(count)
    for index, begin in enumerate(range(0, count, beat)):
        notes = [*(rng.choice(scale, 3) if index % 4 == 0 else []), 12 + rng.choice(scale)]
        for note in notes:
            length = min(count - begin, beat * (4 if len(notes) > 1 else 1))
            played = _tone(base_hz * 2.0 ** (note / 12.0), length, rng, falls=falls)
            result[begin : begin + length] += played * _envelope(length, rng)
        if drums:
            length = min(count - begin, beat // 3)
            result[begin : begin + length] += rng.standard_normal(length) * np.exp(-np.linspace(0.0, 6.0, length))
    return result.astype(np.float32)


MAKERS: Mapping[str, Callable[[np.random.Generator, int], Samples]] = {
    "silence": silence,
    "steady": steady,
    "gusts": gusts,
    "breath": breath,
    "knocks": knocks,
    "music": music,
}


class NoiseSource:
    """A `Source` of sounds without phonemes."""

    def utterance(self, rng: np.random.Generator) -> Utterance:
        name = list(MAKERS)[int(rng.integers(len(MAKERS)))]
        samples = MAKERS[name](rng, int(rng.uniform(*_SECONDS) * SAMPLE_RATE))
        if name != "silence":
            samples = samples / loudness(samples) * 10.0 ** (rng.uniform(*_LEVELS_DB) / 20.0)
        return Utterance(np.clip(samples, -1.0, 1.0).astype(np.float32), (), "", f"noise:{name}", "")

    def close(self) -> None:
        """There is nothing to end."""


def _throat(formants: NDArray[np.float64], slope: float) -> Curve:
    """Peaks at the formants (octaves above 1 kHz) over a spectrum that falls or rises."""

    def response(octave: NDArray[np.float64]) -> NDArray[np.float64]:
        peaks = np.exp(-(((octave[:, None] - formants) / 0.22) ** 2)).sum(axis=1)
        return slope * octave + 12.0 * peaks - 12.0 * np.maximum(0.0, -1.5 - octave)

    return response


def _tone(hertz: float, count: int, rng: np.random.Generator, *, falls: float) -> NDArray[np.float64]:
    """A note; its n-th harmonic has the strength 1 / n ** falls."""
    highest = max(1, min(12, int(0.45 * SAMPLE_RATE / hertz)))
    turn = 2.0 * np.pi * np.arange(_TABLE) / _TABLE
    table = sum((np.sin(n * turn) / n**falls for n in range(1, highest + 1)), np.zeros(_TABLE))
    seconds = np.arange(count) / SAMPLE_RATE
    vibrato = rng.uniform(0.0, 0.004) * np.sin(2.0 * np.pi * rng.uniform(4.0, 7.0) * seconds)
    return table[(_TABLE * hertz * (seconds + vibrato)).astype(np.intp) % _TABLE]


def _envelope(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A note's loudness: attack, then a decay that may last."""
    attack = min(count, int(rng.uniform(0.005, 0.08) * SAMPLE_RATE) + 1)
    result = np.exp(-rng.uniform(0.0, 4.0) * np.arange(count) / SAMPLE_RATE)
    result[:attack] *= np.linspace(0.0, 1.0, attack)
    release = min(count, SAMPLE_RATE // 50)
    result[count - release :] *= np.linspace(1.0, 0.0, release)
    return result


def _swells(rng: np.random.Generator, count: int, per_second: float) -> Samples:
    """A loudness between 0.03 and 1 that wanders."""
    knots = max(4, int(count / SAMPLE_RATE * per_second) + 2)
    levels = np.interp(np.linspace(0, knots - 1, count), np.arange(knots), rng.uniform(-30.0, 0.0, knots))
    return (10.0 ** (levels / 20.0)).astype(np.float32)
