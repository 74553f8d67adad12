from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.motion import Articulation, Performance
from mien.motion.eyes import BROW_RANGE, GAZE_LIMIT
from mien.motion.head import PITCH_LIMIT, ROLL_LIMIT, SHIFT_LIMIT, YAW_LIMIT
from mien.motion.visemes import CLOSURE, FV, GAP, SPEECH
from mien.types import SAMPLE_RATE, Phoneme, Samples, frame_bounds, frame_count
from motion.strategies import cut, speech
from motion.voices import buzz, glide, steady

FPS = (25.0, 30.0, 24000 / 1001, 12.0, 60.0)


def performed(samples: Samples, phonemes: list[Phoneme], **options: Any) -> list[tuple[Articulation, Samples]]:
    performance = Performance(**options)
    performance.push(samples, phonemes)
    performance.end_segment()
    return list(performance.frames())


def flat(face: Articulation) -> np.ndarray:
    rest = [face.yaw, face.pitch, face.roll, *face.shift, *face.blink, *face.gaze, face.brow, face.smile]
    return np.concatenate([face.mouth, rest])


def vowels(seconds: float) -> tuple[Samples, list[Phoneme]]:
    count = int(seconds / 0.2)
    sounds = [Phoneme("ma"[n % 2], 0.2 * n, 0.2 * (n + 1), 2 * (n % 2)) for n in range(count)]
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32), sounds


@settings(deadline=None, max_examples=35)
@given(speech(), st.sampled_from(FPS), st.sampled_from([0.0, 70.0, 130.0, 300.0]))
def test_every_p_b_m_is_seen_closed_and_every_f_v_bitten(made, fps: float, advance_ms: float) -> None:
    samples, phonemes = made
    frames = performed(samples, phonemes, fps=fps, av_advance_ms=advance_ms)
    slack = 1.0 / fps + 0.03
    times = np.arange(len(frames)) / fps
    for index, phoneme in enumerate(phonemes):
        begin = phoneme.start_s - 0.06 - advance_ms / 1000 - slack
        end = max(phoneme.start_s + 0.1, phoneme.end_s) + slack
        near = [frames[n][0].mouth for n in np.flatnonzero((times >= begin) & (times <= end))]
        if phoneme.ipa in ("p", "ph", "b", "m"):
            assert any(mouth[GAP] == 0 for mouth in near)
        lips_around = any(other.ipa in ("p", "ph", "b", "m") for other in phonemes[max(0, index - 3) : index + 4])
        if phoneme.ipa in ("f", "v") and not lips_around:
            assert any(mouth[FV] > 0.95 and mouth[GAP] < 0.02 for mouth in near)


@settings(deadline=None, max_examples=30)
@given(speech(), st.lists(st.integers(0, 100_000), max_size=6), st.sampled_from(FPS), st.integers(0, 5))
def test_cutting_the_sound_changes_nothing(made, cuts: list[int], fps: float, seed: int) -> None:
    samples, phonemes = made
    whole = performed(samples, phonemes, fps=fps, seed=seed)
    performance = Performance(fps=fps, seed=seed)
    pieces = []
    for piece, sounds in cut(samples, phonemes, cuts):
        performance.push(piece, sounds)
        pieces += performance.frames()
    performance.end_segment()
    pieces += performance.frames()
    assert len(pieces) == len(whole)
    for (face, sound), (other, other_sound) in zip(pieces, whole, strict=True):
        assert np.array_equal(flat(face), flat(other))
        assert np.array_equal(sound, other_sound)


@settings(deadline=None, max_examples=30)
@given(speech(), st.sampled_from(FPS), st.integers(0, 100))
def test_everything_is_finite_and_within_its_bounds(made, fps: float, seed: int) -> None:
    samples, phonemes = made
    for face, _ in performed(samples, phonemes, fps=fps, seed=seed):
        assert np.isfinite(flat(face)).all()
        assert face.mouth.dtype == np.float32
        assert ((face.mouth >= 0) & (face.mouth <= [0.25, 0.25, 1, 1, 1, 1, 1, 1])).all()
        assert abs(face.yaw) <= YAW_LIMIT
        assert abs(face.pitch) <= PITCH_LIMIT
        assert abs(face.roll) <= ROLL_LIMIT
        assert max(map(abs, face.shift)) <= SHIFT_LIMIT
        assert max(map(abs, face.gaze)) <= GAZE_LIMIT
        assert BROW_RANGE[0] <= face.brow <= BROW_RANGE[1]
        assert 0 <= min(face.blink) <= max(face.blink) <= 1
        assert 0 <= face.smile <= 1
        assert face.mouth[GAP] == 0 or face.mouth[CLOSURE] < 1


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60_000), st.sampled_from(FPS))
def test_a_segment_has_a_frame_for_every_sample(n_samples: int, fps: float) -> None:
    samples = np.random.default_rng(n_samples).uniform(-1, 1, n_samples).astype(np.float32)
    frames = performed(samples, [], fps=fps)
    assert len(frames) == frame_count(n_samples, fps)
    assert [len(sound) for _, sound in frames] == [b - a for a, b in (frame_bounds(n, fps) for n in range(len(frames)))]
    joined = np.concatenate([sound for _, sound in frames])
    assert np.array_equal(joined[:n_samples], samples)
    assert not joined[n_samples:].any()


def test_segments_begin_on_frame_bounds_of_one_clock() -> None:
    performance = Performance(fps=30.0)
    sizes = []
    for _ in range(7):
        performance.push(np.ones(5000, np.float32), ())
        performance.end_segment()
        sizes += [len(sound) for _, sound in performance.frames()]
        performance.idle()
        sizes.append(frame_bounds(len(sizes), 30.0)[1] - frame_bounds(len(sizes), 30.0)[0])
    assert np.cumsum(sizes).tolist() == [frame_bounds(n, 30.0)[1] for n in range(len(sizes))]
    assert performance.clear() == sum(sizes)


def test_same_seed_same_face_other_seed_other_face() -> None:
    one, two, other = (performed(*vowels(4.0), seed=seed) for seed in (7, 7, 8))
    assert all(np.array_equal(flat(a[0]), flat(b[0])) for a, b in zip(one, two, strict=True))
    assert any(not np.array_equal(flat(a[0]), flat(b[0])) for a, b in zip(one, other, strict=True))
    assert all(np.array_equal(a[0].mouth, b[0].mouth) for a, b in zip(one, other, strict=True))


def test_the_mouth_runs_ahead_of_the_sound_by_the_advance() -> None:
    samples = np.zeros(2 * SAMPLE_RATE, np.float32)
    sounds = [Phoneme("", 0.0, 1.0), Phoneme("ɑː", 1.0, 1.3, 2), Phoneme("", 1.3, 2.0)]
    gaps = [
        np.array([face.mouth[GAP] for face, _ in performed(samples, sounds, fps=100.0, av_advance_ms=ms)])
        for ms in (0.0, 100.0)
    ]
    assert np.allclose(gaps[0][60:], gaps[1][50:-10], atol=1e-4)
    assert gaps[0].argmax() - gaps[1].argmax() == 10


def test_frames_come_once_their_lookahead_is_known() -> None:
    samples, sounds = vowels(4.0)
    performance = Performance()
    made = 0
    for piece, inside in cut(samples, sounds, list(range(640, len(samples), 640))):
        performance.push(piece, inside)
        made += len(list(performance.frames()))
        assert len(piece) == 640
    assert 100 - performance.latency_frames <= made < 100
    performance.end_segment()
    assert made + len(list(performance.frames())) == 100


@pytest.mark.parametrize("cut_at", [0.3, 0.9, 1.13])
def test_nothing_jumps_when_speech_begins_ends_or_is_cut_off(cut_at: float) -> None:
    performance = Performance(seed=4)
    shown = [performance.idle() for _ in range(30)]
    for _ in range(4):
        performance.push(*vowels(1.6))
        performance.end_segment()
        frames = performance.frames()
        shown += [next(frames)[0] for _ in range(int(cut_at * 25))]
        performance.clear()
        shown += [performance.idle() for _ in range(3)]
        performance.push(*vowels(1.0))
        performance.end_segment()
        shown += [face for face, _ in performance.frames()]
        performance.push(*vowels(0.8))
        performance.end_segment()
        shown += [face for face, _ in performance.frames()]
        shown += [performance.idle() for _ in range(12)]
        assert not shown[-1].mouth.any()
    mouths = np.array([face.mouth for face in shown])
    at_release = np.abs(np.diff(mouths[:, SPEECH])).max()
    assert at_release < 0.75
    assert np.abs(np.diff(mouths[:, GAP])).max() < 0.12
    poses = np.array([[face.yaw, face.pitch, face.roll] for face in shown])
    assert np.abs(np.diff(poses, axis=0)).max() < 1.2


def test_clear_drops_all_that_was_not_shown() -> None:
    performance = Performance()
    performance.push(*vowels(3.0))
    performance.end_segment()
    performance.push(*vowels(3.0))
    frames = performance.frames()
    for _ in range(10):
        next(frames)
    assert performance.clear() == 6400
    assert list(performance.frames()) == []
    performance.idle()
    assert performance.clear() == 7040
    performance.push(np.full(640, 0.5, np.float32), ())
    performance.end_segment()
    ((_, sound),) = performance.frames()
    assert (sound == 0.5).all()


def test_sound_that_comes_late_loses_nothing() -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 20_000).astype(np.float32)
    performance = Performance(fps=30.0)
    heard = []
    for start in range(0, len(samples), 2500):
        performance.push(samples[start : start + 2500], ())
        heard += [sound for _, sound in performance.frames()]
        performance.idle()
    performance.end_segment()
    heard += [sound for _, sound in performance.frames()]
    assert np.array_equal(np.concatenate(heard)[: len(samples)], samples)


def test_phonemes_and_sound_may_alternate_within_a_segment() -> None:
    performance = Performance()
    performance.push(*vowels(1.0))
    performance.push(np.zeros(SAMPLE_RATE, np.float32), None)
    performance.push(*vowels(1.0))
    performance.end_segment()
    mouths = np.array([face.mouth for face, _ in performance.frames()])
    assert len(mouths) == 75
    assert mouths[:23, GAP].max() > 0.05
    assert not mouths[32:44, GAP].any()
    assert mouths[50:, GAP].max() > 0.05


def test_memory_does_not_grow_with_the_stream() -> None:
    performance = Performance()
    rng = np.random.default_rng(0)

    def stream() -> int:
        for second in range(20):
            samples, sounds = vowels(1.0)
            known = second < 10
            performance.push(rng.uniform(-0.1, 0.1, len(samples)).astype(np.float32), sounds if known else None)
            for _ in performance.frames():
                pass
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    before, after = stream(), stream()
    tracemalloc.stop()
    assert after - before < 50_000  # the sound alone has 1.3 MB


@pytest.mark.parametrize(
    "samples", [np.zeros(100), np.zeros((2, 100), np.float32), np.zeros(100, np.int16), [0.0, 0.1]]
)
def test_sound_of_another_kind_is_refused(samples) -> None:
    with pytest.raises(UsageError, match=r"float32 of shape \(T,\)"):
        Performance().push(samples)


@pytest.mark.parametrize(
    "options", [{"fps": 0}, {"fps": -25}, {"fps": float("nan")}, {"av_advance_ms": -1}, {"av_advance_ms": 1e4}]
)
def test_impossible_options_are_refused(options) -> None:
    with pytest.raises(UsageError):
        Performance(**options)


def test_broken_samples_and_empty_pushes_do_no_harm() -> None:
    performance = Performance()
    performance.end_segment()
    performance.push(np.zeros(0, np.float32), None)
    performance.push(np.array([np.nan, np.inf, -np.inf, 0.5] * 4000, np.float32), None)
    performance.push(np.zeros(0, np.float32), ())
    performance.end_segment()
    performance.end_segment()
    frames = list(performance.frames())
    assert len(frames) == 25
    assert all(np.isfinite(face.mouth).all() and np.isfinite(sound).all() for face, sound in frames)


def sentence(end_hz: float) -> Samples:
    """Two phrases of a voice without vowels, the second ending at this pitch, and a pause."""
    first = np.concatenate([glide(150, 130, 0.4), steady(0, 0.06), glide(190, 120, 0.5), steady(0, 0.4)])
    second = np.concatenate([glide(140, 125, 0.5), glide(125, end_hz, 0.3), steady(0, 0.5)])
    return buzz(np.concatenate([first, second]))


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(1, 30_000), max_size=6), st.sampled_from(FPS), st.booleans())
def test_cutting_a_voice_changes_nothing(lengths: list[int], fps: float, timed: bool) -> None:
    samples = sentence(220)
    sounds = [Phoneme("a", 0.1, 0.4, 2), Phoneme("m", 0.5, 0.6), Phoneme("i", 0.6, 0.9, 1)] if timed else None
    whole = Performance(fps=fps)
    whole.push(samples, sounds)
    whole.end_segment()
    pieces = Performance(fps=fps)
    faces = []
    for number, piece in enumerate(np.split(samples, np.cumsum([16_000, *lengths]))):
        pieces.push(piece, sounds if number == 0 or sounds is None else ())
        faces += [face for face, _ in pieces.frames()]
    pieces.end_segment()
    faces += [face for face, _ in pieces.frames()]
    expected = [face for face, _ in whole.frames()]
    assert len(faces) == len(expected)
    assert all(np.array_equal(flat(face), flat(other)) for face, other in zip(faces, expected, strict=True))


def test_brows_rise_after_a_question_and_eyes_blink_where_phrases_end() -> None:
    raised, blinks = {}, np.zeros(60)
    for end_hz in (240.0, 95.0):
        tops = []
        for seed in range(16):
            faces = [face for face, _ in performed(sentence(end_hz), [], seed=seed)]
            tops.append(max(face.brow for face in faces[-10:]))
            blinks += np.array([face.blink[0] > 0.9 for face in faces])[:60]
        raised[end_hz] = np.mean(np.array(tops) > 0.012)
    assert raised[240.0] > 0.6 > 0.2 > raised[95.0]
    ends = slice(round(1.1 * 25), round(1.7 * 25))
    assert blinks[ends].mean() > 1.5 * np.delete(blinks, range(ends.start, ends.stop)).mean()


def test_a_face_that_somebody_speaks_to_listens_until_it_speaks_itself() -> None:
    def listened(seed: int, hears: bool) -> np.ndarray:
        performance = Performance(seed=seed)
        faces = []
        for n in range(500):
            performance.listen(hears and n % 100 < 75)
            faces.append(performance.idle())
        assert not any(face.mouth.any() for face in faces)
        performance.push(*vowels(2.0))
        performance.end_segment()
        faces += [face for face, _ in performance.frames()]
        return np.array([flat(face) for face in faces])

    pitch, roll = 9, 10
    for seed in range(3):
        heard, alone = listened(seed, True), listened(seed, False)
        assert np.array_equal(heard, listened(seed, True))
        assert (np.abs(heard[:, 8:11]) <= [YAW_LIMIT, PITCH_LIMIT, ROLL_LIMIT]).all()
        assert np.abs(np.diff(heard[:500, pitch])).max() > 3 * np.abs(np.diff(alone[:500, pitch])).max()
        assert np.abs(heard[100:500, roll] - alone[100:500, roll]).mean() > 0.1
        assert np.array_equal(heard[:, :8], alone[:, :8])
        assert np.abs(heard[-5:, 8:11] - alone[-5:, 8:11]).max() < 0.2


def test_a_listener_that_is_told_again_and_again_and_at_any_time_keeps_its_clock() -> None:
    performance = Performance(fps=12.0)
    for n in range(50):
        performance.listen(n % 3 == 0)
        performance.listen(n % 2 == 0)
        performance.idle()
        performance.act("think")
    performance.push(*vowels(0.5))
    performance.listen(True)
    performance.end_segment()
    assert len(list(performance.frames())) == 6
    assert performance.clear() == frame_bounds(56, 12.0)[0]
