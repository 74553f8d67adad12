"""What the ear hears does not depend on how the sound was cut, on its loudness, or on what comes much later."""

from __future__ import annotations

import numpy as np
import pytest

from mien.motion.ear import BLOCK, CUES, HOP, REACH, SOUNDS, Ear, mixtures
from mien.types import SAMPLE_RATE, Samples


@pytest.fixture(scope="module")
def sound() -> Samples:
    """Two seconds of hiss whose colour and loudness change."""
    rng = np.random.default_rng(3)
    noise = rng.standard_normal(2 * SAMPLE_RATE)
    slow = np.convolve(noise, np.ones(8) / 8, "same")
    swing = 0.5 + 0.5 * np.sin(np.arange(len(noise)) / 900)
    return (0.1 * (swing * noise + (1 - swing) * 4 * slow)).astype(np.float32)


def heard(samples: Samples) -> np.ndarray:
    return Ear().push(samples)[0]


def test_a_frame_has_all_cues_and_its_loudness(sound: Samples):
    cues, loudness = Ear().push(sound)
    assert cues.shape == (len(loudness), CUES)
    assert len(cues) % BLOCK == 0
    assert len(cues) >= len(sound) // HOP - BLOCK - REACH - 2
    assert np.isfinite(cues).all()
    assert np.allclose(cues[:, :SOUNDS].sum(axis=1), 3.0, atol=1e-4)
    assert (cues[:, SOUNDS:] <= 0).all()
    assert len(mixtures().names) == SOUNDS


def test_pieces_are_heard_like_the_whole(sound: Samples):
    rng = np.random.default_rng(0)
    ear, pieces, at = Ear(), [], 0
    while at < len(sound):
        step = int(rng.integers(1, 2000))
        pieces.append(ear.push(sound[at : at + step])[0])
        at += step
    assert np.array_equal(np.concatenate(pieces), heard(sound))


def test_what_comes_later_is_not_heard_before(sound: Samples):
    changed = sound.copy()
    changed[SAMPLE_RATE:] = 0.0
    known = (SAMPLE_RATE // HOP - REACH - 2) // BLOCK * BLOCK - BLOCK
    assert np.array_equal(heard(changed)[:known], heard(sound)[:known])


def test_loudness_hardly_matters(sound: Samples):
    loud, quiet = (heard((gain * sound).astype(np.float32))[40:] for gain in (1.0, 0.1))
    assert np.abs(loud - quiet).mean() < 0.05


def test_silence_and_nothing_are_heard_too():
    assert np.isfinite(heard(np.zeros(SAMPLE_RATE, np.float32))).all()
    assert heard(np.zeros(0, np.float32)).shape == (0, CUES)
