"""Runs where sherpa-onnx is installed; no model comes with it, so only what does not need one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import WeightsError
from mien.settings import Settings

pytest.importorskip("sherpa_onnx")

from mien.speech.recognizers.sherpa.recognizer import SherpaRecognizer, _part


def test_a_model_that_is_not_there_is_told_with_how_to_get_it(settings: Settings):
    with pytest.raises(WeightsError, match="There is no model") as caught:
        SherpaRecognizer(settings, "")
    assert "zipformer" in caught.value.hint


def test_a_broken_model_is_told(settings: Settings):
    folder: Path = settings.data_dir / "recognizers" / "broken"
    folder.mkdir(parents=True)
    for name in ("tokens.txt", "encoder.onnx", "decoder.onnx", "joiner.onnx"):
        (folder / name).write_text("x")
    with pytest.raises(WeightsError, match="broken cannot be used"):
        SherpaRecognizer(settings, "broken")


def test_the_small_form_of_encoder_and_joiner_is_taken(tmp_path: Path):
    for name in ("encoder", "decoder", "joiner"):
        (tmp_path / f"{name}-99.onnx").touch()
        (tmp_path / f"{name}-99.int8.onnx").touch()
    chosen = [_part(tmp_path, name).name for name in ("encoder", "decoder", "joiner")]
    assert chosen == ["encoder-99.int8.onnx", "decoder-99.onnx", "joiner-99.int8.onnx"]
