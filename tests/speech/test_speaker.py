from __future__ import annotations

import itertools
import math
import time

import pytest

from mien.errors import MissingDependency, NotFoundError, TextError, UsageError
from mien.settings import Settings
from mien.speech import MAX_TEXT_BYTES, Speaker, speak


def test_speech_comes_sentence_by_sentence(settings: Settings) -> None:
    chunks = list(speak("Hello there. 你好。 Bye!", settings))
    assert [chunk.text for chunk in chunks] == ["Hello there.", "你好。", "Bye!"]
    assert {chunk.sample_rate for chunk in chunks} == {22_050}
    for chunk in chunks:
        assert chunk.phonemes
        assert chunk.phonemes[0].start_s == 0
        assert chunk.phonemes[-1].end_s == pytest.approx(len(chunk.samples) / chunk.sample_rate)


def test_a_sentence_in_two_languages_is_named_once(settings: Settings) -> None:
    chunks = list(speak("我用 Python 写代码。", settings))
    assert [chunk.text for chunk in chunks] == ["我用 Python 写代码。", "", ""]


def test_the_first_sentence_of_a_long_text_does_not_wait_for_the_rest(settings: Settings) -> None:
    text = "This is one of very many sentences. " * 2800
    assert 100_000 < len(text) < MAX_TEXT_BYTES
    with Speaker(settings) as speaker:
        next(speaker.speak("Warm up."))
        start = time.perf_counter()
        short = sum(len(chunk.samples) for chunk in itertools.islice(speaker.speak(text), 3))
        elapsed = time.perf_counter() - start
    assert short > 22_050
    assert elapsed < 5  # all of it would be two hours of speech


@pytest.mark.parametrize("text", ["", "  \n\t", "😀😀", "...!?", "\x00\x01", "❤️ — 👍🏽", "\u200b"])
def test_text_with_nothing_to_say_is_refused_at_once(text: str, settings: Settings) -> None:
    with pytest.raises(TextError, match="nothing to say") as caught:
        speak(text, settings)
    assert caught.value.hint


def test_too_much_text_is_refused_at_once(settings: Settings) -> None:
    with pytest.raises(TextError, match="200001 bytes"):
        speak("a" * 200_001, settings)
    with pytest.raises(TextError, match="300000 bytes"):
        speak("字" * 100_000, settings)


def test_text_the_voice_has_no_sound_for_is_an_error(settings: Settings) -> None:
    with pytest.raises(TextError, match="no sound"):
        list(speak("\ua9b2\ua9b2", settings, "espeak:en-us"))


def test_sentences_without_letters_are_skipped(settings: Settings) -> None:
    assert [chunk.text for chunk in speak("One. 😀! ... Two.", settings)] == ["One.", "Two."]


def test_an_unknown_engine_and_an_unknown_voice_are_named(settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="'nope'") as engine:
        speak("Hi", settings, "nope:x")
    assert "espeak" in engine.value.hint
    with pytest.raises(NotFoundError, match="'en-uss'") as voice:
        list(speak("Hi", settings, "espeak:en-uss"))
    assert "en-us" in voice.value.hint


def test_the_voice_of_the_settings_is_used(settings: Settings) -> None:
    german = settings.model_copy(update={"voice": "espeak:de"})
    [chunk] = speak("Ich", german)
    assert "ç" in [phoneme.ipa for phoneme in chunk.phonemes or ()]


def test_a_voice_that_is_not_installed_says_how_to_install_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="'piper' needs piper") as caught:
        speak("Hi", settings, "piper")
    assert "pip install 'mien[piper]'" in caught.value.hint


@pytest.mark.parametrize("voice", ["edge", "openai"])
def test_voices_of_the_network_are_refused_offline(voice: str, settings: Settings) -> None:
    with pytest.raises(UsageError, match="offline"):
        speak("Hi", settings.model_copy(update={"offline": True}), voice)


@pytest.mark.parametrize("factor", [math.nan, math.inf, -math.inf])
def test_rate_and_pitch_must_be_numbers(factor: float, settings: Settings) -> None:
    with pytest.raises(UsageError, match="rate"):
        speak("Hi", settings, rate=factor)
    with pytest.raises(UsageError, match="pitch"):
        speak("Hi", settings, pitch=factor)


def test_rate_and_pitch_are_clamped(settings: Settings) -> None:
    with Speaker(settings) as speaker:

        def samples(rate: float, pitch: float) -> int:
            return sum(len(chunk.samples) for chunk in speaker.speak("A slow sentence.", rate=rate, pitch=pitch))

        assert samples(100, 1) == samples(2, 1) < samples(1, 1) < samples(0.5, 1) == samples(-3, 1)
        assert samples(1, 100) == samples(1, 2)


def test_stopping_early_frees_the_voice(settings: Settings) -> None:
    chunks = speak("One. Two. Three.", settings)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert list(chunks) == []
