"""The choice of what moves the mouth."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pytest

from mien.errors import UsageError
from mien.media import resample
from mien.motion import Performance
from mien.motion.visemes import CLOSURE, GAP
from mien.settings import load
from mien.speech import Speaker
from mien.types import DRIVERS, SAMPLE_RATE, Driver, Phoneme, Samples

Spoken: TypeAlias = tuple[Samples, tuple[Phoneme, ...] | None]


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    with Speaker(load(), "espeak:en-us") as speaker:
        (chunk,) = speaker.speak("My mama may move the map.")
    return resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE), chunk.phonemes


def mouths(driver: Driver, spoken: Spoken) -> np.ndarray:
    performance = Performance(driver=driver)
    performance.push(*spoken)
    performance.end_segment()
    return np.array([face.mouth for face, _ in performance.frames()])


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_moves_the_mouth(spoken: Spoken, driver: Driver):
    assert mouths(driver, spoken)[:, GAP].max() > 0.02


def test_auto_follows_the_phonemes_where_they_are_known_and_else_the_sound(spoken: Spoken):
    np.testing.assert_array_equal(mouths("auto", spoken), mouths("phonemes", spoken))
    untold = (spoken[0], None)
    np.testing.assert_array_equal(mouths("auto", untold), mouths("network", untold))


@pytest.mark.parametrize("driver", ["network", "energy"])
def test_a_driver_of_sound_does_not_look_at_the_phonemes(spoken: Spoken, driver: Driver):
    np.testing.assert_array_equal(mouths(driver, spoken), mouths(driver, (spoken[0], None)))


def test_energy_and_phonemes_differ(spoken: Spoken):
    assert mouths("phonemes", spoken)[:, CLOSURE].max() == 1.0
    assert mouths("energy", spoken)[:, CLOSURE].max() == 0.0


def test_phonemes_that_are_not_to_be_had_are_an_error(spoken: Spoken):
    performance = Performance(driver="phonemes")
    with pytest.raises(UsageError, match="not known") as caught:
        performance.push(spoken[0])
    assert "espeak" in caught.value.hint


def test_a_driver_that_does_not_exist():
    wrong: Any = "telepathy"
    with pytest.raises(UsageError, match="telepathy"):
        Performance(driver=wrong)
