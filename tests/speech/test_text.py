from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.speech.text import MAX_SENTENCE, clean, language_runs, same_language, speakable, split_sentences

# Text made of what decides about borders, beside text of any characters at all.
PARTS = st.sampled_from(
    ["Dr.", "e.g.", "U.S.", "3.14", "1.", "word", "Word", "He ", "I", "你好", "。", "！", "……", "...", "…", ".", "!", "?",
     "”", "“", '"', ")", "(", "）", " ", "  ", "\n", "\n\n", "https://a.bc/d?e=f", ",", "，", "é", "e\u0301", "\u3000",
     "x" * 70, "字" * 40, "かな", "한국", "привет"]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PARTS, max_size=60).map("".join), st.text(max_size=200))


def sentences(text: str) -> list[str]:
    return [piece.strip() for piece in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
        ("It costs $3.14 or 3.5 %. OK.", ["It costs $3.14 or 3.5 %.", "OK."]),
        ("Dr. Smith met Mr. Jones vs. Mrs. Hall. He left.", ["Dr. Smith met Mr. Jones vs. Mrs. Hall.", "He left."]),
        ("Use a tool, e.g. Mien, i.e. This one.", ["Use a tool, e.g. Mien, i.e. This one."]),
        ("The U.S. Army is big.", ["The U.S. Army is big."]),
        ("He lives in the U.S. She does not.", ["He lives in the U.S.", "She does not."]),
        ("J. R. R. Tolkien wrote. A. A. Milne too.", ["J. R. R. Tolkien wrote.", "A. A. Milne too."]),
        ("So do I. He too.", ["So do I.", "He too."]),
        ("No. 5 is alive. No. I do not know.", ["No. 5 is alive.", "No.", "I do not know."]),
        ("We met at 5 p.m. on Monday. Then we ate.", ["We met at 5 p.m. on Monday.", "Then we ate."]),
        ('"Hello!" he said. "Where are you?" She left.', ['"Hello!" he said.', '"Where are you?"', "She left."]),
        ("(It was late.) Bye.", ["(It was late.)", "Bye."]),
        ("Well... I think so. Wait... what?", ["Well...", "I think so.", "Wait... what?"]),
        ("Hmm… no. Hmm… Yes.", ["Hmm… no.", "Hmm…", "Yes."]),
        ("See https://a.com/b.c?x=1&y=2. Visit www.x.org!", ["See https://a.com/b.c?x=1&y=2.", "Visit www.x.org!"]),
        ("What?! No way!!! Yes.", ["What?!", "No way!!!", "Yes."]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("今天3.14元。你呢？！好！", ["今天3.14元。", "你呢？！", "好！"]),
        ("他说：“你好！”然后走了。", ["他说：“你好！”", "然后走了。"]),
        ("（真的。）等等……我知道了。", ["（真的。）", "等等……", "我知道了。"]),
        ("是吗?是的!好.", ["是吗?", "是的!", "好."]),
        ("好的......再见", ["好的......", "再见"]),
        ("Привет. Как дела?", ["Привет.", "Как дела?"]),
        ("नमस्ते। आप कैसे हैं।", ["नमस्ते।", "आप कैसे हैं।"]),
        ("A title\nThe text begins", ["A title", "The text begins"]),
        ("A title\n\nand text", ["A title", "and text"]),
    ],
)
def test_sentences_end_where_a_reader_pauses(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_line_wrapped_by_its_margin_does_not_end_a_sentence() -> None:
    wrapped = "This line is as long as lines in mail are, so it goes on beyond\nMargins of any kind."
    assert sentences(wrapped) == [wrapped]


@given(TEXTS, st.integers(10, 400))
@example("\n \n", 10)
@example("a" * 1000, 10)
@example("\u0301" * 50, 10)
def test_splitting_neither_loses_nor_doubles_text(text: str, limit: int) -> None:
    pieces = list(split_sentences(text, limit))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= limit for piece in pieces)


@given(TEXTS)
def test_splitting_never_cuts_inside_a_number_or_an_address(text: str) -> None:
    whole = f"{text} 3.14 https://a.bc/d?e=f."
    assert any("3.14" in piece for piece in split_sentences(whole, 10_000))
    assert any("https://a.bc/d?e=f" in piece for piece in split_sentences(whole, 10_000))


def test_a_sentence_that_is_too_long_is_cut_at_clauses_then_words() -> None:
    clauses = "some words in a clause, " * 40
    assert all(piece.endswith(", ") for piece in split_sentences(clauses))
    words = "word " * 200
    assert all(piece.endswith("word ") for piece in split_sentences(words))
    assert [len(piece) for piece in split_sentences("字" * 700)] == [MAX_SENTENCE, MAX_SENTENCE, 100]


def test_splitting_is_lazy() -> None:
    first = next(split_sentences("One. " + "Two. " * 100_000))
    assert first == "One. "


@pytest.mark.parametrize("unit", [" ", "\n", ".", '"', "a. ", "。", "x\n", '."', "…\n ", "Dr. ", "\u0301"])
def test_hostile_repetition_is_split_in_linear_time(unit: str) -> None:
    text = unit * (50_000 // len(unit)) + "a" + unit
    assert "".join(split_sentences(text)) == text


@given(st.text(max_size=200))
def test_cleaned_text_is_stable_and_can_be_encoded(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode()
    assert not [char for char in cleaned if unicodedata.category(char).startswith("C") and char not in "\n\u200c\u200d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1b\x7fc", "abc"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("\ufeffhi\u200b\u202e there\xad", "hi there"),
        ("ok\ud800", "ok"),
        ("２０２４年ＡＢｃ，", "2024年ABc，"),
        ("e\u0301", "é"),
        ("**bold** _it_ # head [a](b)", "**bold** _it_ # head [a](b)"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("5 €, 20 °C, ½, ™", "5 €, 20 °C, ½, ™"),
    ],
)
def test_clean_drops_only_what_cannot_be_said(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize("emoji", ["😀", "❤️", "👨‍👩‍👧", "🇨🇳", "👍🏽", "✈️", "⭐", "🏴\U000e0067\U000e0062\U000e007f"])
def test_emoji_are_dropped_whole(emoji: str) -> None:
    assert clean(f"a{emoji}b").split() == ["a", "b"]
    assert not speakable(clean(emoji))


@pytest.mark.parametrize(
    ("text", "preferred", "expected"),
    [
        ("我用 Python 写代码。", "", [("zh", "我用 "), ("en", "Python "), ("zh", "写代码。")]),
        ("In 2024年", "", [("en", "In "), ("zh", "2024年")]),
        ("iPhone 15 很好", "", [("en", "iPhone 15 "), ("zh", "很好")]),
        ("他说 “Hello” 然后", "", [("zh", "他说 "), ("en", "“Hello” "), ("zh", "然后")]),
        ("用（GPU）跑", "", [("zh", "用"), ("en", "（GPU）"), ("zh", "跑")]),
        ("123 456!", "", [("en", "123 456!")]),
        ("123!", "de", [("de", "123!")]),
        ("«Привет» he said", "", [("ru", "«Привет» "), ("en", "he said")]),
        ("日本語です", "", [("ja", "日本語です")]),
        ("日本语", "", [("zh", "日本语")]),
        ("漢字", "ja", [("ja", "漢字")]),
        ("안녕 ABC", "", [("ko", "안녕 "), ("en", "ABC")]),
        ("Hallo 你好", "de", [("de", "Hallo "), ("zh", "你好")]),
        ("Hello 你好", "cmn", [("en", "Hello "), ("cmn", "你好")]),
        ("你好", "yue", [("yue", "你好")]),
        ("ni hao 你好", "cmn-latn-pinyin", [("cmn-latn-pinyin", "ni hao 你好")]),
        ("Добрий день", "uk", [("uk", "Добрий день")]),
        ("", "", []),
    ],
)
def test_each_language_of_a_sentence_is_found(text: str, preferred: str, expected: list[tuple[str, str]]) -> None:
    assert [(run.language, run.text) for run in language_runs(text, preferred)] == expected


@given(TEXTS, st.sampled_from(["", "en-us", "cmn", "ja", "ru"]))
def test_language_runs_neither_lose_nor_double_text(text: str, preferred: str) -> None:
    runs = language_runs(text, preferred)
    assert "".join(run.text for run in runs) == text
    assert all(run.text and run.language for run in runs)
    assert all(run.language != following.language for run, following in itertools.pairwise(runs))


@pytest.mark.parametrize(
    ("tag", "wanted", "same"),
    [
        ("en-us", "en", True),
        ("en", "en-US", False),
        ("cmn", "zh", True),
        ("zh-CN", "zh_cn", True),
        ("eno", "en", False),
    ],
)
def test_a_longer_tag_answers_a_shorter_wish(tag: str, wanted: str, same: bool) -> None:
    assert same_language(tag, wanted) is same
