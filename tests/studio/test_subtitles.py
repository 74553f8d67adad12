from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.media import Cue
from mien.studio.subtitles import MAX_COLUMNS, Subtitles
from mien.types import SpeechChunk, Word


def chunk(seconds: float, text: str = "", words: tuple[Word, ...] = ()) -> SpeechChunk:
    return SpeechChunk(np.zeros(round(seconds * 1000), np.float32), 1000, text=text, words=words)


def cues(*chunks: SpeechChunk) -> list[Cue]:
    subtitles = Subtitles()
    assert len(list(subtitles.watch(iter(chunks)))) == len(chunks)
    return subtitles.cues()


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def test_sentences_follow_each_other():
    assert cues(chunk(1, "One."), chunk(0.5), chunk(2, "Two.")) == [Cue("One.", 0, 1.5), Cue("Two.", 1.5, 3.5)]


def test_nothing_said_gives_nothing():
    assert cues() == []
    assert cues(chunk(1)) == []


def test_a_long_sentence_is_cut_evenly_at_the_times_of_its_words():
    text = "the quick brown fox jumps over the lazy dog again and again"
    spoken = text.split()
    words = tuple(Word(word, start**1.5, (start + 1) ** 1.5) for start, word in enumerate(spoken))
    one, two = cues(chunk(len(spoken) ** 1.5, text, words))
    assert f"{one.text} {two.text}" == text
    assert abs(len(one.text) - len(two.text)) < 10
    assert one.end_s == two.start_s == len(one.text.split()) ** 1.5


def test_words_that_the_voice_spells_differently_are_passed_over():
    words = (Word("Doctor", 0, 1), Word("Who", 1, 2))
    assert cues(chunk(2, "Dr. Who", words)) == [Cue("Dr. Who", 0, 2)]


def test_chinese_is_cut_between_characters_but_no_mark_begins_a_line():
    text = "今天巴黎的天气大约是二十度半，人们都在河边散步，孩子们在公园里玩耍，老人们坐在长椅上。"
    pieces = [cue.text for cue in cues(chunk(8, text))]
    assert pieces == ["今天巴黎的天气大约是二十度半，", "人们都在河边散步，孩子们在公园里玩耍，", "老人们坐在长椅上。"]
    without = text.replace("，", "")
    pieces = [cue.text for cue in cues(chunk(8, without))]
    assert "".join(pieces) == without
    assert all(columns(piece) <= MAX_COLUMNS for piece in pieces)
    assert not any(piece[0] in "，。" for piece in pieces)


texts = st.lists(st.text("ab,中文。 ", min_size=1, max_size=60), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(texts=texts, data=st.data())
def test_no_text_is_lost_and_time_never_runs_back(texts: list[str], data: st.DataObject):
    chunks = []
    for text in texts:
        times = sorted(data.draw(st.lists(st.floats(0, 2), min_size=2, max_size=6)))
        words = tuple(Word(data.draw(st.sampled_from(["a", "b", "中", "?"])), *pair) for pair in pairwise(times))
        chunks.append(chunk(2, text, words))
    made = cues(*chunks)
    assert "".join("".join(cue.text for cue in made).split()) == "".join("".join(texts).split())
    times = [time for cue in made for time in (cue.start_s, cue.end_s)]
    assert times == sorted(times)
    assert all(0 <= time <= 2 * len(texts) for time in times)
    assert all(columns(cue.text) <= MAX_COLUMNS for cue in made if " " in cue.text or "中" in cue.text[1:-2])
