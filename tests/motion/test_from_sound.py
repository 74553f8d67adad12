from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.media import read_audio
from mien.media.resample import resample
from mien.motion import MOUTH_CHANNELS, Performance, mouth_from_phonemes
from mien.motion.ear import BLOCK, Ear
from mien.motion.energy import EnergyMouth, as_heard
from mien.motion.from_sound import SoundMouth
from mien.motion.network import AHEAD, Ahead, Stream, listen, session
from mien.motion.phones import BILABIAL, PHONE_CLASSES
from mien.motion.source import ACCENT, CONTACT, LIPS_CLOSE, ROW_WIDTH
from mien.motion.training.noise import MAKERS
from mien.motion.visemes import CLOSURE, GAP, JAW, SPEECH
from mien.settings import load
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import SAMPLE_RATE, Phoneme, Samples

MEDIA = Path(__file__).parents[3] / "shared/media"


def rows_of(samples: Samples, ahead: Ahead = "far") -> np.ndarray:
    source = SoundMouth(ahead)
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


def test_loudness_tells_on_the_mean_what_is_heard(sentence) -> None:
    """The table in `energy` was fitted to other voices."""
    samples, _ = sentence
    source = EnergyMouth()
    source.push(samples, ())
    source.finish()
    loud = np.array([as_heard(row[: len(MOUTH_CHANNELS)]) for row in source.take(sys.maxsize)])
    pairs = list(zip(loud, rows_of(samples), strict=False))
    for channel in (JAW, GAP):
        ours, theirs = np.array([(one[channel], other[channel]) for one, other in pairs]).T
        assert ours.mean() == pytest.approx(theirs.mean(), rel=0.4)
        assert np.polyfit(ours, theirs, 1)[0] == pytest.approx(1, abs=0.5)


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


@pytest.mark.parametrize("level_db", [-40.0, -20.0])
@pytest.mark.parametrize("kind", MAKERS)
def test_what_nobody_says_hardly_opens_the_mouth(kind: str, level_db: float) -> None:
    samples = MAKERS[kind](np.random.default_rng(11), 6 * SAMPLE_RATE)
    if kind != "silence":
        samples = samples * (10 ** (level_db / 20) / np.sqrt(np.mean(samples**2)))
    assert np.percentile(rows_of(np.clip(samples, -1, 1).astype(np.float32))[:, GAP], 99) < 0.05 * 0.17


def test_the_mouth_shuts_after_speech_and_opens_again(sentence) -> None:
    samples, _ = sentence
    pause = np.zeros(SAMPLE_RATE, np.float32)
    rows = rows_of(np.concatenate([samples, pause, samples]) + noise(20, -65)[: 2 * len(samples) + SAMPLE_RATE])
    start = round(len(samples) / SAMPLE_RATE * 100)
    assert rows[:start, GAP].max() > 0.05
    assert not rows[start + 40 : start + 70].any()
    assert rows[start + 100 :, GAP].max() > 0.05
    assert not rows[-1].any()


@settings(deadline=None, max_examples=8)
@given(cuts=st.lists(st.integers(1, 90_000), max_size=10), ahead=st.sampled_from(list(AHEAD)))
def test_pieces_give_the_same_rows_as_one(sentence, cuts: list[int], ahead: Ahead) -> None:
    samples, _ = sentence
    source = SoundMouth(ahead)
    rows = [np.zeros((0, ROW_WIDTH), np.float32)]
    for piece in np.split(samples, sorted(cut % len(samples) for cut in cuts)):
        source.push(piece, ())
        rows.append(source.take(sys.maxsize))
    source.finish()
    rows.append(source.take(sys.maxsize))
    assert np.array_equal(np.concatenate(rows), rows_of(samples, ahead))


@pytest.mark.parametrize(("ahead", "most_s"), [("near", 0.08), ("far", 0.20)])
def test_rows_come_within_the_promised_lookahead(sentence, ahead: Ahead, most_s: float) -> None:
    samples, _ = sentence
    source = SoundMouth(ahead)
    assert source.lookahead_s <= most_s
    given_rows = 0
    for start in range(0, len(samples), 160):
        source.push(samples[start : start + 160], ())
        given_rows += len(source.take(sys.maxsize))
        assert given_rows >= ((min(start + 160, len(samples))) / SAMPLE_RATE - source.lookahead_s) * 100 - 1


def test_the_mouth_is_not_late(sentence) -> None:
    samples, phonemes = sentence
    known = mouth_from_phonemes(phonemes, len(samples) / SAMPLE_RATE).values[:, GAP]
    for ahead in AHEAD:
        heard = rows_of(samples, ahead)[: len(known), GAP]
        scores = [alike(heard[20 + lag :], known[20 : len(known) - 20]) for lag in range(-15, 16)]
        assert abs(int(np.argmax(scores)) - 15) <= 3


def test_the_phones_of_a_sentence_are_heard(sentence) -> None:
    samples, phonemes = sentence
    heard = listen(samples)
    assert heard.mouth.shape == (-(-len(samples) // 320), 7)
    assert heard.phones.shape == (len(heard.mouth), len(PHONE_CLASSES))
    assert np.allclose(np.exp(heard.phones).sum(axis=1), 1.0, atol=1e-4)
    lips = np.exp(heard.phones[:, BILABIAL]).sum(axis=1)
    shut = [lips[round(p.start_s * 50) : round(p.end_s * 50) + 1].max() for p in phonemes if p.ipa[:1] in tuple("bm")]
    other = [
        lips[round(p.start_s * 50) : round(p.end_s * 50) + 1].max() for p in phonemes if p.ipa[:1] in tuple("aɔoɪi")
    ]
    assert np.median(shut) > 3 * np.median(other)
    assert heard.speech[20:-60].mean() > 0.8


def test_what_is_heard_at_once_is_what_a_stream_hears(sentence) -> None:
    samples, _ = sentence
    ear, stream = Ear(), Stream("near")
    answers = []
    for start in range(0, len(samples), 777):
        cues, _ = ear.push(samples[start : start + 777])
        answers += [stream.step(cues[at : at + BLOCK]) for at in range(0, len(cues), BLOCK)]
    streamed = np.concatenate(answers)
    whole = listen(samples, "near")
    assert len(streamed) > len(samples) / 320 - 8
    assert np.array_equal(whole.mouth[: len(streamed)], streamed[:, :7])
    assert np.array_equal(whole.phones[: len(streamed)], streamed[:, 8:])


def test_no_sound_gives_no_speech() -> None:
    assert len(listen(np.zeros(0, np.float32)).speech) == 0
    assert not rows_of(np.zeros(0, np.float32)).any()


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


def test_the_network_is_small_one_for_all_and_says_how_it_was_made() -> None:
    assert session() is session()
    stored = session().get_modelmeta().custom_metadata_map
    assert {"command", "step", "version", "commit", "held-out voices"} <= set(stored)
    assert stored["command"].startswith("python -m mien.motion.training ")
    assert Path(str(resources.files("mien.motion").joinpath("mouth.onnx"))).stat().st_size < 3_000_000


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


def test_a_phrase_begins_with_an_accent_and_noise_has_none(sentence: tuple[Samples, list[Phoneme]]) -> None:
    samples, _ = sentence
    rows = rows_of(np.concatenate([np.zeros(SAMPLE_RATE, np.float32), samples, np.zeros(SAMPLE_RATE, np.float32)]))
    begins = int(np.argmax(rows[:, GAP] > 0))
    accents = np.flatnonzero(rows[:, ACCENT])
    assert begins > 50
    assert len(accents)
    assert accents[0] >= begins - 10
    assert accents[0] <= begins + 25
    assert (np.diff(accents) > 5).all()
    assert not rows_of(noise(3.0, -40.0))[:, ACCENT].any()
