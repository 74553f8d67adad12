from __future__ import annotations

import re

import pytest

from mien.live.services.llm.speakable import Speakable

CASES = {
    "plain": ("Hello, world. It is 3.5 degrees - cold!", "Hello, world. It is 3.5 degrees - cold!"),
    "chinese": ("你好，我是小明。今天天气不错！", "你好，我是小明。今天天气不错！"),
    "mixed": ("我用 Python 和 C++ 写的。", "我用 Python 和 C++ 写的。"),
    "bold": ("This is **very** *nice*, ***really***.", "This is very nice, really."),
    "chinese bold": ("这**非常**好。", "这非常好。"),
    "underscores": ("_Yes_ and __no__, but snake_case stays.", "Yes and no, but snake_case stays."),
    "times": ("2 * 3 is 6, and 4*5 is 20.", "2 × 3 is 6, and 4 × 5 is 20."),
    "tildes": ("好呀~~~ 走吧", "好呀~ 走吧"),
    "struck": ("~~No~~ yes.", "No yes."),
    "heading": ("# Title\n\nText.", "Title\n\nText."),
    "hash inside": ("He is #1 in C# too.", "He is #1 in C# too."),
    "list": ("Two:\n- one\n* two\n  + three\n", "Two:\none\ntwo\nthree"),
    "quote": ("> Wise words\n> indeed", "Wise words\nindeed"),
    "rule": ("One.\n\n---\n\nTwo.", "One.\n\nTwo."),
    "numbers": ("1. First\n2. Second", "1. First\n2. Second"),
    "inline code": ("Run `ls -l` now.", "Run ls -l now."),
    "fence": ("Look:\n```python\nprint('x')\n```\nDone.", "Look:\nDone."),
    "open fence": ("Look:\n```python\nprint('x')", "Look:"),
    "link": ("See [the manual](https://example.org/a_b?c=d) please.", "See the manual please."),
    "image": ("![A cat](cat.png) is here.", "A cat is here."),
    "brackets": ("An [aside] and a (note).", "An [aside] and a (note)."),
    "address": ("Go to https://example.org/x, then www.example.org.", "Go to , then ."),
    "chinese address": ("看https://example.org/x。好的", "看。好的"),
    "in angles": ("At <https://example.org> now", "At now"),
    "tags": ("One<br>two <b>three</b>", "One two three"),
    "comparison": ("If a < b and c > d, stop.", "If a < b and c > d, stop."),
    "emoji": ("Great 😀👍🏽! 👨‍👩‍👧 Bye", "Great ! Bye"),
    "thought": ("<think>\nI must greet.\n</think>\n\nHello.", "Hello."),
    "thought only": ("<think>Hm, hm", ""),
    "end of thought only": ("</think>\n\nHello.", "Hello."),
    "two thoughts": ("<think>a</think>One. <think>b</think>Two.", "One. Two."),
    "big tag": ("<THINK>a</THINK>One.", "One."),
    "table": ("| a | b |\n|---|---|\n| 1 | 2 |", "a b\n1 2"),
    "spaces": ("a   b", "a b"),
    "dash": ("Well - no - maybe.", "Well - no - maybe."),
    "minus": ("a\n- b - c", "a\nb - c"),
    "bold number": ("It is **2 items** or *3*.", "It is 2 items or 3."),
    "chinese stars": ("**非常** 好 * 很", "非常 好 × 很"),
    "bracket and dot": ("See [the note]. Yes [a](b), c.", "See [the note]. Yes a, c."),
    "nothing": ("", ""),
    "blank": (" \n ", ""),
    "controls": ("a\x00b\x1b[0m c\ud800", "ab[0m c"),
}


def pieces(text: str, size: int) -> str:
    filtered = Speakable()
    said = "".join(filtered.feed(text[at : at + size]) for at in range(0, len(text), size))
    return said + filtered.flush()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_only_what_can_be_spoken_is_left_however_it_is_cut(name: str, size: int) -> None:
    text, spoken = CASES[name]
    assert squeezed(pieces(text, size)) == squeezed(spoken)


def squeezed(text: str) -> str:
    """Where a line breaks matters, not how wide the gap is."""
    return re.sub(r"\s*\n\s*", "\n", text.strip())


def test_words_are_given_at_once_and_signs_when_it_is_clear_what_they_are() -> None:
    filtered = Speakable()
    tokens = ["Hel", "lo", " there", ",", " you", " all", "!", " https", "://x.org"]
    assert [filtered.feed(token) for token in tokens] == ["Hel", "lo", " there", "", ", you", " all", "", "! ", ""]
    assert filtered.flush() == ""


def test_an_empty_line_between_paragraphs_stays() -> None:
    assert pieces("One.\n\nTwo.", 1) == "One.\n\nTwo."
    assert pieces("One.\n \n\n\n---\n\n Two.", 1000) == "One.\n\nTwo."


def test_chinese_is_given_at_once() -> None:
    filtered = Speakable()
    assert [filtered.feed(token) for token in ("你好", "，我", "是")] == ["你好", "，我", "是"]


def test_a_bracket_that_is_never_closed_does_not_hold_the_answer_back() -> None:
    text = "[ " + "word " * 200
    filtered = Speakable()
    assert len(filtered.feed(text)) > 500


def test_long_text_without_spaces_is_not_slow() -> None:
    filtered = Speakable()
    said = "".join(filtered.feed("a") for _ in range(5000)) + filtered.flush()
    assert said == "a" * 5000


@pytest.mark.parametrize("sign", ["[", "[a ", "![", "[a](", "<", "!", "_", "* ", "|-", "`", "~", "h"])
def test_endless_signs_are_worked_off(sign: str) -> None:
    text = sign * 2000
    assert len(pieces(text, len(text))) <= len(text)
    assert len(pieces(text, 7)) <= len(text)
