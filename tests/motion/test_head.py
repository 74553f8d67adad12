from __future__ import annotations

import numpy as np
import pytest

from mien.motion.head import PITCH_LIMIT, ROLL_LIMIT, SHIFT_LIMIT, YAW_LIMIT, Head, Spring
from mien.motion.prosody import Cues


def moved(seconds: float, seed: int = 0, fps: float = 25.0, talk: bool = True) -> np.ndarray:
    head = Head(fps, np.random.default_rng(seed))
    rng = np.random.default_rng(seed + 100)
    rows = []
    for n in range(round(seconds * fps)):
        speech = float(talk and (n / fps) % 6.0 < 4.5)
        m = head.step(Cues(speech, float(rng.random() < 3.0 / fps) * speech * rng.random()))
        rows.append([m.yaw, m.pitch, m.roll, *m.shift])
    return np.array(rows)


@pytest.mark.parametrize("seed", range(4))
def test_the_head_stays_within_its_limits_and_never_jumps(seed: int) -> None:
    track = moved(120, seed)
    assert (np.abs(track) <= [YAW_LIMIT, PITCH_LIMIT, ROLL_LIMIT, SHIFT_LIMIT, SHIFT_LIMIT]).all()
    assert (np.abs(np.diff(track, axis=0))[:, :3] * 25 < 45).all()  # real speakers: 12 to 77 in one of fifty frames
    assert not track[0].any() or np.abs(track[0][:3]).max() < 0.1


def test_the_head_is_alive_also_while_listening() -> None:
    for talk in (True, False):
        assert (moved(60, talk=talk)[:, :3].std(axis=0) > 0.25).all()


def test_speaking_moves_the_head_more_than_listening() -> None:
    speed = [np.abs(np.diff(moved(120, talk=talk)[:, :3], axis=0)).mean() for talk in (True, False)]
    assert speed[0] > 1.3 * speed[1]


def test_the_stronger_the_syllable_the_larger_the_movement() -> None:
    sizes = []
    for accent in (0.1, 1.0):
        moved_by = []
        for seed in range(60):
            head, still = Head(25.0, np.random.default_rng(seed)), Head(25.0, np.random.default_rng(seed))
            for _ in range(50):
                head.step(Cues(1.0))
                still.step(Cues(1.0))
            head.step(Cues(1.0, accent))
            still.step(Cues(1.0))
            both = [(head.step(Cues(1.0)), still.step(Cues(1.0))) for _ in range(5)]
            moved_by.append(max(abs(a.pitch - b.pitch) + abs(a.yaw - b.yaw) for a, b in both))
        sizes.append(np.mean(moved_by))
    assert sizes[1] > 1.4 * sizes[0]


def test_movement_does_not_look_periodic() -> None:
    yaw = moved(240)[:, 0]
    yaw = yaw - yaw.mean()
    echo = np.correlate(yaw, yaw, "full")[len(yaw) :] / (yaw**2).sum()
    assert np.abs(echo[100:3000]).max() < 0.5


def test_the_head_moves_as_fast_at_any_frame_rate() -> None:
    slow, fast = (np.abs(np.diff(moved(200, 3, fps)[:, :3], axis=0)).mean() * fps for fps in (12.5, 50.0))
    assert 0.6 < slow / fast < 1.6


def test_a_spring_reaches_its_goal_without_overshoot() -> None:
    spring = Spring()
    values = [spring.step(1.0, 1.0, 0.04) for _ in range(100)]
    assert max(values) <= 1.0
    assert values[-1] == pytest.approx(1.0, abs=1e-3)
    assert values == sorted(values)
