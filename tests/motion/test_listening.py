from __future__ import annotations

import numpy as np
import pytest

from mien.motion.gestures import NOTHING, Gestures, Overlay
from mien.motion.listening import Listening

FPS = 25.0


def conversation(seed: int, seconds: float = 60.0, idle: bool = True, gesture: Overlay = NOTHING) -> list[Overlay]:
    """Somebody speaks for 3 s, pauses for 1 s, and so on."""
    listening = Listening(FPS, np.random.default_rng(seed))
    overlays = []
    for n in range(round(seconds * FPS)):
        listening.hear(n % 100 < 75)
        overlays.append(listening.step(idle, gesture))
    return overlays


def nods(overlays: list[Overlay]) -> list[int]:
    """The frames in which the head begins to go down."""
    pitch = np.array([overlay.pitch for overlay in overlays])
    low = np.flatnonzero(np.abs(pitch) > 0.3)
    return [] if not len(low) else [int(low[0]), *(int(low[i + 1]) for i in np.flatnonzero(np.diff(low) > 20))]


def test_nobody_listens_to_silence() -> None:
    listening = Listening(FPS, np.random.default_rng(0))
    assert all(listening.step(True, NOTHING) is NOTHING for _ in range(250))
    assert listening.attention == 0.0


def test_a_listener_nods_in_some_pauses_and_inclines() -> None:
    counts = []
    for seed in range(20):
        overlays = conversation(seed)
        begun = nods(overlays)
        counts.append(len(begun))
        assert all(frame % 100 >= 74 or frame % 100 < 25 for frame in begun), (
            "a nod begins within half a second of a pause's begin"
        )
        attentive = overlays[100:]
        assert np.std([overlay.roll for overlay in attentive]) > 0.1
        assert max(abs(overlay.roll) for overlay in overlays) < 2.5
        assert 0.0 < np.mean([overlay.brow for overlay in attentive]) < 0.02
        assert all(0.0 <= overlay.calm <= 1.0 and 0.0 <= overlay.smile <= 0.3 for overlay in overlays)
    assert 4 < np.mean(counts) < 13
    assert max(counts) < 15
    assert np.std(counts) > 0


def test_nothing_of_it_ever_jumps() -> None:
    for seed in range(10):
        track = np.array([[o.pitch, o.roll, 50 * o.brow, o.calm] for o in conversation(seed)])
        assert np.abs(np.diff(track, axis=0)).max() < 0.95


@pytest.mark.parametrize("seed", range(5))
def test_nobody_who_speaks_or_does_something_else_nods(seed: int) -> None:
    assert nods(conversation(seed, idle=False)) == []
    thinks = Gestures(FPS, np.random.default_rng(seed))
    thinks.act("think")
    looks_away = [thinks.step() for _ in range(30)][-1]
    assert nods([Overlay(pitch=o.pitch - looks_away.pitch) for o in conversation(seed, gesture=looks_away)]) == []


def test_a_nod_gives_way_to_what_is_asked_for() -> None:
    for seed in range(30):
        listening = Listening(FPS, np.random.default_rng(seed))
        listening.hear(True)
        for _ in range(50):
            listening.step(True, NOTHING)
        listening.hear(False)
        before = [listening.step(True, NOTHING).pitch for _ in range(12)]
        if max(before) < 0.5:
            continue
        asked = Overlay(look_x=8.0)
        after = [listening.step(True, asked).pitch for _ in range(12)]
        assert after[-1] == 0.0
        assert np.abs(np.diff([*before, *after])).max() < 0.95
        return
    raise AssertionError("nobody nodded")


def test_attention_comes_with_the_voice_outlasts_a_pause_and_ends() -> None:
    listening = Listening(FPS, np.random.default_rng(0))
    levels = []
    for n in range(500):
        listening.hear(n < 100)
        listening.step(True, NOTHING)
        levels.append(listening.attention)
    assert levels[5] < 0.3
    assert levels[60] > 0.9
    assert levels[140] > 0.9
    assert levels[-1] == 0.0
    assert levels == [min(1.0, max(0.0, level)) for level in levels]


def test_the_same_seed_listens_in_the_same_way() -> None:
    assert conversation(3) == conversation(3)
    assert conversation(3) != conversation(4)


@pytest.mark.parametrize("fps", [12.0, 60.0])
def test_it_listens_at_any_frame_rate(fps: float) -> None:
    listening = Listening(fps, np.random.default_rng(1))
    pitch = []
    for n in range(round(60 * fps)):
        listening.hear(n % round(4 * fps) < 3 * fps)
        pitch.append(listening.step(True, NOTHING).pitch)
    assert 1.0 < max(pitch) < 3.5
