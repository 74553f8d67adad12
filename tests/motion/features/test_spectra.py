from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.motion.features.models import DATA
from tests.motion.features.official import wave

from mien.motion.features.spectra import mfcc, slaney_filters, unit_variance, wav2lip_mel, whisper_log_mel

PARITY = Path(__file__).parents[4] / "shared/parity"

needs_parity = pytest.mark.skipif(not PARITY.is_dir(), reason="../shared/parity is not there")


@needs_parity
def test_whispers_log_mel_is_the_official_one() -> None:
    parity = np.load(PARITY / "speech_frontends.npz")
    log_mel = whisper_log_mel(np.pad(parity["wave"], (0, 29 * 16000)))
    assert log_mel.shape == (80, 3000)
    np.testing.assert_allclose(log_mel[:, :120], parity["whisper_logmel_first120"][0], atol=1e-5)
    assert log_mel[0, -1] == pytest.approx(float(parity["whisper_tail_value"]), abs=1e-6)


@needs_parity
def test_samples_are_normalised_as_for_wav2vec2() -> None:
    parity = np.load(PARITY / "speech_frontends.npz")
    np.testing.assert_allclose(unit_variance(parity["wave"])[:400], parity["wav2vec2_norm_first400"], atol=1e-5)


@needs_parity
def test_wav2lips_mel_is_the_official_one() -> None:
    parity = np.load(PARITY / "wav2lip_mel.npz")
    np.testing.assert_allclose(slaney_filters(80, 800, 55.0, 7600.0), parity["mel_basis"], atol=1e-7)
    np.testing.assert_allclose(wav2lip_mel(wave()), parity["mel_reflect"], atol=1e-4)


@pytest.mark.parametrize("count", [16000, 561, 300])
def test_cepstra_are_those_of_python_speech_features(count: int) -> None:
    expected = np.load(DATA / "speech.npz")[f"mfcc_{count}"]
    np.testing.assert_allclose(mfcc(wave()[:count])[::7], expected, atol=1e-4)


def test_silence_has_spectra_too() -> None:
    nothing = np.zeros(16000, np.float32)
    assert not unit_variance(nothing).any()
    assert (wav2lip_mel(nothing) == -4.0).all()
    assert np.ptp(whisper_log_mel(nothing)) == 0.0
    assert np.isfinite(mfcc(nothing)).all()


def test_sound_is_left_as_it_was() -> None:
    sound = wave()
    for spectrum in (unit_variance, whisper_log_mel, wav2lip_mel, mfcc):
        spectrum(sound)
    assert (sound == wave()).all()
