from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mien.errors import WeightsError
from mien.media import read_audio, resample
from mien.settings import Settings
from mien.speech.recognizers.pocketsphinx.recognizer import PocketsphinxRecognizer
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import SAMPLE_RATE, Samples

SPEECH = Path(__file__).parents[5] / "shared" / "media" / "speech"


@pytest.fixture(scope="module")
def recognizer() -> PocketsphinxRecognizer:
    return PocketsphinxRecognizer(Settings(), "")


@pytest.fixture(scope="module")
def counting(espeak: EspeakVoice) -> Samples:
    chunks = list(espeak.synthesize("One two three four five.", voice="en", rate=1.0, pitch=1.0))
    spoken = resample(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate, SAMPLE_RATE)
    return in_a_room(spoken)


def in_a_room(spoken: Samples) -> Samples:
    """With a little noise, and silence around it."""
    sound = np.pad(spoken, (SAMPLE_RATE // 3, SAMPLE_RATE // 4))
    return (sound + np.random.default_rng(0).normal(0, 3e-4, len(sound))).astype(np.float32)


def pieces(sound: Samples, size: int = 320) -> list[Samples]:
    return [sound[start : start + size] for start in range(0, len(sound), size)]


def understood(recognizer: PocketsphinxRecognizer, sound: Samples) -> str:
    recognition = recognizer.recognize("en")
    for piece in pieces(sound):
        recognition.push(piece)
    return recognition.finish()


@pytest.fixture(scope="module")
def expected(recognizer: PocketsphinxRecognizer, counting: Samples) -> str:
    return understood(recognizer, counting)


def test_it_tells_words_while_they_are_spoken(recognizer: PocketsphinxRecognizer, counting: Samples, expected: str):
    recognition = recognizer.recognize("en")
    told = [recognition.push(piece) for piece in pieces(counting)]
    assert len({text for text in told if text}) > 2
    assert "two three four" in recognition.finish()
    assert "two three four" in expected


def test_a_soft_voice_is_understood(recognizer: PocketsphinxRecognizer, counting: Samples):
    assert "three four" in understood(recognizer, counting * np.float32(0.1))


def test_an_utterance_does_not_depend_on_those_before_it(
    recognizer: PocketsphinxRecognizer, counting: Samples, expected: str
):
    understood(recognizer, np.clip(counting[:SAMPLE_RATE] * 8 + 0.2, -1, 1))
    assert understood(recognizer, counting) == expected


def test_several_at_once_do_not_mix(recognizer: PocketsphinxRecognizer, counting: Samples, expected: str):
    one, other, dropped = (recognizer.recognize("en") for _ in range(3))
    other.push(np.zeros(320, np.float32))
    for piece in pieces(counting):
        one.push(piece)
        dropped.push(piece[:100])
    dropped.cancel()
    assert other.finish() == ""
    assert one.finish() == expected


@pytest.mark.parametrize("seconds", [0, 0.02, 1])
def test_silence_of_any_length_has_no_words(recognizer: PocketsphinxRecognizer, seconds: float):
    assert understood(recognizer, np.zeros(round(seconds * SAMPLE_RATE), np.float32)) == ""


def test_sound_out_of_bounds_is_taken(recognizer: PocketsphinxRecognizer):
    assert isinstance(understood(recognizer, np.tile(np.array([7, -7], np.float32), SAMPLE_RATE)), str)


def test_it_has_one_model_only(settings: Settings):
    with pytest.raises(WeightsError, match="no model 'klingon'"):
        PocketsphinxRecognizer(settings, "klingon")


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not SPEECH.is_dir(), reason="needs ../shared/media")
def test_it_mishears_less_than_a_third_of_the_words_of_a_reader(recognizer: PocketsphinxRecognizer):
    wrong = total = 0
    for line in (SPEECH / "metadata.csv").read_text().splitlines()[::3]:
        name, _, text = line.split("|")
        sound = read_audio(SPEECH / f"{name}.wav")
        heard = understood(recognizer, in_a_room(resample(sound.samples, sound.sample_rate, SAMPLE_RATE)))
        words = re.sub(r"[^a-z' ]", " ", text.lower()).split()
        wrong += edits(words, heard.split())
        total += len(words)
    assert wrong / total < 0.33


def edits(wanted: list[str], got: list[str]) -> int:
    """Levenshtein's distance in words."""
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (word != other))
    return row[-1]
