from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("piper", reason="needs: pip install 'mien[piper]'")

from mien.errors import NotFoundError, VoiceError
from mien.settings import Settings
from mien.speech import Voice, list_voices, speak
from mien.speech.voices.piper.voice import PiperEngine
from mien.types import SpeechChunk

from .tiny_voice import HOP, durations, write_voice


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.data_dir / "piper"


@pytest.fixture
def engine(settings: Settings, folder: Path) -> Iterator[PiperEngine]:
    write_voice(folder, "en_US-tiny-low", "en_US", "en-us")
    opened = PiperEngine(settings)
    yield opened
    opened.close()


def say(engine: Voice, text: str, voice: str = "", rate: float = 1.0) -> list[SpeechChunk]:
    return list(engine.synthesize(text, voice=voice, rate=rate, pitch=1.0))


def test_a_real_voice_speaks_with_its_sounds(engine: PiperEngine) -> None:
    [chunk] = say(engine, "Hello there.")
    assert chunk.sample_rate == 22_050
    assert chunk.text == "Hello there."
    assert chunk.phonemes
    assert [phoneme.ipa for phoneme in chunk.phonemes if phoneme.ipa] == ["h", "ə", "l", "o", "ʊ", "ð", "ɛ", "ɹ"]
    assert [phoneme.stress for phoneme in chunk.phonemes if phoneme.ipa == "o"] == [2]


@pytest.mark.parametrize("rate", [1.0, 0.5, 1.7])
def test_sounds_start_where_the_model_made_them(engine: PiperEngine, rate: float) -> None:
    from piper.phoneme_ids import phonemes_to_ids

    [chunk] = say(engine, "Hello.", rate=rate)
    names = ["h", "ə", "l", "ˈ", "o", "ʊ", "."]
    lengths = durations(phonemes_to_ids(names), 1 / rate)
    assert len(chunk.samples) == sum(lengths)
    assert len(chunk.samples) % HOP == 0
    # ids: ^ _ then each name and a pad, then $; a stress mark belongs to the sound behind it
    spans = [sum(lengths[2 + 2 * index : 4 + 2 * index]) for index in range(len(names))]
    starts = np.cumsum([sum(lengths[:2]), *spans]) / 22_050
    expected = {"h": starts[0], "ə": starts[1], "l": starts[2], "o": starts[3], "ʊ": starts[5]}
    assert chunk.phonemes
    found = {phoneme.ipa: phoneme.start_s for phoneme in chunk.phonemes if phoneme.ipa}
    assert found == pytest.approx(expected)
    assert chunk.phonemes[0].start_s == 0
    assert chunk.phonemes[-1].end_s == pytest.approx(len(chunk.samples) / 22_050)


def test_length_marks_join_the_sound_before(engine: PiperEngine) -> None:
    [chunk] = say(engine, "See.")
    assert [phoneme.ipa for phoneme in chunk.phonemes or () if phoneme.ipa] == ["s", "iː"]


def test_the_voice_follows_the_language_and_the_rate_stays(
    engine: PiperEngine, folder: Path, settings: Settings
) -> None:
    write_voice(folder, "de_DE-tiny-low", "de_DE", "de", sample_rate=16_000)
    write_voice(folder, "ru_RU-tiny-low", "ru_RU", "ru", sample_rate=16_000)
    english, russian = speak("Hello. Привет.", settings, "piper")
    assert english.sample_rate == russian.sample_rate == 22_050
    [alone] = say(engine, "Привет.", "ru_RU-tiny-low")
    assert np.array_equal(russian.samples, alone.samples)
    assert russian.phonemes
    assert russian.phonemes[-1].end_s == pytest.approx(len(russian.samples) / 22_050, abs=1e-4)
    assert [item.info.language for item in list_voices(settings, "piper").voices] == ["de-DE", "en-US", "ru-RU"]


def test_unknown_voices_are_named_with_near_ones(engine: PiperEngine) -> None:
    with pytest.raises(NotFoundError, match="'en_US-tinny-low'") as caught:
        say(engine, "Hi.", "en_US-tinny-low")
    assert "en_US-tiny-low" in caught.value.hint


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd"])
def test_without_voices_it_says_how_to_get_one(settings: Settings, name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        say(PiperEngine(settings), "Hi.", name)
    assert "piper.download_voices" in caught.value.hint


def test_another_folder_can_be_set(settings: Settings, tmp_path: Path) -> None:
    write_voice(tmp_path / "own", "a", "en", "en-us")
    assert [
        info.name for info in PiperEngine(settings.model_copy(update={"piper_dir": tmp_path / "own"})).voices()
    ] == ["a"]


@pytest.mark.parametrize("broken", ["model", "empty model", "config", "config missing", "config without audio"])
def test_broken_files_are_a_voice_error(engine: PiperEngine, folder: Path, broken: str) -> None:
    model, config = folder / "en_US-tiny-low.onnx", folder / "en_US-tiny-low.onnx.json"
    if broken == "model":
        model.write_bytes(b"not a model")
    elif broken == "empty model":
        model.write_bytes(b"")
    elif broken == "config":
        config.write_text("{")
    elif broken == "config without audio":
        config.write_text("{}")
    else:
        config.unlink()
    with pytest.raises(VoiceError, match="en_US-tiny-low"):
        say(engine, "Hi.", "en_US-tiny-low")
