"""What the network is taught: the right answers at the right times, the same for the same recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.motion.network import STEP_S
from mien.motion.phones import BILABIAL, PAUSE, PHONE_CLASSES, phone_classes
from mien.motion.training.corpus import Utterance
from mien.motion.training.features import Features, Recipe, features, made, scenes
from mien.motion.visemes import CLOSURE, JAW
from mien.types import SAMPLE_RATE, Phoneme

PHONEMES = (Phoneme("ɑː", 0.3, 0.6, 2), Phoneme("m", 0.6, 0.72), Phoneme("aɪ", 0.72, 1.0, 2), Phoneme("t", 1.045, 1.1))


def utterance(seed: int = 0, seconds: float = 1.4, phonemes: tuple[Phoneme, ...] = PHONEMES) -> Utterance:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32)
    return Utterance((0.1 * samples).astype(np.float32), phonemes, "en-us", "test", "")


def at(found: Features, seconds: float) -> int:
    return int(found.phones[round(seconds / STEP_S)])


def test_answers_stand_at_the_time_of_their_sounds() -> None:
    sound = utterance()
    found = features(sound.samples, sound.phonemes)
    assert at(found, 0.1) == PAUSE
    assert PHONE_CLASSES[at(found, 0.44)] == "ɑɒ"
    assert at(found, 0.66) == PHONE_CLASSES.index("m")
    assert "a" in PHONE_CLASSES[at(found, 0.76)]
    assert "ɪ" in PHONE_CLASSES[at(found, 0.98)]
    assert found.mouth[round(0.64 / STEP_S), CLOSURE] > 0.9
    assert found.mouth[round(0.44 / STEP_S), CLOSURE] == 0
    assert found.mouth[round(0.44 / STEP_S), JAW] > 0.05
    assert found.speech[round(0.5 / STEP_S)]
    assert not found.speech[round(0.02 / STEP_S)]


def test_the_closure_of_a_voiceless_stop_is_the_stop_not_the_pause_before_it() -> None:
    sound = utterance()
    found = features(sound.samples, sound.phonemes)
    assert PHONE_CLASSES[at(found, 1.02)] == "tʈ"


def test_cues_and_answers_have_equal_length() -> None:
    sound = utterance(seconds=0.777)
    found = features(sound.samples, sound.phonemes)
    assert len(found.cues) == 2 * len(found.mouth) == 2 * len(found.phones) == 2 * len(found.speech)


def test_sound_without_speech_keeps_the_mouth_at_rest() -> None:
    sound = utterance(phonemes=())
    found = features(sound.samples, ())
    assert not found.mouth.any()
    assert not found.phones.any()
    assert not found.speech.any()


def test_later_utterances_of_a_scene_keep_their_times() -> None:
    found = Features.joined(scenes([utterance(seed) for seed in range(5)], np.random.default_rng(4), worse=False))
    runs = np.flatnonzero(np.diff((found.phones == PHONE_CLASSES.index("m")).astype(int)) == 1) + 1
    assert len(runs) == 5
    assert all(found.mouth[run : run + 5, CLOSURE].max() > 0.9 for run in runs)
    assert found.starts[0] == 0
    assert 1 < len(found.starts) < 5


def test_features_survive_saving(tmp_path: Path) -> None:
    sound = utterance()
    found = features(sound.samples, sound.phonemes)
    found.save(tmp_path / "one.npz")
    again = Features.load(tmp_path / "one.npz")
    for name in Features.__slots__:
        assert np.array_equal(getattr(found, name), getattr(again, name))
        assert getattr(found, name).dtype == getattr(again, name).dtype
    assert [path.name for path in tmp_path.iterdir()] == ["one.npz"]


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04" + b"0" * 40])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "one.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"one\.npz"):
        Features.load(path)


def test_what_strangers_would_say_comes_beside_with_the_same_answers_and_then_noise(tmp_path: Path) -> None:
    made(Recipe(seed=3, hours=6.0 / 3600, draws=2), tmp_path)
    own, one, other, noise = (
        Features.load(tmp_path / f"000-{name}.npz") for name in ("0", "drawn-0", "drawn-1", "noise")
    )
    for drawn in (one, other):
        assert np.array_equal(own.phones, drawn.phones)
        assert np.array_equal(own.mouth, drawn.mouth)
        assert np.array_equal(own.cues[:, -1], drawn.cues[:, -1])
        assert not np.allclose(own.cues[:, :-1], drawn.cues[:, :-1], atol=0.1)
    assert not np.allclose(one.cues[:, :-1], other.cues[:, :-1], atol=0.1)
    assert not noise.speech.any()
    assert not noise.mouth.any()


def test_a_recipe_is_made_once_and_never_mixed_with_another(tmp_path: Path) -> None:
    recipe = Recipe(seed=1, hours=6.0 / 3600, copies=2)
    first = made(recipe, tmp_path)
    assert 10 < first.seconds < 60
    (tmp_path / "000-1.npz").unlink()
    again = made(recipe, tmp_path, processes=2)
    assert np.array_equal(first.cues, again.cues)
    assert np.array_equal(first.phones, again.phones)
    with pytest.raises(InputError, match="another recipe"):
        made(Recipe(seed=1, hours=6.0 / 3600, copies=2, draws=1), tmp_path)
    with pytest.raises(InputError, match="another recipe"):
        made(Recipe(seed=2, hours=6.0 / 3600), tmp_path)


@pytest.mark.parametrize(
    ("ipa", "symbols"),
    [
        ("p", ["p"]),
        ("ph", ["p"]),
        ("aɪ", ["a", "ɪ"]),
        ("tʃ", ["t", "ʃ"]),
        ("ts.h", ["t", "ʂ"]),
        ("iːː", ["i"]),
        ("onɡ", ["ʊ", "ŋ"]),
        ("ã", ["ɑ"]),
        ("§¤", ["ə"]),
    ],
)
def test_sounds_have_classes(ipa: str, symbols: list[str]) -> None:
    found = phone_classes(ipa)
    assert [number for number, _ in found] == [
        next(index for index, group in enumerate(PHONE_CLASSES) if symbol in group) for symbol in symbols
    ]
    assert sum(share for _, share in found) == pytest.approx(1.0)


def test_classes_are_distinct_and_bilabials_are_the_lips() -> None:
    everything = "".join(PHONE_CLASSES)
    assert len(set(everything)) == len(everything)
    assert [PHONE_CLASSES[number] for number in BILABIAL] == ["p", "b", "m"]
    assert phone_classes("") == phone_classes(" ") == ((PAUSE, 1.0),)
