"""The partner of a conversation when no language model is set: it says so, and repeats what it hears."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from mien.live.services.llm.history import is_chinese, last_user_text
from mien.live.turns import Turns, generation_of, stamp
from mien.speech.text import speakable

_LONGEST = 300
"""Characters that are repeated."""

_CHINESE_WORDS = {
    "nod": ("点头", "点点头", "点一点头", "点个头"),
    "shake": ("摇头", "摇摇头", "摇一摇头"),
    "wave": ("挥手", "挥挥手", "挥一挥手", "招手", "招招手"),
    "smile": ("微笑", "笑一笑", "笑一个", "笑笑"),
    "surprise": ("惊讶", "吃惊"),
    "think": ("想一想", "想想", "思考一下"),
}

_EXPLANATION = {
    False: "Hello! I have no language model yet, so I can only repeat what I hear. "
    "To let me think for myself, set MIEN_LLM, for example to ollama or openai, and start me again. ",
    True: "你好！我还没有接入语言模型，所以只能重复听到的话。想让我自己思考，请设置 MIEN_LLM，例如 MIEN_LLM=ollama 或 openai，然后重新启动。",
}
_REPEATING = {
    False: ("You said: {}.", "I heard: {}. Tell me more!", "So: {}. I like listening to you."),
    True: ("你说：{}。", "我听到了：{}。再多说一点吧！", "原来是：{}。我喜欢听你说话。"),
}
_WORDLESS = {False: "I can only repeat words.", True: "我只能重复能念出来的话。"}
_DOING = {False: "Gladly!", True: "好的！"}

_PIECE = re.compile(r"\S+\s*|\s+")
_EDGES = " \t\r\n.,!?;:…。，！？；：、"


class ScriptedPartner(FrameProcessor):
    """Answers every `LLMContextFrame` without a model; see `language_model`."""

    def __init__(self, turns: Turns, *, actions: Sequence[str] = (), on_action: Callable[[str], None]) -> None:
        super().__init__()
        self._turns = turns
        self._actions = tuple(actions)
        self._on_action = on_action
        self._answers = 0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        stamped = generation_of(frame)
        generation = self._turns.generation if stamped is None else stamped
        if self._turns.is_stale(generation):
            return
        heard = last_user_text([message for message in frame.context.messages if isinstance(message, dict)])
        await self._say(self._answer(heard), generation)

    def _answer(self, heard: str) -> str:
        """What it says to this; asks for the movements that are named in it."""
        chinese = is_chinese(heard)
        asked = [name for name in self._actions if _names(heard, name)]
        for name in asked:
            self._on_action(name)
        phrases = _REPEATING[chinese]
        words = heard.strip(_EDGES)
        answer = _EXPLANATION[chinese] if self._answers == 0 else ""
        if asked:
            answer += _DOING[chinese]
        elif words and not speakable(words):
            answer += _WORDLESS[chinese]
        elif words:
            answer += phrases[self._answers % len(phrases)].format(words[:_LONGEST])
        self._answers += 1
        return answer or _EXPLANATION[chinese]

    async def _say(self, text: str, generation: int) -> None:
        self._turns.mark("llm_request", generation)
        await self._push(LLMFullResponseStartFrame(), generation)
        try:
            for piece in _PIECE.findall(text):
                if self._turns.is_stale(generation):
                    return
                self._turns.mark("llm", generation)
                await self._push(LLMTextFrame(piece), generation)
                await asyncio.sleep(0)
        finally:
            await self._push(LLMFullResponseEndFrame(), generation)

    async def _push(self, frame: Frame, generation: int) -> None:
        stamp(frame, generation)
        await self.push_frame(frame)


def _names(heard: str, action: str) -> bool:
    """Whether the text asks for this movement in plain words."""
    words = action.replace("_", " ").replace("-", " ")
    return bool(re.search(rf"\b{re.escape(words)}\b", heard, re.IGNORECASE)) or any(
        word in heard for word in _CHINESE_WORDS.get(action, ())
    )
