"""The avatar's partner in thought: any OpenAI-compatible server, or a scripted one that needs none.

Light to import: what talks to servers loads on use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mien.errors import LanguageModelError
from mien.live.services.llm.presets import PRESETS, SCRIPTED, LlmChoice, Preset, resolve

if TYPE_CHECKING:
    from pipecat.processors.frame_processor import FrameProcessor

    from mien.live.turns import Turns

__all__ = ["PRESETS", "LlmChoice", "Preset", "language_model", "resolve", "test_connection"]


def language_model(
    choice: LlmChoice,
    turns: Turns,
    actions: Sequence[str],
    on_action: Callable[[str], None],
    on_error: Callable[[LanguageModelError], None],
) -> FrameProcessor:
    """What turns a conversation (`LLMContextFrame`) into words (`LLMTextFrame`), all stamped with the turn they belong to.

    Args:
        choice: which model.
        turns: of the session.
        actions: movements it may ask for.
        on_action: told which one it asks for; must not block.
        on_error: told why there is no answer; the avatar has said something polite, and the next turn works again.
    """
    if choice.preset == SCRIPTED:
        from mien.live.services.llm.scripted import ScriptedPartner

        return ScriptedPartner(turns, actions=actions, on_action=on_action)
    from mien.live.services.llm.service import LanguageModel

    return LanguageModel(choice, turns, actions=actions, on_action=on_action, on_error=on_error)


async def test_connection(choice: LlmChoice) -> float:
    """Asks the model for a word and gives the seconds to its first token.

    Raises:
        LanguageModelError: there was none; the hint says what to look at.
    """
    if choice.preset == SCRIPTED:
        return 0.0
    from mien.live.services.llm.client import ChatClient

    return await ChatClient.measure(choice)
