"""The likenesses by themselves tell what the mouth does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.motion.ear import BEHIND, CUES, SOUNDS, mixtures
from mien.motion.network import AHEAD, FRAMES_PER_STEP, Ahead
from mien.motion.training.reading import CHANNELS, MOVED, Reading
from mien.motion.visemes import CLOSURE, GAP, JAW, ROUND, STRETCH

FRAMES = 200


def cues_of(*sounds: tuple[str, int]) -> torch.Tensor:
    """Someone who says these sounds, each for so many frames, and is heard without doubt."""
    names = [name for name, count in sounds for _ in range(count)]
    cues = np.zeros((1, len(names), CUES), np.float32)
    cues[0, :, SOUNDS : 2 * SOUNDS] = BEHIND * -30.0
    for frame, name in enumerate(names):
        cues[0, frame, SOUNDS + mixtures().names.index(name)] = 0.0
    return torch.from_numpy(cues)


def read(sound: str, channel: int, ahead: Ahead = "far") -> float:
    return float(Reading()(cues_of((sound, FRAMES)))[ahead][0, -1, CHANNELS.index(channel)])


@pytest.mark.parametrize("ahead", list(AHEAD))
def test_open_rounded_and_spread_sounds_are_told_apart(ahead: Ahead) -> None:
    assert read("AA", JAW, ahead) > 2 * read("IY", JAW, ahead)
    assert read("UW", ROUND, ahead) > 0.7 > 0.1 > read("AA", ROUND, ahead)
    assert read("IY", STRETCH, ahead) > 0.5 > 0.1 > read("UW", STRETCH, ahead)
    assert read("SIL", GAP, ahead) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("ahead", list(AHEAD))
def test_answers_are_late_by_what_is_promised(ahead: Ahead) -> None:
    jaw = Reading()(cues_of(("IY", FRAMES), ("AA", FRAMES)))[ahead][0, :, CHANNELS.index(JAW)].numpy()
    half = 0.5 * (jaw[FRAMES // FRAMES_PER_STEP - 2] + jaw[-1])
    crossed = int(np.argmax(jaw > half)) - AHEAD[ahead]
    late = crossed - FRAMES // FRAMES_PER_STEP
    assert 0 <= late <= 4 if ahead == "near" else abs(late) <= 2  # without what follows, a mean lags behind


def test_a_later_sound_has_no_say() -> None:
    one = Reading()(cues_of(("IY", 120), ("AA", 80)))["far"][0, :60]
    other = Reading()(cues_of(("IY", 120), ("UW", 80)))["far"][0, :60]
    assert torch.equal(one, other)


def test_what_is_given_is_freed_of_mean_and_spread() -> None:
    mean, spread = np.arange(4, dtype=np.float32), np.arange(1, 5, dtype=np.float32)
    cues = cues_of(("AE", FRAMES))
    plain, normal = Reading()(cues)["far"], Reading(mean, spread)(cues)["far"]
    given = normal[..., : len(MOVED)] * torch.from_numpy(spread) + torch.from_numpy(mean)
    assert torch.allclose(given, plain[..., : len(MOVED)], atol=1e-5)
    assert torch.equal(normal[..., len(MOVED) :], plain[..., len(MOVED) :])


@pytest.mark.parametrize("ahead", list(AHEAD))
def test_short_contacts_are_not_averaged_away(ahead: Ahead) -> None:
    shut = Reading()(cues_of(("AA", 80), ("M", 8), ("AA", 80)))[ahead][0, :, CHANNELS.index(CLOSURE)].numpy()
    late = AHEAD[ahead]
    assert shut[40 + late : 46 + late].max() > 0.9
    assert shut[: 36 + late].max() < 0.1
    assert shut[54 + late :].max() < 0.1
    assert read("P", CLOSURE, ahead) == pytest.approx(1.0, abs=1e-4)
