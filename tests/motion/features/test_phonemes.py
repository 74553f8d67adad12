from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.motion.features import tones
from tests.motion.features.models import folder_of
from tests.motion.features.official import wave

from mien.errors import MissingDependency, WeightsError
from mien.motion import mouth_from_phonemes
from mien.motion.features import PhonemeRecognizer
from mien.motion.features.phonemes import read_vocabulary
from mien.motion.visemes import CLOSURE, GAP

SPOKEN = (("m", 0.2), ("a", 0.3), ("m", 0.14), ("a", 0.4), ("", 0.6), ("a", 0.3), ("", 0.3))


def spoken() -> np.ndarray:
    return np.concatenate([tones.tone(name, seconds) for name, seconds in SPOKEN])


def test_phonemes_are_heard_where_they_are(tmp_path: Path) -> None:
    recognizer = PhonemeRecognizer(tones.write(tmp_path / "model.onnx"))
    phonemes = recognizer.recognise([spoken()])
    assert [each.ipa for each in phonemes] == [name for name, _ in SPOKEN]
    ends = np.cumsum([seconds for _, seconds in SPOKEN])
    np.testing.assert_allclose([each.end_s for each in phonemes], ends, atol=0.02)


def test_the_mouth_follows_what_was_recognised(tmp_path: Path) -> None:
    sound = spoken()
    phonemes = PhonemeRecognizer(tones.write(tmp_path / "model.onnx")).recognise([sound])
    mouth = mouth_from_phonemes(phonemes, len(sound) / 16000).values
    assert mouth[57, CLOSURE] == 1.0
    assert mouth[35, GAP] > 0.05
    assert not mouth[150, GAP]


def test_long_recordings_tell_how_far_they_are_heard(tmp_path: Path) -> None:
    recognizer = PhonemeRecognizer(tones.write(tmp_path / "model.onnx"))
    done: list[float] = []
    pieces = np.array_split(np.tile(spoken(), 12), 27)
    phonemes = recognizer.recognise(pieces, 26.88, lambda progress: done.append(progress.done))
    assert done == pytest.approx([0.0, 10.95, 21.9, 26.88], abs=0.05)
    assert [each.ipa for each in phonemes] == [name for name, _ in SPOKEN] * 12


def test_a_folder_of_weights_recognises_something_in_any_sound(tmp_path: Path) -> None:
    folder = folder_of("wav2vec2_large_ctc", tmp_path)
    names = ["<pad>", "<s>", "</s>", "<unk>", "n", "a5", "tɕh", "ɑːɹ", "p", "ˈiː", "s.", "ts"]
    (folder / "vocab.json").write_text(json.dumps({name: index for index, name in enumerate(names)}))
    recognizer = PhonemeRecognizer(folder)
    for sound in (wave(), np.zeros(16000, np.float32), np.zeros(100, np.float32)):
        phonemes = recognizer.recognise([sound])
        assert phonemes[-1].end_s == pytest.approx(len(sound) / 16000)
        assert {each.ipa for each in phonemes} <= {"", "n", "a", "tɕh", "ɑːɹ", "p", "iː", "s.", "ts"}
    assert recognizer.recognise([np.zeros(0, np.float32)]) == []
    assert recognizer.recognise([]) == []


def test_the_vocabulary_has_neither_tones_nor_stress_nor_marks(tmp_path: Path) -> None:
    names = ["<pad>", "|", " ", "", "[UNK]", "5", "ˈaɪ", "uei2", "uoɜ", "ɜ", "ɜː", "ʃ", "o̞"]
    (tmp_path / "vocab.json").write_text(json.dumps({name: index for index, name in enumerate(names)}))
    assert read_vocabulary(tmp_path) == [None] * 6 + ["aɪ", "uei", "uo", "ɜ", "ɜː", "ʃ", "o̞"]


def test_a_vocabulary_of_letters_is_none_of_phonemes(tmp_path: Path) -> None:
    names = ["<pad>", "|", *"ETAOIN", *"abcdäöüß"]
    (tmp_path / "vocab.json").write_text(json.dumps({name: index for index, name in enumerate(names)}))
    with pytest.raises(WeightsError, match="letters") as caught:
        read_vocabulary(tmp_path)
    assert "espeak" in caught.value.hint


def test_places_without_a_recogniser(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"There is no folder .*nowhere"):
        PhonemeRecognizer(tmp_path / "nowhere")
    with pytest.raises(WeightsError, match=r"There is no vocab\.json"):
        PhonemeRecognizer(tmp_path)


def test_a_folder_with_an_exported_network(tmp_path: Path) -> None:
    tones.write(tmp_path / "model.onnx")
    assert [each.ipa for each in PhonemeRecognizer(tmp_path).recognise([spoken()])] == [name for name, _ in SPOKEN]


def test_memory_does_not_grow_with_the_sound(tmp_path: Path) -> None:
    recognizer = PhonemeRecognizer(tones.write(tmp_path / "model.onnx"))

    def most(minutes: int) -> int:
        tracemalloc.start()
        heard = recognizer.recognise(spoken() for _ in range(round(60 * minutes / 2.24)))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert sum(each.ipa == "m" for each in heard) == 2 * round(60 * minutes / 2.24)
        return top

    assert most(10) < most(4) + 6 * 60 * 1000


def test_pytorch_is_named_where_it_is_needed_and_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vocab.json").write_text('{"ɑ": 0, "b": 1}', encoding="utf-8")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="torch") as caught:
        PhonemeRecognizer(tmp_path)
    assert "pip install 'mien[train]'" in caught.value.hint


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = tones.write(tmp_path / "model.onnx")
    (tmp_path / "vocab.json").write_text('{"ɑ": 0, "b": 1}', encoding="utf-8")
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
