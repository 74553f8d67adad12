from __future__ import annotations

from mien.speech.voices.espeak.events import phonemes, words
from mien.types import Phoneme, Word

RATE = 1000


def test_names_become_ipa_stress_and_pauses() -> None:
    events = [
        (8, 0, 0, 0, ""),
        (7, 1, 0, 20, "(en)"),
        (7, 1, 0, 20, "ˈaɪ"),
        (7, 1, 0, 120, "(cmn-lat"),  # eight bytes are all that a name has
        (7, 1, 0, 120, "ˌi5"),
        (7, 1, 0, 200, "m#"),
        (7, 1, 0, 300, "_:"),
    ]
    assert phonemes(events, 500, RATE) == (
        Phoneme("", 0.0, 0.02),
        Phoneme("aɪ", 0.02, 0.12, 2),
        Phoneme("i", 0.12, 0.2, 1),
        Phoneme("m", 0.2, 0.3),
        Phoneme("", 0.3, 0.5),
    )


def test_no_events_give_no_phonemes() -> None:
    assert phonemes([], 0, RATE) == ()


def test_a_number_spoken_as_several_words_is_one_word() -> None:
    text = "in 2024年"
    events = [(1, 1, 2, 0, ""), (1, 4, 4, 100, ""), (1, 4, 4, 200, ""), (1, 8, 1, 300, ""), (1, 9, 1, 400, "")]
    sounds = [Phoneme("a", 0.0, 0.08), Phoneme("", 0.08, 0.1), Phoneme("b", 0.1, 0.45), Phoneme("", 0.45, 0.6)]
    assert words(events, text, sounds, RATE) == (Word("in", 0.0, 0.08), Word("2024", 0.1, 0.3), Word("年", 0.3, 0.45))
