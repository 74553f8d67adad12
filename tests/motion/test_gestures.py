from __future__ import annotations

import functools
from dataclasses import astuple, fields
from operator import attrgetter

import numpy as np
import pytest

from mien.errors import UsageError
from mien.motion import Articulation, Performance
from mien.motion.eyes import BROW_RANGE, GAZE_LIMIT
from mien.motion.gestures import GESTURES, NOTHING, Gestures, Overlay
from mien.motion.head import PITCH_LIMIT, ROLL_LIMIT, SHIFT_LIMIT, YAW_LIMIT
from mien.types import SAMPLE_RATE, Phoneme

CHANNELS = [field.name for field in fields(Overlay)]
values = attrgetter(*CHANNELS)  # of an overlay; `astuple` takes longer than all else together
LASTS_S = 4.0


def overlays(*names_at: tuple[float, str], fps: float = 25.0, seed: int = 0, seconds: float = LASTS_S) -> np.ndarray:
    """(N, channels); each name is asked for at its time."""
    gestures = Gestures(fps, np.random.default_rng(seed))
    rows = []
    for n in range(round(seconds * fps)):
        for at, name in names_at:
            if n == round(at * fps):
                gestures.act(name)
        rows.append(values(gestures.step()))
    return np.array(rows)


def channel(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, CHANNELS.index(name)]


def flat(face: Articulation) -> np.ndarray:
    rest = [face.yaw, face.pitch, face.roll, *face.shift, *face.blink, *face.gaze, face.brow, face.smile]
    return np.concatenate([face.mouth, rest])


@functools.cache
def performed(name: str = "", seed: int = 0) -> tuple[Articulation, ...]:
    """Babbling; the gesture begins after a second of silence."""
    performance = Performance(seed=seed)
    faces = [performance.idle() for _ in range(25)]
    samples = np.random.default_rng(1).uniform(-0.3, 0.3, round(LASTS_S * SAMPLE_RATE)).astype(np.float32)
    performance.push(samples, [Phoneme("ma"[n % 2], 0.2 * n, 0.2 * (n + 1), 2 * (n % 2)) for n in range(20)])
    performance.end_segment()
    if name:
        performance.act(name)
    faces += [face for face, _ in performance.frames()]
    return (*faces, *(performance.idle() for _ in range(25)))


@pytest.mark.parametrize("name", GESTURES)
def test_a_gesture_begins_at_once_and_leaves_nothing(name: str) -> None:
    rows = overlays((0.4, name))
    assert not rows[:10].any()
    assert rows[10:16].any()
    assert not rows[-10:].any()


@pytest.mark.parametrize("name", GESTURES)
@pytest.mark.parametrize("second", GESTURES)
def test_neither_place_nor_speed_jumps_even_when_one_replaces_another(name: str, second: str) -> None:
    fps = 1000.0
    rows = overlays((0.1, name), (0.45, second), (0.6, name), fps=fps, seconds=5.0)
    size = np.maximum(np.abs(rows).max(axis=0), 1e-9)
    speed = np.diff(rows, axis=0) * fps / size
    # Sizes per second: a quick move of 70 ms has a greatest speed of 1.875 / 0.07 = 27 and changes it within 70 ms.
    assert np.abs(speed).max() < 75
    assert np.abs(np.diff(speed, axis=0)).max() < 8


def test_a_nod_goes_down_twice_or_more_at_the_pace_of_people_and_fades() -> None:
    pitch = channel(overlays((0.0, "nod"), fps=200.0), "pitch")
    peaks = [n for n in range(1, len(pitch) - 1) if pitch[n - 1] < pitch[n] >= pitch[n + 1] and pitch[n] > 0.5]
    assert len(peaks) >= 2
    assert (np.diff(pitch[peaks]) < 0).all()
    assert (200.0 / np.diff(peaks) >= 2.0).all()
    assert (200.0 / np.diff(peaks) <= 3.0).all()


def test_a_shake_turns_to_both_sides() -> None:
    yaw = channel(overlays((0.0, "shake")), "yaw")
    assert yaw.max() > 2.5
    assert yaw.min() < -2.5


def test_no_two_are_alike_but_the_same_seed_gives_the_same() -> None:
    twice = overlays((0.0, "think"), (4.0, "think"), seconds=8.0)
    assert not np.array_equal(twice[:100], twice[100:])
    assert np.array_equal(twice, overlays((0.0, "think"), (4.0, "think"), seconds=8.0))
    assert {np.sign(channel(overlays((0.0, "think"), seed=seed), "yaw").sum()) for seed in range(8)} == {-1.0, 1.0}


def test_asking_all_the_time_keeps_no_more_than_fits_into_the_fading() -> None:
    gestures = Gestures(25.0, np.random.default_rng(0))
    for n in range(400):
        for name in GESTURES:
            gestures.act(name)
        gestures.step()
        assert len(gestures._moving) <= 9, n


def test_an_unknown_gesture_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UsageError, match="'jump'") as caught:
        Performance().act("jump")
    assert all(name in caught.value.hint for name in GESTURES)


@pytest.mark.parametrize("name", GESTURES)
def test_a_gesture_moves_the_face_but_never_the_mouth_and_leaves_no_trace(name: str) -> None:
    plain, acted = performed(), performed(name)
    assert len(plain) == len(acted)
    assert all(np.array_equal(a.mouth, b.mouth) for a, b in zip(plain, acted, strict=True))
    assert np.array_equal(np.array([flat(a) for a in plain[:25]]), np.array([flat(a) for a in acted[:25]]))
    assert any(not np.array_equal(flat(a), flat(b)) for a, b in zip(plain[25:], acted[25:], strict=True))
    assert np.array_equal(np.array([flat(a) for a in plain[-25:]]), np.array([flat(a) for a in acted[-25:]]))


@pytest.mark.parametrize("name", GESTURES)
@pytest.mark.parametrize("seed", range(6))
def test_gestures_stay_within_what_a_picture_can_be_turned(name: str, seed: int) -> None:
    for face in performed(name, seed):
        assert abs(face.yaw) <= YAW_LIMIT
        assert abs(face.pitch) <= PITCH_LIMIT
        assert abs(face.roll) <= ROLL_LIMIT
        assert max(map(abs, face.shift)) <= SHIFT_LIMIT
        assert max(map(abs, face.gaze)) <= GAZE_LIMIT
        assert BROW_RANGE[0] <= face.brow <= BROW_RANGE[1]
        assert -0.5 <= min(face.blink) <= max(face.blink) <= 1
        assert 0 <= face.smile <= 1


def test_a_face_that_was_asked_for_nothing_adds_nothing() -> None:
    assert Gestures(25.0, np.random.default_rng(0)).step() == NOTHING
    assert not any(astuple(NOTHING))
