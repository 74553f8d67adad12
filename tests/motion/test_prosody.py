from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.motion.prosody import HOP, LOOKAHEAD_S, PAUSE_S, Accents, Moment, Prosody, Speaker
from mien.types import SAMPLE_RATE, Samples
from motion.voices import buzz, glide, steady

ALL_S = 1e6


def heard(samples: Samples, speaker: Speaker | None = None) -> list[Moment]:
    prosody = Prosody(speaker or Speaker())
    prosody.push(samples)
    prosody.finish()
    return prosody.take(ALL_S)


def noise(seconds: float, amplitude: float = 0.1, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0.0, amplitude, round(seconds * SAMPLE_RATE)).astype(np.float32)


def pitches(moments: list[Moment]) -> np.ndarray:
    return np.array([moment.hz for moment in moments])


@pytest.mark.parametrize("hz", [70.0, 110.0, 180.0, 260.0, 430.0])
@pytest.mark.parametrize("kind", ["clean", "noisy", "telephone"])
def test_the_pitch_of_a_buzz_is_found(hz: float, kind: str) -> None:
    sound = buzz(steady(hz, 1.0), lowest=2 if kind == "telephone" else 1)
    if kind == "noisy":
        sound = sound + noise(1.0, float(sound.std()) * 0.3)
    found = pitches(heard(sound))
    assert (found > 0).mean() > 0.9
    assert np.abs(12 * np.log2(found[found > 0] / hz)).max() < 0.3


def test_a_gliding_pitch_is_followed() -> None:
    hz = np.concatenate([glide(100, 240, 1.0), glide(240, 90, 1.0)])
    found = pitches(heard(buzz(hz)))
    expected = hz[np.minimum(np.arange(len(found)) * HOP, len(hz) - 1)]
    voiced = found > 0
    assert voiced.mean() > 0.9
    assert np.percentile(np.abs(12 * np.log2(found[voiced] / expected[voiced])), 95) < 0.6


@pytest.mark.parametrize("kind", ["silence", "white", "rumble", "hiss", "whistle"])
def test_what_is_no_voice_has_no_pitch_no_emphasis_and_no_phrases(kind: str) -> None:
    white = noise(4.0)
    sound = {
        "silence": np.zeros_like(white),
        "white": white,
        "rumble": np.convolve(white, np.ones(20, np.float32) / 20, "same").astype(np.float32),
        "hiss": np.diff(white, append=np.float32(0)).astype(np.float32),
        "whistle": (0.3 * np.sin(2 * np.pi * 2500 * np.arange(len(white)) / SAMPLE_RATE)).astype(np.float32),
    }[kind]
    moments = heard(sound)
    assert (pitches(moments) > 0).mean() < 0.02
    assert max(moment.emphasis for moment in moments) < 0.3
    assert not any(moment.phrase_end for moment in moments)


def test_a_steady_tone_has_no_emphasis_and_asks_nothing() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 200 * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)
    moments = heard(tone)
    assert max(moment.emphasis for moment in moments) < 0.05
    assert max(moment.rise for moment in moments) == 0.0


@pytest.mark.parametrize("gain", [0.02, 1.0, 8.0])
def test_the_loud_and_high_syllable_is_emphasised_however_loud_the_recording(gain: float) -> None:
    syllable, gap = steady(130, 0.2), steady(0, 0.06)
    usual = buzz(np.concatenate([syllable, gap]), 0.05)
    strong = buzz(np.concatenate([glide(150, 180, 0.2), gap]), 0.12)
    moments = heard((gain * np.concatenate([*[usual] * 10, strong, *[usual] * 4])).astype(np.float32))
    emphasis = np.array([moment.emphasis for moment in moments])
    begin = round(10 * 0.26 * SAMPLE_RATE / HOP)
    assert emphasis[begin : begin + 13].max() > 0.8
    assert np.delete(emphasis, range(begin - 2, begin + 15)).max() < 0.45


def spoken(*phrases: np.ndarray, pause_s: float = 0.6) -> Samples:
    return buzz(np.concatenate([part for phrase in phrases for part in (phrase, steady(0, pause_s))]))


def test_phrases_end_once_and_only_in_pauses() -> None:
    phrase = np.concatenate([steady(140, 0.5), steady(0, 0.1), glide(140, 110, 0.5)])
    moments = heard(spoken(phrase, phrase))
    ends = [n * HOP / SAMPLE_RATE for n, moment in enumerate(moments) if moment.phrase_end]
    assert ends == pytest.approx([1.1 + PAUSE_S, 2.8 + PAUSE_S], abs=0.07)
    assert max(moment.pause_s for moment in moments) == pytest.approx(0.6, abs=0.08)


def test_sound_that_stops_in_a_phrase_ends_it() -> None:
    moments = heard(buzz(steady(140, 1.0)))
    assert [n for n, moment in enumerate(moments) if moment.phrase_end] == [len(moments) - 1]


def test_a_rise_at_the_end_is_a_question_and_a_fall_is_none() -> None:
    body = np.concatenate([glide(150, 130, 0.3), glide(150, 125, 0.3)])
    asks, falls, tone = (
        np.concatenate([body, end]) for end in (glide(125, 220, 0.3), glide(125, 95, 0.3), glide(125, 145, 0.2))
    )
    for phrase, wanted in ((asks, (0.8, 1.0)), (falls, (0.0, 0.0)), (tone, (0.0, 0.0))):
        (rise,) = [moment.rise for moment in heard(spoken(phrase)) if moment.phrase_end]
        assert wanted[0] <= rise <= wanted[1]


def test_the_speaker_is_known_in_the_next_utterance() -> None:
    speaker = Speaker()
    heard(buzz(steady(120, 2.0), 0.05), speaker)
    (first, *_) = (moment for moment in heard(buzz(steady(160, 0.5), 0.12), speaker) if moment.hz)
    assert first.pitch > 3.0
    assert first.loudness > 3.0


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 20_000), max_size=6), st.integers(0, 3))
def test_cutting_the_sound_changes_nothing(lengths: list[int], seed: int) -> None:
    pitch = np.concatenate([glide(100, 200, 0.4), steady(0, 0.3), glide(220, 140, 0.5), steady(0, 0.02)])
    samples = buzz(pitch) + noise(len(pitch) / SAMPLE_RATE, 0.003, seed)[: len(pitch)]
    whole = heard(samples)
    prosody, pieces, frame = Prosody(Speaker()), [], 0

    def take() -> None:
        nonlocal frame
        while prosody.knows(frame / 25.0) and frame < 40:
            pieces.extend(prosody.take(frame / 25.0))
            frame += 1

    for piece in np.split(samples, np.cumsum(lengths)):
        prosody.push(piece)
        take()
    prosody.finish()
    take()
    assert pieces + prosody.take(ALL_S) == whole
    assert len(whole) == -(-len(samples) // HOP)


def test_single_samples_are_as_good_as_all_at_once() -> None:
    samples = buzz(steady(150, 0.15))
    prosody = Prosody(Speaker())
    for sample in samples:
        prosody.push(np.array([sample]))
        assert prosody.take(0.0) == []
    prosody.finish()
    assert prosody.take(ALL_S) == heard(samples)


def test_rows_are_known_after_their_lookahead() -> None:
    prosody = Prosody(Speaker())
    for n in range(1, 101):
        prosody.push(noise(0.01, seed=n))
        assert prosody.knows(n / 100 - LOOKAHEAD_S)
        assert not prosody.knows(n / 100 + 0.05)


def test_nothing_said_has_no_rows() -> None:
    assert heard(np.zeros(0, np.float32)) == []
    assert len(heard(np.zeros(1, np.float32))) == 1
    assert Prosody(Speaker()).take(ALL_S) == []


def test_broken_samples_count_as_silence() -> None:
    sound = buzz(steady(150, 1.0))
    broken = sound.copy()
    broken[[100, 5000, 5001, 9000]] = np.nan, np.inf, -np.inf, np.nan
    mended = np.where(np.isfinite(broken), broken, np.float32(0.0))
    assert heard(broken) == heard(mended)
    full = heard(np.full(8000, np.inf, np.float32))
    assert not any(moment.hz or moment.emphasis for moment in full)


def test_sound_beyond_full_scale_stays_finite() -> None:
    for moment in heard(buzz(steady(150, 0.5), 1e18) + buzz(steady(150, 0.5), 1e3)):
        assert np.isfinite([moment.hz, moment.pitch, moment.loudness, moment.emphasis]).all()
        assert 0.0 <= moment.emphasis <= 1.0


def test_an_accent_is_weighed_by_the_emphasis_that_follows_it() -> None:
    def weighed(emphasis: float, gap: int = 20) -> list[float]:
        accents = Accents(25.0)
        given = [accents.step(1.0, 0.0)]
        return given + [accents.step(float(n == gap), emphasis if n < 4 else 0.0) for n in range(1, 40)]

    strong, weak = weighed(1.0), weighed(0.0)
    assert [n for n, value in enumerate(strong) if value] == [3, 23]
    assert strong[3] == 1.0
    assert 0.0 < weak[3] < 0.5
    assert [n for n, value in enumerate(weighed(1.0, gap=2)) if value] == [2, 5]
