"""What is drawn is heard as what was meant, by most, and never twice the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.motion.ear import CUES, SOUNDS, mixtures
from mien.motion.phones import PHONE_CLASSES
from mien.motion.training.draws import drawn
from mien.motion.training.ear import acoustics

STEPS = 20


def phones(*symbols: str) -> NDArray[np.uint8]:
    numbers = [
        next(n for n, all_of in enumerate(PHONE_CLASSES) if (one in all_of if one else not n)) for one in symbols
    ]
    return np.repeat(np.array(numbers, np.uint8), STEPS)


def heard(spoken: NDArray[np.uint8], seed: int = 0, starts: tuple[int, ...] = (0,)) -> NDArray[np.float32]:
    levels = np.linspace(-3.0, 0.0, 2 * len(spoken), dtype=np.float32)
    return drawn(spoken, np.array(starts), levels, acoustics(), np.random.default_rng(seed))


def likeliest(cues: NDArray[np.float32]) -> list[str]:
    """Of every stretch of `STEPS`, the sound that its frames resemble most."""
    behind = cues[:, SOUNDS : 2 * SOUNDS].reshape(-1, 2 * STEPS, SOUNDS).mean(axis=1)
    return [mixtures().names[row.argmax()] for row in behind]


def test_the_sounds_that_were_meant_are_heard() -> None:
    spoken = phones("", "m", "ɑ", "s", "i", "u", "f", "n", "")
    found = [likeliest(heard(spoken, seed)) for seed in range(5)]
    wanted = [{"SIL"}, {"M"}, {"AA", "AO"}, {"S"}, {"IY"}, {"UW"}, {"F"}, {"N"}, {"SIL"}]
    right = [one in allowed for row in found for one, allowed in zip(row, wanted, strict=True)]
    assert np.mean(right) > 0.9


def test_two_halves_of_a_diphthong_are_drawn_as_one() -> None:
    found = [one for seed in range(5) for one in likeliest(heard(phones("a", "ɪ"), seed))]
    assert np.mean([one in {"AY", "AE", "AA"} for one in found]) >= 0.7


def test_loudness_stays_and_everything_else_follows_the_seed() -> None:
    spoken = phones("m", "ɑ")
    one, same, other = heard(spoken, 1), heard(spoken, 1), heard(spoken, 2)
    assert one.shape == (2 * len(spoken), CUES)
    assert np.array_equal(one, same)
    assert not np.allclose(one[:, :-1], other[:, :-1])
    assert np.array_equal(one[:, -1], other[:, -1])
    assert np.isfinite(one).all()


def test_scenes_are_drawn_each_for_itself() -> None:
    spoken = phones("a", "ɪ")
    assert not np.array_equal(heard(spoken), heard(spoken, starts=(0, STEPS)))
    assert heard(phones("m")[:1]).shape == (2, CUES)
