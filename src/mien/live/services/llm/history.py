"""What of a conversation a language model is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from mien.speech.text import language_runs

Message: TypeAlias = Mapping[str, Any]
"""A message in the form of OpenAI's chat completions."""


def latest(messages: Sequence[Message], earlier: int) -> list[Message]:
    """The user's last message with what came after it, and at most `earlier` messages before; system messages at the head stay.

    Where something is left out, what is shown begins with a message of the user: many chat templates insist on it, and so no result of a
    function is left without its call.
    """
    head = 0
    while head < len(messages) and messages[head].get("role") == "system":
        head += 1
    rest = messages[head:]
    users = [index for index, message in enumerate(rest) if message.get("role") == "user"]
    current = users[-1] if users else max(0, len(rest) - 1)
    start = max(0, current - earlier)
    if start > 0:
        start = next((index for index in users if index >= start), current)
    return [*messages[:head], *rest[start:]]


def last_user_text(messages: Sequence[Message]) -> str:
    """What the user said last; "" if nothing."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return text_of(message)
    return ""


def text_of(message: Message) -> str:
    """The text of a message, which may have parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return " ".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))


def is_chinese(text: str) -> bool:
    """Whether somebody who says this wants to be answered in Chinese."""
    return any(run.language == "zh" for run in language_runs(text))
