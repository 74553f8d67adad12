from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.motion import MOUTH_CHANNELS, MOUTH_RATE
from mien.motion.calibration import fit
from mien.motion.personal import PersonalPerformance
from mien.motion.visemes import GAP, SPEECH
from mien.types import SAMPLE_RATE, Phoneme, Samples

FRAME = SAMPLE_RATE // 25


@pytest.fixture(scope="module")
def calibration():
    """Of a face with two coefficients: the one opens two frames before the gap, the other with the jaw, wider by a half."""
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 0.03, (3000, len(MOUTH_CHANNELS)))
    rows = np.clip(np.cumsum(steps, axis=0) % 0.4 - 0.1, 0, 0.25).astype(np.float32)
    rows[:, SPEECH] = rows[:, GAP] > 0
    at = np.arange(0, 3000, 4)
    later = np.minimum(at + 8, 2999)
    measured = np.stack([3 + 10 * rows[later, GAP], -2 + 15 * rows[at, 0]], axis=1)
    return fit(rows, measured.astype(np.float32), MOUTH_RATE / 4, ("one", "two"))


def rest(calibration) -> np.ndarray:
    return calibration.apply(np.zeros((33, len(MOUTH_CHANNELS)), np.float32))[16]


def vowels(seconds: float) -> tuple[Samples, list[Phoneme]]:
    count = int(seconds / 0.2)
    sounds = [Phoneme("ma"[n % 2], 0.2 * n, 0.2 * (n + 1), 2 * (n % 2)) for n in range(count)]
    return np.linspace(-1, 1, round(seconds * SAMPLE_RATE), dtype=np.float32), sounds


def spoken(performance: PersonalPerformance, seconds: float) -> list:
    performance.push(*vowels(seconds))
    performance.end_segment()
    return list(performance.frames())


def test_frames_are_what_the_calibration_makes_of_the_track(calibration) -> None:
    frames = spoken(PersonalPerformance(calibration), 2.0)
    still = np.zeros((8, len(MOUTH_CHANNELS)), np.float32)
    mouths = np.array([*still[:2], *(mouth for _, mouth, _ in frames)])
    expected = calibration.apply(np.repeat(np.concatenate([still, mouths[:50], still]), 4, axis=0))[32:-32:4]
    made = np.array([coefficients for coefficients, _, _ in frames])
    assert made.shape == (50, 2)
    np.testing.assert_allclose(made[4:], expected[4:], atol=1e-4)
    assert not mouths[50:].any()
    assert np.ptp(made[:, 0]) > 0.3


def test_loudness_moves_a_person_as_little_as_it_tells(calibration) -> None:
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    syllables = np.maximum(0, np.sin(8 * np.pi * times))
    samples = (0.3 * syllables * np.sign(np.sin(280 * np.pi * times))).astype(np.float32)
    performance = PersonalPerformance(calibration, driver="energy")
    performance.push(samples)
    performance.end_segment()
    mouths = np.array([mouth for _, mouth, _ in performance.frames()])
    assert 0.04 < mouths[:, GAP].max() < 0.07


def test_every_sample_comes_with_its_frame(calibration) -> None:
    samples, phonemes = vowels(1.017)
    performance = PersonalPerformance(calibration)
    performance.push(samples, phonemes)
    performance.end_segment()
    sound = np.concatenate([audio for _, _, audio in performance.frames()])
    np.testing.assert_array_equal(sound[: len(samples)], samples)
    assert len(sound) == -(-len(samples) // FRAME) * FRAME


def test_the_face_rests_when_idle(calibration) -> None:
    performance = PersonalPerformance(calibration)
    for _ in range(5):
        np.testing.assert_array_equal(performance.idle(), rest(calibration))
    spoken(performance, 1.0)
    after = [performance.idle() for _ in range(12)]
    np.testing.assert_array_equal(after[-1], rest(calibration))


def test_nothing_jumps_where_speech_begins_ends_or_breaks_off(calibration) -> None:
    performance = PersonalPerformance(calibration)
    track = [performance.idle() for _ in range(5)]
    track += [coefficients for coefficients, _, _ in spoken(performance, 1.0)]
    track += [performance.idle() for _ in range(8)]
    performance.push(*vowels(2.0))
    track += [made[0] for _, made in zip(range(9), performance.frames(), strict=False)]
    performance.clear()
    track += [performance.idle() for _ in range(10)]
    steps = np.abs(np.diff(track, axis=0)).max(axis=0)
    within = np.abs(np.diff([made[0] for made in spoken(PersonalPerformance(calibration), 3.0)][8:], axis=0)).max(
        axis=0
    )
    assert (steps <= 1.3 * within).all()


def test_clear_drops_what_was_not_given_and_says_where_it_is(calibration) -> None:
    performance = PersonalPerformance(calibration)
    performance.push(*vowels(2.0))
    given = [made for _, made in zip(range(7), performance.frames(), strict=False)]
    assert performance.clear() == len(given) * FRAME
    assert list(performance.frames()) == []
    again = spoken(performance, 0.4)
    np.testing.assert_array_equal(again[0][2], vowels(0.4)[0][:FRAME])
    assert len(again) == 10
    assert performance.clear() == (len(given) + 10) * FRAME


@pytest.mark.parametrize("length", [160, 1000, 7001])
def test_the_cut_of_the_sound_changes_nothing(calibration, length: int) -> None:
    whole = spoken(PersonalPerformance(calibration, driver="energy"), 2.0)
    performance = PersonalPerformance(calibration, driver="energy")
    samples, _ = vowels(2.0)
    frames = []
    for start in range(0, len(samples), length):
        performance.push(samples[start : start + length])
        frames += performance.frames()
    performance.end_segment()
    frames += performance.frames()
    assert len(frames) == len(whole)
    for one, other in zip(frames, whole, strict=True):
        for ours, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_frames_come_as_soon_as_promised_and_all_at_the_end(calibration) -> None:
    performance = PersonalPerformance(calibration)
    samples, phonemes = vowels(3.0)
    ready = 0
    for n in range(0, len(samples), FRAME):
        performance.push(samples[n : n + FRAME], phonemes if n == 0 else ())
        ready += sum(1 for _ in performance.frames())
        assert ready >= n // FRAME + 1 - performance.latency_frames
    assert ready < 75
    performance.end_segment()
    assert ready + sum(1 for _ in performance.frames()) == 75


def test_a_segment_does_not_see_the_next_one(calibration) -> None:
    alone = spoken(PersonalPerformance(calibration), 1.0)
    performance = PersonalPerformance(calibration)
    for _ in range(2):
        performance.push(*vowels(1.0))
        performance.end_segment()
    both = list(performance.frames())
    assert len(both) == 50
    for one, other in zip(both[:25], alone, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_it_can_be_asked_for_no_movement(calibration) -> None:
    performance = PersonalPerformance(calibration)
    performance.listen(True)
    assert performance.actions == ()
    with pytest.raises(UsageError):
        performance.act("nod")


@pytest.mark.parametrize("fps", [30.0, 0.0, -25.0, 24.0, float("nan")])
def test_other_frame_rates_are_refused(calibration, fps: float) -> None:
    with pytest.raises(UsageError) as caught:
        PersonalPerformance(calibration, fps)
    assert caught.value.hint


def test_bad_sound_is_refused_and_leaves_the_stream_as_it_was(calibration) -> None:
    performance = PersonalPerformance(calibration)
    with pytest.raises(UsageError):
        performance.push(np.zeros(100))  # pyright: ignore[reportArgumentType]
    assert len(spoken(performance, 0.4)) == 10


def test_what_is_ahead_is_known_as_far_as_the_sound(calibration) -> None:
    performance = PersonalPerformance(calibration)
    performance.push(*vowels(2.0))
    performance.end_segment()
    frames, ahead = [], []
    for coefficients, _, _ in performance.frames():
        frames.append(coefficients)
        ahead.append(performance.ahead(3))
    assert ahead[0].shape == (3, 2)
    nearest = np.abs([ahead[n][0] - frames[n + 1] for n in range(8, 49)]).max()
    assert nearest < 0.1 * np.ptp(frames, axis=0).max()
    for _ in range(9):
        performance.idle()
    np.testing.assert_array_equal(performance.ahead(2), [rest(calibration)] * 2)
