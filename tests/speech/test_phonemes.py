from __future__ import annotations

from mien.speech.phonemes import without_joints
from mien.types import Phoneme


def test_short_pauses_prolong_the_sound_before_and_long_ones_stay() -> None:
    sounds = [
        Phoneme("n", 0.0, 0.1, 2),
        Phoneme("", 0.1, 0.13),
        Phoneme("i", 0.13, 0.2),
        Phoneme("", 0.2, 0.5),
        Phoneme("", 0.5, 0.52),
        Phoneme("", 0.52, 0.9),
    ]
    assert without_joints(sounds) == (
        Phoneme("n", 0.0, 0.13, 2),
        Phoneme("i", 0.13, 0.2),
        Phoneme("", 0.2, 0.9),
    )


def test_empty_sounds_go_and_a_leading_pause_stays() -> None:
    sounds = [Phoneme("", 0.0, 0.01), Phoneme("x", 0.01, 0.01), Phoneme("a", 0.01, 0.2)]
    assert without_joints(sounds) == (Phoneme("", 0.0, 0.01), Phoneme("a", 0.01, 0.2))
