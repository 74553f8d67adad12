from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.motion.features import tones
from tests.motion.features.models import folder_of
from tests.motion.features.official import wave

from mien.errors import WeightsError
from mien.motion import mouth_from_phonemes
from mien.motion.features import PhonemeRecognizer
from mien.motion.features.phonemes import read_vocabulary
from mien.motion.visemes import CLOSURE, GAP

SPOKEN = (("m", 0.2), ("a", 0.3), ("m", 0.14), ("a", 0.4), ("", 0.6), ("a", 0.3), ("", 0.3))


def spoken() -> np.ndarray:
    return np.concatenate([tones.tone(name, seconds) for name, seconds in SPOKEN])


def test_phonemes_are_heard_where_they_are(tmp_path: Path) -> None:
    recognizer = PhonemeRecognizer(tones.write(tmp_path / "model.onnx"))
    phonemes = recognizer.recognise(spoken())
    assert [each.ipa for each in phonemes] == [name for name, _ in SPOKEN]
    ends = np.cumsum([seconds for _, seconds in SPOKEN])
    np.testing.assert_allclose([each.end_s for each in phonemes], ends, atol=0.02)


def test_the_mouth_follows_what_was_recognised(tmp_path: Path) -> None:
    sound = spoken()
    phonemes = PhonemeRecognizer(tones.write(tmp_path / "model.onnx")).recognise(sound)
    mouth = mouth_from_phonemes(phonemes, len(sound) / 16000).values
    assert mouth[57, CLOSURE] == 1.0
    assert mouth[35, GAP] > 0.05
    assert not mouth[150, GAP]


def test_long_recordings_tell_how_far_they_are_heard(tmp_path: Path) -> None:
    recognizer = PhonemeRecognizer(tones.write(tmp_path / "model.onnx"))
    done: list[float] = []
    phonemes = recognizer.recognise(np.tile(spoken(), 12), lambda progress: done.append(progress.done))
    assert done == pytest.approx([0.0, 10.0, 20.0, 26.88])
    assert [each.ipa for each in phonemes] == [name for name, _ in SPOKEN] * 12


def test_a_folder_of_weights_recognises_something_in_any_sound(tmp_path: Path) -> None:
    folder = folder_of("wav2vec2_large_ctc", tmp_path)
    names = ["<pad>", "<s>", "</s>", "<unk>", "n", "a5", "tɕh", "ɑːɹ", "p", "ˈiː", "s.", "ts"]
    (folder / "vocab.json").write_text(json.dumps({name: index for index, name in enumerate(names)}))
    recognizer = PhonemeRecognizer(folder)
    for sound in (wave(), np.zeros(16000, np.float32), np.zeros(100, np.float32)):
        phonemes = recognizer.recognise(sound)
        assert phonemes[-1].end_s == pytest.approx(len(sound) / 16000)
        assert {each.ipa for each in phonemes} <= {"", "n", "a", "tɕh", "ɑːɹ", "p", "iː", "s.", "ts"}
    assert recognizer.recognise(np.zeros(0, np.float32)) == []


def test_the_vocabulary_has_neither_tones_nor_stress_nor_marks(tmp_path: Path) -> None:
    names = ["<pad>", "|", " ", "", "[UNK]", "5", "ˈaɪ", "uei2", "ʃ", "o̞"]
    (tmp_path / "vocab.json").write_text(json.dumps({name: index for index, name in enumerate(names)}))
    assert read_vocabulary(tmp_path) == [None] * 6 + ["aɪ", "uei", "ʃ", "o̞"]


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = tones.write(tmp_path / "model.onnx")
    (tmp_path / "vocab.json").write_text('{"a": 0, "b": 1}')
    with pytest.raises(WeightsError, match="tells 5 symbols apart"):
        PhonemeRecognizer(path)
    (tmp_path / "vocab.json").write_text('{"a": 1, "b": 1}')
    with pytest.raises(WeightsError, match="does not number"):
        PhonemeRecognizer(path)
    (tmp_path / "vocab.json").write_text('{"a": [1]}')
    with pytest.raises(WeightsError, match="does not number"):
        PhonemeRecognizer(path)
    (tmp_path / "vocab.json").unlink()
    with pytest.raises(WeightsError, match=r"There is no vocab\.json"):
        PhonemeRecognizer(path)
