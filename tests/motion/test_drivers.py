"""The choice of what moves the mouth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mien.errors import UsageError
from mien.motion import Performance
from mien.motion.visemes import CLOSURE, GAP
from mien.types import DRIVERS, SAMPLE_RATE, Driver, Phoneme, Samples

PHONEMES = (Phoneme("m", 0.0, 0.3), Phoneme("a", 0.3, 0.7, 2), Phoneme("m", 0.7, 1.0))


def buzz() -> Samples:
    """Loudest where the phonemes say that the lips are shut."""
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    return (0.3 * np.abs(np.cos(np.pi * times)) * np.sign(np.sin(900 * times))).astype(np.float32)


def mouths(driver: Driver, phonemes: tuple[Phoneme, ...] | None) -> np.ndarray:
    performance = Performance(driver=driver)
    performance.push(buzz(), phonemes)
    performance.end_segment()
    return np.array([face.mouth for face, _ in performance.frames()])


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_moves_the_mouth(driver: Driver):
    assert mouths(driver, PHONEMES)[:, GAP].max() > 0.02


def test_auto_follows_the_phonemes_where_they_are_known_and_else_the_sound():
    np.testing.assert_array_equal(mouths("auto", PHONEMES), mouths("phonemes", PHONEMES))
    np.testing.assert_array_equal(mouths("auto", None), mouths("network", None))


@pytest.mark.parametrize("driver", ["network", "energy"])
def test_a_driver_of_sound_does_not_look_at_the_phonemes(driver: Driver):
    np.testing.assert_array_equal(mouths(driver, PHONEMES), mouths(driver, None))


def test_energy_and_phonemes_differ():
    assert mouths("phonemes", PHONEMES)[-3:, CLOSURE].max() == 1.0
    assert mouths("energy", PHONEMES)[:, CLOSURE].max() == 0.0


def test_phonemes_that_are_not_to_be_had_are_an_error():
    performance = Performance(driver="phonemes")
    with pytest.raises(UsageError, match="not known") as caught:
        performance.push(buzz())
    assert "espeak" in caught.value.hint


def test_a_driver_that_does_not_exist():
    wrong: Any = "telepathy"
    with pytest.raises(UsageError, match="telepathy"):
        Performance(driver=wrong)
