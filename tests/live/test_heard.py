"""Only words whose sound was given out count as heard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.live.heard import Sentence
from mien.types import SpeechChunk, Word


def chunk(text: str, words: list[tuple[str, float]], seconds: float) -> SpeechChunk:
    timed = tuple(Word(word, start, start + 0.2) for word, start in words)
    return SpeechChunk(np.zeros(round(16000 * seconds), np.float32), 16000, None, timed, text)


def test_a_word_counts_when_it_begins():
    sentence = Sentence("Hello, my friend!", 1)
    sentence.add(chunk("Hello, my friend!", [("Hello", 0.1), ("my", 0.5), ("friend", 0.8)], 1.2))
    assert sentence.hear(0.0) == ""
    assert sentence.hear(0.1) == "Hello"
    assert sentence.hear(0.6) == ", my"
    assert sentence.hear(0.6) == ""
    assert sentence.hear(0.9) == " friend"
    assert sentence.hear_all() == "!"
    assert sentence.heard == "Hello, my friend!"


def test_chinese_is_heard_character_by_character():
    sentence = Sentence("你好。", 1)
    sentence.add(chunk("你好。", [("你", 0.0), ("好", 0.3)], 0.6))
    assert sentence.hear(0.1) == "你"
    assert sentence.hear(0.4) == "好"
    assert sentence.hear_all() == "。"


def test_later_pieces_of_a_sentence_go_on_in_time():
    sentence = Sentence("one two", 1)
    sentence.add(chunk("one two", [("one", 0.0)], 0.5))
    sentence.add(chunk("", [("two", 0.1)], 0.5))
    assert sentence.hear(0.55) == "one"
    assert sentence.hear(0.6) == " two"


def test_the_same_word_twice_is_found_twice():
    sentence = Sentence("no no no", 1)
    sentence.add(chunk("no no no", [("no", 0.0), ("no", 0.3), ("no", 0.6)], 1.0))
    assert sentence.hear(0.35) == "no no"


def test_words_that_the_text_does_not_have_are_passed_over():
    sentence = Sentence("5 cats", 1)
    sentence.add(chunk("5 cats", [("five", 0.0), ("cats", 0.4)], 0.8))
    assert sentence.hear(0.5) == "5 cats"


@pytest.mark.parametrize("complete", [True, False])
def test_without_times_no_word_is_cut(complete: bool):
    text = "These words have no times at all"
    sentence = Sentence(text, 1)
    sentence.add(chunk(text, [], 3.0))
    sentence.complete = complete
    for step in range(40):
        sentence.hear(step * 0.1)
        rest = text[len(sentence.heard) :]
        assert text.startswith(sentence.heard)
        assert not rest or not sentence.heard or not (sentence.heard[-1].isalnum() and rest[0].isalnum())


@given(st.text(min_size=1, max_size=40), st.lists(st.floats(0, 5), max_size=20))
def test_what_is_heard_only_grows_and_ends_as_the_whole(text: str, positions: list[float]):
    sentence = Sentence(text, 1)
    sentence.add(chunk(text, [], 2.0))
    heard = "".join(sentence.hear(position) for position in positions)
    assert heard + sentence.hear_all() == text
