from __future__ import annotations

import pytest

from mien.live.services.llm.history import is_chinese, last_user_text, latest, text_of

SYSTEM = {"role": "system", "content": "S"}
CALL = {"role": "assistant", "tool_calls": [{"id": "1"}]}
RESULT = {"role": "tool", "tool_call_id": "1", "content": "ok"}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def avatar(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


TALK = [SYSTEM, user("1"), avatar("a"), user("2"), CALL, RESULT, avatar("b"), user("3")]


@pytest.mark.parametrize(
    ("earlier", "kept"),
    [
        (0, [SYSTEM, user("3")]),
        (1, [SYSTEM, user("3")]),
        (2, [SYSTEM, user("3")]),
        (3, [SYSTEM, user("3")]),
        (4, [SYSTEM, user("2"), CALL, RESULT, avatar("b"), user("3")]),
        (5, [SYSTEM, user("2"), CALL, RESULT, avatar("b"), user("3")]),
        (6, TALK),
        (200, TALK),
    ],
)
def test_earlier_messages_are_limited_and_no_call_is_cut_from_its_result(earlier: int, kept: list[dict]) -> None:
    assert latest(TALK, earlier) == kept


def test_what_came_after_the_last_question_always_stays() -> None:
    assert latest([user("1"), avatar("a"), user("2"), CALL, RESULT], 0) == [user("2"), CALL, RESULT]


def test_a_greeting_stays_while_nothing_is_left_out() -> None:
    assert latest([avatar("Welcome"), user("Hi")], 5) == [avatar("Welcome"), user("Hi")]


def test_a_talk_without_a_user_is_shown() -> None:
    assert latest([avatar("a"), avatar("b")], 0) == [avatar("b")]
    assert latest([SYSTEM], 3) == [SYSTEM]
    assert latest([], 3) == []


def test_last_words_of_the_user_are_found_in_parts_too() -> None:
    parts = {
        "role": "user",
        "content": [{"type": "text", "text": "Look"}, {"type": "image_url"}, {"type": "text", "text": "here"}],
    }
    assert last_user_text([user("1"), parts, avatar("a")]) == "Look  here"
    assert last_user_text([SYSTEM]) == ""
    assert text_of({"role": "assistant", "content": None}) == ""


@pytest.mark.parametrize(
    ("text", "chinese"), [("你好", True), ("说 hello", True), ("Hi", False), ("こんにちは世界", False), ("", False)]
)
def test_chinese_is_told_from_other_languages(text: str, chinese: bool) -> None:
    assert is_chinese(text) is chinese
