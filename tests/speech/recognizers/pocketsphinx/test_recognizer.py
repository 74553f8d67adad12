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
    chunks = list(espeak.synthesize("One two three four five six seven.", voice="en", rate=1.0, pitch=1.0))
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


def test_it_tells_words_while_they_are_spoken(recognizer: PocketsphinxRecognizer, counting: Samples):
    recognition = recognizer.recognize("en")
    told = [recognition.push(piece) for piece in pieces(counting)]
    assert "two three" in told[-1]
    assert len({text for text in told if text}) > 2
    assert "one two three four five" in recognition.finish()


@pytest.mark.parametrize("level", [0.05, 1.0])
def test_loud_and_soft_voices_are_understood(recognizer: PocketsphinxRecognizer, counting: Samples, level: float):
    assert "two three four five" in understood(recognizer, counting * np.float32(level))


def test_an_utterance_does_not_depend_on_those_before_it(recognizer: PocketsphinxRecognizer, counting: Samples):
    first = understood(recognizer, counting)
    understood(recognizer, np.clip(counting * 8 + 0.2, -1, 1))
    assert understood(recognizer, counting) == first


def test_several_at_once_do_not_mix(recognizer: PocketsphinxRecognizer, counting: Samples):
    one, other, dropped = (recognizer.recognize("en") for _ in range(3))
    for piece in pieces(counting):
        one.push(piece)
        other.push(np.zeros_like(piece))
        dropped.push(piece)
    dropped.cancel()
    assert other.finish() == ""
    assert "two three four five" in one.finish()


@pytest.mark.parametrize("seconds", [0, 0.02, 0.5, 3])
def test_silence_of_any_length_has_no_words(recognizer: PocketsphinxRecognizer, seconds: float):
    assert understood(recognizer, np.zeros(round(seconds * SAMPLE_RATE), np.float32)) == ""


def test_sound_out_of_bounds_is_taken(recognizer: PocketsphinxRecognizer):
    assert isinstance(understood(recognizer, np.tile(np.float32([7, -7]), SAMPLE_RATE)), str)


def test_it_has_one_model_only(settings: Settings):
    with pytest.raises(WeightsError, match="no model 'klingon'"):
        PocketsphinxRecognizer(settings, "klingon")


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not SPEECH.is_dir(), reason="needs ../shared/media")
def test_it_mishears_less_than_a_third_of_the_words_of_a_reader(recognizer: PocketsphinxRecognizer):
    wrong = total = 0
    for line in (SPEECH / "metadata.csv").read_text().splitlines():
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
