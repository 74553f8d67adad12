from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.media import read_audio
from mien.media.resample import resample
from mien.motion import MOUTH_CHANNELS, Performance, mouth_from_phonemes
from mien.motion.from_sound import SoundMouth, network
from mien.motion.source import CONTACT, LIPS_CLOSE, ROW_WIDTH
from mien.motion.visemes import CLOSURE, GAP, SPEECH
from mien.settings import load
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import SAMPLE_RATE, Phoneme, Samples

MEDIA = Path(__file__).parents[3] / "shared/media"


def rows_of(samples: Samples) -> np.ndarray:
    source = SoundMouth()
    source.push(samples, ())
    source.finish()
    return source.take(sys.maxsize)


@pytest.fixture(scope="module")
def sentence() -> tuple[Samples, list[Phoneme]]:
    voice = EspeakVoice(load())
    try:
        (chunk,) = voice.synthesize(
            "My brother bought a beautiful map of the moon, before we all went home.",
            voice="en-us",
            rate=1.0,
            pitch=1.0,
        )
    finally:
        voice.close()
    return resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE), list(chunk.phonemes or ())


def noise(seconds: float, level_db: float, seed: int = 0) -> Samples:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE))
    return (samples * 10 ** (level_db / 20)).astype(np.float32)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    count = min(len(one), len(other))
    return float(np.corrcoef(one[:count], other[:count])[0, 1])


def test_the_mouth_follows_speech_as_its_phonemes_would_have_it(sentence) -> None:
    samples, phonemes = sentence
    heard = rows_of(samples)
    known = mouth_from_phonemes(phonemes, len(samples) / SAMPLE_RATE).values
    for channel, least in (("jaw", 0.6), ("gap", 0.5), ("round", 0.4), ("stretch", 0.4)):
        column = MOUTH_CHANNELS.index(channel)
        assert alike(heard[:, column], known[:, column]) > least, channel
    assert 0.03 < np.percentile(heard[:, GAP], 90) < 0.17


def test_loudness_hardly_matters(sentence) -> None:
    samples, _ = sentence
    loud = rows_of(samples)[:, GAP]
    for gain in (0.03, 0.2, 1.5):
        assert alike(rows_of((samples * gain).astype(np.float32))[:, GAP], loud) > 0.85


def test_speech_is_followed_through_noise(sentence) -> None:
    samples, _ = sentence
    level_db = 20 * np.log10(np.sqrt((samples**2).mean()))
    noisy = samples + noise(len(samples) / SAMPLE_RATE, level_db - 15)[: len(samples)]
    assert alike(rows_of(noisy)[:, GAP], rows_of(samples)[:, GAP]) > 0.6


@pytest.mark.parametrize("level_db", [-200.0, -70.0, -50.0, -30.0, -12.0])
def test_silence_and_steady_noise_keep_the_mouth_exactly_shut(level_db: float) -> None:
    assert not rows_of(noise(4.0, level_db)).any()


def test_the_mouth_shuts_after_speech_and_opens_again(sentence) -> None:
    samples, _ = sentence
    pause = np.zeros(SAMPLE_RATE, np.float32)
    rows = rows_of(np.concatenate([samples, pause, samples]) + noise(20, -65)[: 2 * len(samples) + SAMPLE_RATE])
    start = round(len(samples) / SAMPLE_RATE * 100)
    assert rows[:start, GAP].max() > 0.05
    assert not rows[start + 40 : start + 70].any()
    assert rows[start + 100 :, GAP].max() > 0.05
    assert not rows[-1].any()


@settings(deadline=None, max_examples=15)
@given(cuts=st.lists(st.integers(1, 90_000), max_size=10))
def test_pieces_give_the_same_rows_as_one(sentence, cuts: list[int]) -> None:
    samples, _ = sentence
    whole = rows_of(samples)
    source = SoundMouth()
    rows = [np.zeros((0, ROW_WIDTH), np.float32)]
    for piece in np.split(samples, sorted(cut % len(samples) for cut in cuts)):
        source.push(piece, ())
        rows.append(source.take(sys.maxsize))
    source.finish()
    rows.append(source.take(sys.maxsize))
    assert np.array_equal(np.concatenate(rows), whole)


def test_rows_come_within_the_promised_lookahead(sentence) -> None:
    samples, _ = sentence
    source = SoundMouth()
    assert source.lookahead_s <= 0.22
    given_rows = 0
    for start in range(0, len(samples), 320):
        source.push(samples[start : start + 320], ())
        given_rows += len(source.take(sys.maxsize))
        assert given_rows >= ((min(start + 320, len(samples))) / SAMPLE_RATE - source.lookahead_s) * 100 - 1


def test_closures_are_whole_and_marked(sentence) -> None:
    rows = rows_of(sentence[0])
    assert (rows[rows[:, CLOSURE] == 1, GAP] == 0).all()
    marks = np.flatnonzero(rows[:, CONTACT] == LIPS_CLOSE)
    assert len(marks) >= 3
    assert all((rows[mark - 1 : mark + 2, GAP] == 0).all() for mark in marks)
    assert ((rows >= 0) & (rows <= 1)).all()


def test_the_gap_moves_no_faster_than_lips(sentence) -> None:
    rows = rows_of(sentence[0])
    assert np.diff(rows[:, GAP]).max() <= 0.0201


def test_a_performance_without_phonemes_is_cut_proof(sentence) -> None:
    samples, _ = sentence
    shown = []
    for step in (len(samples), 997):
        performance = Performance(seed=3)
        frames = []
        for start in range(0, len(samples), step):
            performance.push(samples[start : start + step])
            frames += performance.frames()
        performance.end_segment()
        frames += performance.frames()
        shown.append(np.array([[*face.mouth, face.yaw, face.pitch, face.blink[0]] for face, _ in frames]))
    assert np.array_equal(*shown)
    assert shown[0][:, SPEECH].max() == 1


def test_the_weights_are_small_and_finite() -> None:
    weights = network()
    arrays = [weights.w1, weights.b1, weights.w2, weights.b2, weights.mean, weights.scale]
    assert sum(array.size for array in arrays) < 100_000
    assert all(np.isfinite(array).all() for array in arrays)


@pytest.mark.real
@pytest.mark.parametrize("name", ["audio/en_radio.wav", "audio/zh_news.wav", "speech/LJ001-0001.wav"])
def test_recorded_people_open_and_close_the_mouth(name: str) -> None:
    path = MEDIA / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    sound = read_audio(path)
    rows = rows_of(resample(sound.samples, sound.sample_rate, SAMPLE_RATE)[: 12 * SAMPLE_RATE])
    assert np.percentile(rows[:, GAP], 90) > 0.04
    assert (rows[:, GAP] == 0).sum() > 10
    turns = np.diff(np.sign(np.diff(rows[rows[:, SPEECH] == 1, GAP]))) != 0
    assert 3 < turns.sum() / (rows[:, SPEECH] == 1).sum() * 100 < 40
