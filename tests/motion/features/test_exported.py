from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.motion.features import tones
from tests.motion.features.official import wave

from mien.errors import WeightsError
from mien.motion.features import features, open_encoder
from mien.motion.features.spectra import whisper_log_mel


@pytest.mark.parametrize("mask", [False, True])
def test_a_network_that_hears_samples_is_run(mask: bool, tmp_path: Path) -> None:
    encoder = open_encoder(tones.write(tmp_path / "model.onnx", mask=mask))
    heard = features(encoder, np.concatenate([tones.tone("m", 0.5), tones.tone("a", 0.5)]))
    assert heard.shape == (49, 1, 5)
    np.testing.assert_allclose(np.exp(heard).sum(axis=-1), 1.0, atol=1e-5)
    assert (heard[:24, 0].argmax(axis=-1) == 2).all()
    assert (heard[26:, 0].argmax(axis=-1) == 3).all()


@pytest.mark.parametrize("columns", [3000, 200, "columns"])
def test_a_network_that_hears_log_mel_is_run(columns: int | str, tmp_path: Path) -> None:
    encoder = open_encoder(tones.write_log_mel(tmp_path / "model.onnx", columns))
    seconds = columns / 100 if isinstance(columns, int) else 30
    filled = np.pad(wave(), (0, round(16000 * seconds) - 16000))
    heard = features(encoder, wave())
    assert heard.shape == (50, 1, 2)
    np.testing.assert_array_equal(heard[:, 0], whisper_log_mel(filled)[[3, 40], :100:2].T)


def test_long_sound_is_heard_in_windows(tmp_path: Path) -> None:
    encoder = open_encoder(tones.write(tmp_path / "model.onnx"))
    sound = np.tile(np.concatenate([tones.tone("m", 0.32), tones.tone("a", 0.32)]), 80)
    heard = features(encoder, sound)
    assert len(heard) == (len(sound) - 400) // 320 + 1
    np.testing.assert_allclose(heard[64:2000], heard[: 2000 - 64], atol=1e-3)


def test_what_is_no_network_of_speech_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="There is no file"):
        open_encoder(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(WeightsError, match="is no network"):
        open_encoder(tmp_path / "text.onnx")
    fast = open_encoder(tones.write(tmp_path / "fast.onnx", hop=160))
    with pytest.raises(WeightsError, match="50 rows per second"):
        features(fast, wave())
