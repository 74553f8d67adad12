"""The dates of phonemes, and the texts that are spoken."""

from __future__ import annotations

import numpy as np
import pytest

from mien.motion.training.dating import at_bursts, in_order, released, with_stress
from mien.motion.training.texts import made_up, sentence
from mien.motion.training.words import WORDS
from mien.types import SAMPLE_RATE, Phoneme, Samples


def sound_with(silences: list[tuple[float, float]], seconds: float = 1.0) -> Samples:
    """A tone with holes."""
    result = 0.3 * np.sin(np.arange(round(seconds * SAMPLE_RATE)) * 0.3)
    for start_s, end_s in silences:
        result[round(start_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)] = 0.0
    return result.astype(np.float32)


def test_stops_are_moved_to_their_bursts() -> None:
    given = [Phoneme("a", 0.1, 0.3), Phoneme("p", 0.3, 0.42), Phoneme("a", 0.42, 0.6)]
    moved = at_bursts(sound_with([(0.3, 0.38)]), given)
    assert moved[1].start_s == pytest.approx(0.38, abs=0.003)
    assert moved[0].end_s == moved[1].start_s
    assert moved[1].end_s == 0.42
    assert moved[2] == given[2]


def test_closure_after_a_pause_joins_the_pause() -> None:
    given = [Phoneme("a", 0.0, 0.1), Phoneme("tʃ", 0.3, 0.42)]
    moved = at_bursts(sound_with([(0.1, 0.37)]), given)
    assert moved[0] == given[0]
    assert moved[1].start_s == pytest.approx(0.37, abs=0.003)


def test_stop_without_a_burst_keeps_a_closure() -> None:
    moved = at_bursts(sound_with([]), [Phoneme("a", 0.1, 0.3), Phoneme("k", 0.3, 0.4)])
    assert moved[1].start_s == pytest.approx(0.37)
    assert in_order(moved)


@pytest.mark.parametrize("end_s", [0.305, 0.4, 1.0, 1.5])
def test_bursts_bear_short_sounds_and_the_end(end_s: float) -> None:
    moved = at_bursts(sound_with([(0.3, 0.32)]), [Phoneme("a", 0.0, 0.3), Phoneme("p", 0.3, end_s)])
    assert in_order(moved)
    assert moved[1].end_s == end_s


def test_vowel_begins_when_the_lips_let_go() -> None:
    given = [Phoneme("m", 0.1, 0.2), Phoneme("a", 0.2, 0.4), Phoneme("s", 0.4, 0.5), Phoneme("a", 0.5, 0.6)]
    moved = released(sound_with([]), given, rate=1.2)
    assert moved[1].start_s == pytest.approx(0.18)
    assert moved[0].end_s == moved[1].start_s
    assert moved[2:] == tuple(given[2:])


def test_short_consonant_keeps_most_of_its_time() -> None:
    moved = released(sound_with([]), [Phoneme("b", 0.1, 0.12), Phoneme("a", 0.12, 0.4)], rate=0.75)
    assert moved[0].end_s == pytest.approx(0.111)


def test_voiced_stop_begins_with_the_silence_before_it() -> None:
    given = [Phoneme("m", 0.1, 0.3), Phoneme("b", 0.3, 0.33), Phoneme("a", 0.33, 0.5)]
    moved = released(sound_with([(0.26, 0.3)]), given, rate=1.0)
    assert moved[1].start_s == pytest.approx(0.255)
    assert moved[0].end_s == moved[1].start_s
    after_pause = released(sound_with([(0.0, 0.3)]), given[1:], rate=1.0)
    assert after_pause[0].start_s == pytest.approx(0.255)
    at_start = released(sound_with([(0.0, 0.02)]), [Phoneme("b", 0.02, 0.1)], rate=1.0)
    assert at_start[0].start_s == 0.0


def test_stress_comes_from_the_other_pronunciation() -> None:
    ours = [Phoneme(ipa, index / 10, (index + 1) / 10) for index, ipa in enumerate("bənænə")]
    theirs = [Phoneme("b", 0, 1), Phoneme("ɐ", 1, 2), Phoneme("n", 2, 3), Phoneme("æ", 3, 4, 2), Phoneme("n", 4, 5)]
    assert [sound.stress for sound in with_stress(ours, theirs)] == [0, 0, 0, 2, 0, 0]
    assert [sound.stress for sound in with_stress(ours, [])] == [0] * 6
    assert with_stress([], theirs) == ()


@pytest.mark.parametrize("language", sorted(WORDS))
def test_sentences_differ_and_keep_to_the_letters_of_their_language(language: str) -> None:
    rng = np.random.default_rng(0)
    letters = set("".join(WORDS[language]).lower()) | set(" .,?。，、？0123456789")
    made = [sentence(language, rng) for _ in range(20)]
    assert len(set(made)) == 20
    for text in made:
        if language != "cmn":
            assert set(text.lower()) <= letters
        assert text[-1] in ".?。？"


def test_mandarin_has_characters_beyond_its_words() -> None:
    rng = np.random.default_rng(0)
    text = "".join(sentence("cmn", rng) for _ in range(50))
    rare = set(text) - set("".join(WORDS["cmn"])) - set("，。？0123456789")
    assert len(rare) > 150
    assert all("\u4e00" <= letter <= "\u9fff" for letter in rare)


def test_made_up_words_are_mostly_not_in_the_list() -> None:
    rng = np.random.default_rng(0)
    words = [made_up("de", rng) for _ in range(100)]
    assert all(3 <= len(word) <= 13 for word in words)
    assert len(set(words) - {word.lower() for word in WORDS["de"]}) > 50
