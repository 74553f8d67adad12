"""Runs where faster-whisper is installed; no model comes with it, so only what does not need one."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from mien.errors import WeightsError
from mien.settings import Settings

faster_whisper = pytest.importorskip("faster_whisper")

from mien.speech.recognizers.whisper.recognizer import WhisperRecognizer  # noqa: E402


def test_a_model_that_is_not_there_is_told_with_how_to_get_it(settings: Settings):
    with pytest.raises(WeightsError, match="There is no model") as caught:
        WhisperRecognizer(settings.model_copy(update={"offline": True}), "")
    assert "faster_whisper.download_model" in caught.value.hint


def test_offline_no_model_is_fetched(settings: Settings):
    with pytest.raises(WeightsError, match="tiny cannot be used"):
        WhisperRecognizer(settings.model_copy(update={"offline": True}), "tiny")


def test_a_broken_model_is_told(settings: Settings):
    folder: Path = settings.data_dir / "recognizers" / "broken"
    folder.mkdir(parents=True)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    with pytest.raises(WeightsError, match="broken cannot be used"):
        WhisperRecognizer(settings, "broken")


def test_it_is_asked_in_words_that_it_knows():
    known = inspect.signature(faster_whisper.WhisperModel.transcribe).parameters
    assert {"language", "beam_size", "condition_on_previous_text", "without_timestamps"} <= known.keys()
    assert hasattr(faster_whisper.WhisperModel, "supported_languages")
