"""Speech made worse: reproducible, bounded, and nothing moves in time but by the change of speed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.motion.training.augment import (
    SPEEDS,
    at_level,
    augmented,
    faster,
    in_noise,
    in_room,
    over_line,
    through_microphone,
    with_formants,
)
from mien.motion.training.utterance import Utterance
from mien.types import SAMPLE_RATE, Phoneme, Samples

Step = Callable[[Samples, np.random.Generator], Samples]

CHIRP_S = 0.01


def chirps(times: list[float], seconds: float = 3.0) -> Samples:
    """Short wide-band sounds at known times: where they are found again, is no matter of opinion."""
    result = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    length = round(CHIRP_S * SAMPLE_RATE)
    at = np.arange(length) / SAMPLE_RATE
    chirp = 0.5 * np.sin(2.0 * np.pi * (300.0 * at + 150_000.0 * at**2)) * np.hanning(length)
    for time_s in times:
        begin = round(time_s * SAMPLE_RATE)
        result[begin : begin + length] += chirp.astype(np.float32)
    return result


def voice(seconds: float = 2.0) -> Samples:
    """A vowel-like sound of 120 Hz with a formant at 700 Hz."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    harmonics = [np.sin(2 * np.pi * 120 * n * at) * np.exp(-(((120 * n - 700) / 200) ** 2)) for n in range(1, 30)]
    return (0.1 * np.sum(harmonics, axis=0)).astype(np.float32)


def utterance(times: list[float]) -> Utterance:
    phonemes = tuple(Phoneme("a", time_s, time_s + CHIRP_S, 1) for time_s in times)
    return Utterance(chirps(times), phonemes, "en-us", "espeak:en-us", "ah ah")


STEPS: dict[str, Step] = {
    "formants": lambda samples, rng: with_formants(samples, float(rng.uniform(0.86, 1.18))),
    "room": in_room,
    "noise": lambda samples, rng: in_noise(samples, rng, (samples,)),
    "microphone": through_microphone,
    "level": at_level,
    "line": over_line,
    "speed": lambda samples, rng: faster(samples, 1.0),
}


@pytest.mark.parametrize("name", sorted(STEPS))
def test_no_step_delays_the_sound(name: str) -> None:
    clean = chirps([1.0])
    offsets = []
    for seed in range(12):
        made = STEPS[name](clean, np.random.default_rng(seed))
        assert made.shape == clean.shape
        assert made.dtype == np.float32
        assert np.isfinite(made).all()
        around = slice(round(0.97 * SAMPLE_RATE), round(1.04 * SAMPLE_RATE))
        likeness = np.correlate(np.abs(made[around]), np.abs(clean[around]), "full")
        offsets.append((int(likeness.argmax()) - (around.stop - around.start - 1)) / SAMPLE_RATE)
    assert abs(float(np.median(offsets))) < 0.001
    assert max(map(abs, offsets)) < 0.005


@pytest.mark.parametrize("seed", range(12))
def test_times_follow_the_sound(seed: int) -> None:
    times = [0.4, 1.1, 1.75, 2.6]
    clean = utterance(times)
    made = augmented(clean, np.random.default_rng(seed))
    speed = len(clean.samples) / len(made.samples)
    assert SPEEDS[0] - 1e-3 < speed < SPEEDS[1] + 1e-3
    heard = np.array([peak_near(made.samples, sound.start_s) for sound in made.phonemes])
    expected = np.array([sound.start_s + CHIRP_S / 2 / speed for sound in made.phonemes])
    assert np.median(np.abs(heard - expected)) < 0.006
    for before, after in zip(clean.phonemes, made.phonemes, strict=True):
        assert after.start_s == pytest.approx(before.start_s / speed, abs=1e-3)
        assert after.end_s == pytest.approx(before.end_s / speed, abs=1e-3)
        assert (after.ipa, after.stress) == (before.ipa, before.stress)
    assert (made.language, made.voice, made.text) == (clean.language, clean.voice, clean.text)


def peak_near(samples: Samples, time_s: float) -> float:
    """When it is loudest within 60 ms."""
    begin = max(0, round((time_s - 0.06) * SAMPLE_RATE))
    power = np.convolve(np.square(samples[begin : begin + round(0.12 * SAMPLE_RATE)]), np.ones(80) / 80, "same")
    return (begin + int(power.argmax())) / SAMPLE_RATE


def test_seed_decides_everything() -> None:
    clean = utterance([0.5])
    first, again, other = (augmented(clean, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.samples, again.samples)
    assert len(first.samples) != len(other.samples) or not np.array_equal(first.samples, other.samples)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(1, np.float32),
        np.ones(1, np.float32),
        np.zeros(16_000, np.float32),
        chirps([0.1], 0.2),
    ],
    ids=["empty", "one", "full", "silence", "short"],
)
def test_bears_any_sound(samples: Samples, seed: int) -> None:
    made = augmented(Utterance(samples, (), "", "noise:silence", ""), np.random.default_rng(seed))
    assert made.samples.dtype == np.float32
    assert np.isfinite(made.samples).all()
    assert np.abs(made.samples).max(initial=0.0) <= 1.0
    assert made.phonemes == ()


def test_formants_move_and_pitch_stays() -> None:
    clean = voice()
    moved = with_formants(clean, 1.15)
    before, after = (np.abs(np.fft.rfft(samples)) for samples in (clean, moved))
    hertz = np.fft.rfftfreq(len(clean), 1 / SAMPLE_RATE)
    centres = [float((hertz * level**2).sum() / (level**2).sum()) for level in (before, after)]
    assert centres[1] / centres[0] == pytest.approx(1.13, abs=0.06)
    harmonics = np.arange(3, 10) * 120 * 2
    assert (after[harmonics] > 20 * after[harmonics + 120]).all()


def test_background_can_be_others() -> None:
    rng = np.random.default_rng(0)
    made = [in_noise(chirps([1.0]), rng, (voice(), voice(0.3))) for _ in range(8)]
    assert all(np.isfinite(samples).all() for samples in made)
