"""Other voices of espeak-ng than the reference's play the speaker: their times are exact."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from mien.errors import NotFoundError, TextError
from mien.media import resample
from mien.motion import mouth_from_phonemes
from mien.motion.alignment import Aligner, Alignment
from mien.motion.training.noise import MAKERS
from mien.motion.visemes import GAP
from mien.settings import Settings, load
from mien.speech import Speaker
from mien.types import SAMPLE_RATE, Phoneme, Samples, Word

ENGLISH = "Please put the big map on top of my brown piano. Nobody may move it before we come back."
OTHER = "Seven children were looking out of the window as the rain fell. They had not slept for three days."
MANDARIN = "今天天气非常好，我们一起去公园吧。妈妈买了八个苹果，爸爸不喜欢吃面包。"
LONG = (
    "When the sun rose over the harbour, the fishermen had already been at work for hours. Their boats came back one by one, "
    "heavy with the night's catch. On the pier stood a boy with a basket, who counted them as they passed the lighthouse. "
    "His mother had told him to wait for the blue one. It was late, but nobody seemed to worry about it. "
)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load()


@pytest.fixture(scope="module")
def aligner(settings: Settings) -> Iterator[Aligner]:
    with Aligner(settings) as ready:
        yield ready


def spoken(settings: Settings, voice: str, text: str, rate: float = 1.0) -> tuple[Samples, list[Phoneme], list[Word]]:
    samples, phonemes, words, seconds = [], [], [], 0.0
    with Speaker(settings, f"espeak:{voice}") as speaker:
        for chunk in speaker.speak(text, rate=rate):
            samples.append(resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE))
            for sound in chunk.phonemes or ():
                phonemes.append(Phoneme(sound.ipa, sound.start_s + seconds, sound.end_s + seconds))
            words += [Word(word.text, word.start_s + seconds, word.end_s + seconds) for word in chunk.words]
            seconds += len(chunk.samples) / chunk.sample_rate
    return np.concatenate(samples), phonemes, words


def errors_s(found: Alignment, true: list[Phoneme], later_s: float = 0.0) -> np.ndarray:
    ours = [sound for sound in found.phonemes if sound.ipa]
    theirs = [sound for sound in true if sound.ipa]
    assert [sound.ipa for sound in ours] == [sound.ipa for sound in theirs]
    return np.abs([one.start_s - other.start_s - later_s for one, other in zip(ours, theirs, strict=True)])


def check_covering(found: Alignment, seconds: float) -> None:
    assert found.phonemes[0].start_s == 0.0
    assert found.phonemes[-1].end_s == pytest.approx(seconds, abs=0.011)
    assert all(one.end_s == pytest.approx(following.start_s) for one, following in pairwise(found.phonemes))
    assert all(sound.end_s > sound.start_s for sound in found.phonemes)


def room(seconds: float, level: float = 0.002) -> Samples:
    return (np.random.default_rng(3).standard_normal(round(seconds * SAMPLE_RATE)) * level).astype(np.float32)


@pytest.mark.parametrize(
    ("voice", "text", "rate"),
    [
        ("en-us+m3", ENGLISH, 1.0),
        ("en-us+m7", ENGLISH, 1.5),
        ("en-us+f5", ENGLISH, 0.7),
        ("cmn+m3", MANDARIN, 1.0),
    ],
)
def test_another_speaker_is_followed_to_a_few_hundredths_of_a_second(
    aligner: Aligner, settings: Settings, voice: str, text: str, rate: float
):
    samples, phonemes, _ = spoken(settings, voice, text, rate)
    found = aligner.align([samples], text)
    assert found.fits
    off = errors_s(found, phonemes)
    assert np.median(off) <= 0.02
    assert np.percentile(off, 90) <= 0.06
    check_covering(found, len(samples) / SAMPLE_RATE)


def test_pauses_and_noise_that_the_text_does_not_have(aligner: Aligner, settings: Settings):
    first, before, _ = spoken(settings, "en-us+m3", "Please put the big map on top of my brown piano.")
    second, after, _ = spoken(settings, "en-us+m3", "Nobody may move it before we come back.")
    samples = np.concatenate([room(1.3), first, room(2.0), second, room(0.9)])
    samples += room(len(samples) / SAMPLE_RATE)
    found = aligner.align([samples], ENGLISH)
    second_s = 1.3 + 2.0 + len(first) / SAMPLE_RATE
    true = [Phoneme(s.ipa, s.start_s + 1.3, s.end_s + 1.3) for s in before] + [
        Phoneme(s.ipa, s.start_s + second_s, s.end_s + second_s) for s in after
    ]
    assert np.percentile(errors_s(found, true), 90) <= 0.06
    pauses = [sound for sound in found.phonemes if not sound.ipa and sound.end_s - sound.start_s > 0.7]
    assert len(pauses) == 3
    assert [text for text, _ in found.sentences] == [
        "Please put the big map on top of my brown piano.",
        "Nobody may move it before we come back.",
    ]
    assert found.sentences[1][1] == pytest.approx(second_s, abs=0.05)


def test_a_noise_gate_beside_a_room_is_a_pause_like_the_room(aligner: Aligner, settings: Settings):
    first, _, _ = spoken(settings, "en-us+m3", "Please put the big map on top of my brown piano.")
    second, _, _ = spoken(settings, "en-us+m3", "Nobody may move it before we come back.")
    found = aligner.align([room(0.5), first, np.zeros(64_000, np.float32), second, room(0.5)], ENGLISH)
    assert found.fits
    begin = 0.5 + len(first) / SAMPLE_RATE
    (pause,) = (sound for sound in found.phonemes if not sound.ipa and sound.end_s - sound.start_s > 3.0)
    assert pause.start_s < begin + 0.1
    assert pause.end_s > begin + 3.9


@pytest.mark.parametrize("kind", ["steady", "breath", "music"])
def test_the_mouth_is_shut_where_something_else_sounds_between_sentences(
    aligner: Aligner, settings: Settings, kind: str
):
    first, _, _ = spoken(settings, "en-us+m3", "Please put the big map on top of my brown piano.")
    second, _, _ = spoken(settings, "en-us+m3", "Nobody may move it before we come back.")
    other = MAKERS[kind](np.random.default_rng([5, 1]), 4 * SAMPLE_RATE)
    other *= np.float32(0.03 / np.sqrt(np.mean(other**2)))
    found = aligner.align([room(0.5), first, other, second, room(0.5)], ENGLISH)
    assert found.fits
    begin = 0.5 + len(first) / SAMPLE_RATE
    gap = mouth_from_phonemes(found.phonemes, begin + 4.0).values[
        round(100 * begin) + 30 : round(100 * begin) + 370, GAP
    ]
    assert gap.max() < 0.05 * 0.17


def test_words_are_found_for_subtitles(aligner: Aligner, settings: Settings):
    samples, _, words = spoken(settings, "en-us+m3", ENGLISH)
    found = aligner.align([samples], ENGLISH)
    assert [word.text for word in found.words] == [word.text for word in words]
    assert np.allclose([word.start_s for word in found.words], [word.start_s for word in words], atol=0.06)


def test_a_long_recording_in_any_blocks(aligner: Aligner, settings: Settings):
    text = LONG * 2
    samples, phonemes, _ = spoken(settings, "en-us+m3", text)
    assert len(samples) > 35 * SAMPLE_RATE, "several windows of 20 s"
    found = aligner.align(iter(np.array_split(samples, 77)), text)
    assert found.fits
    off = errors_s(found, phonemes)
    assert np.percentile(off, 95) <= 0.06
    check_covering(found, len(samples) / SAMPLE_RATE)
    assert len(found.sentences) == 10


def test_how_the_sound_is_cut_changes_nothing(aligner: Aligner, settings: Settings):
    samples, _, _ = spoken(settings, "en-us+m3", ENGLISH)
    assert aligner.align([samples], ENGLISH) == aligner.align(np.array_split(samples, 13), ENGLISH)


@pytest.mark.parametrize("voice", ["en-us+m3", "cmn+m3"])
def test_another_text_does_not_fit(aligner: Aligner, settings: Settings, voice: str):
    samples, _, _ = spoken(settings, voice, MANDARIN if "cmn" in voice else ENGLISH)
    assert not aligner.align([samples], OTHER).fits


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0, np.float32), np.zeros(48_000, np.float32), room(3.0, 0.1), room(0.05), room(6.0, 1e-6)],
    ids=["none", "silence", "noise", "a moment", "almost nothing"],
)
def test_what_is_no_speech_fits_no_text(aligner: Aligner, samples: Samples):
    assert not aligner.align([samples], ENGLISH).fits


def test_far_too_much_and_far_too_little_text(aligner: Aligner, settings: Settings):
    samples, _, _ = spoken(settings, "en-us+m3", ENGLISH)
    assert not aligner.align([samples], ENGLISH * 40).fits
    assert not aligner.align([samples], "Please.").fits


def test_known_words_hold_their_sounds(aligner: Aligner, settings: Settings):
    """The same word three times, and two of them hidden in noise: only the word times can tell which is which."""
    text = "Mama, mama, mama."
    samples, phonemes, words = spoken(settings, "en-us+m3", text)
    hidden = np.concatenate([np.zeros(16_000, np.float32), samples * 0.0, samples])
    later = len(hidden) / SAMPLE_RATE - len(samples) / SAMPLE_RATE
    told = [Word(word.text, word.start_s + later, word.end_s + later) for word in words]
    found = aligner.align([hidden], text, told)
    assert errors_s(found, phonemes, later).max() <= 0.06
    wrong = [Word(word.text, word.start_s + later - 0.4, word.end_s + later - 0.4) for word in words]
    moved = aligner.align([hidden], text, wrong)
    assert errors_s(moved, phonemes, later).mean() > 0.1


@pytest.mark.parametrize("text", ["", "   \n", "?!…", "🙂"])
def test_a_text_without_anything_to_say(aligner: Aligner, text: str):
    with pytest.raises(TextError, match="transcript"):
        aligner.align([room(1.0)], text)


def test_a_language_that_espeak_does_not_know(settings: Settings):
    with Aligner(settings, "quenyan") as aligner, pytest.raises(NotFoundError, match="quenyan"):
        aligner.align([room(1.0)], ENGLISH)


def test_the_language_is_the_one_that_is_named(settings: Settings):
    text = "Bitte bring mir morgen Abend das Buch mit den blauen Bildern."
    samples, phonemes, _ = spoken(settings, "de+m3", text)
    with Aligner(settings, "de") as german:
        found = german.align([samples], text)
    assert found.fits
    assert np.median(errors_s(found, phonemes)) <= 0.02
