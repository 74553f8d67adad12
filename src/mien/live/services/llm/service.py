"""A language model behind an OpenAI-compatible server, as a part of Pipecat's pipeline."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import Choice, ChoiceDelta, ChoiceDeltaToolCall
from pipecat.frames.frames import (
    Frame,
    FunctionCallFromLLM,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.llm import OpenAILLMService

from mien.errors import LanguageModelError
from mien.live.frames import mark_going_on
from mien.live.services.llm.client import ChatClient, empty_answer
from mien.live.services.llm.history import Message, is_chinese, last_user_text, latest
from mien.live.services.llm.presets import LlmChoice
from mien.live.services.llm.speakable import Speakable
from mien.live.turns import Turns, generation_of, stamp

logger = logging.getLogger(__name__)

PLAY_ACTION = "play_action"
_MAX_CALLS = 2
"""Answers of one turn that may call functions; then the model must speak."""

_SORRY = {
    False: (
        "Sorry, I cannot answer just now. Please try again later.",
        "Sorry, I lost my thread. Please ask me again.",
    ),
    True: ("抱歉，我现在没法回答，请稍后再试。", "抱歉，我的话断了，请再问我一次。"),
}
"""Spoken if there is no answer, and after half an answer; in English and in Chinese."""

_STAMPED = (
    LLMFullResponseStartFrame,
    LLMTextFrame,
    LLMFullResponseEndFrame,
    FunctionCallsStartedFrame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
)


class LanguageModel(OpenAILLMService):
    """Answers every `LLMContextFrame`; see `language_model`.

    The words it pushes are speakable text. Without an answer, or behind half of one, it pushes an excuse as a `TTSSpeakFrame` that is not
    appended to the context. An interruption closes the request.
    """

    def __init__(
        self,
        choice: LlmChoice,
        turns: Turns,
        *,
        actions: Sequence[str] = (),
        on_action: Callable[[str], None],
        on_error: Callable[[LanguageModelError], None],
    ) -> None:
        self._choice = choice
        self._chat = ChatClient(choice)
        self._turns = turns
        self._actions = tuple(actions)
        self._on_action = on_action
        self._on_error = on_error
        self._generation = turns.generation
        self._calls = 0
        self._spoke = self._goes_on = False
        self._excuse: TTSSpeakFrame | None = None
        # The system prompt goes with the messages, not in the settings: Pipecat writes those into its log.
        super().__init__(settings=self.Settings(model=choice.model))
        if actions:
            self.register_function(PLAY_ACTION, self._play)

    def create_client(self, *args: Any, **kwargs: Any) -> AsyncOpenAI:
        return self._chat.client

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._chat.close()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if not isinstance(frame, LLMContextFrame):
            await super().process_frame(frame, direction)
            return
        stamped = generation_of(frame)
        generation = self._turns.generation if stamped is None else stamped
        if self._turns.is_stale(generation):
            return
        if generation != self._generation:
            self._generation, self._calls = generation, 0
        self._excuse = None
        await super().process_frame(frame, direction)
        # Behind the answer, so that half an answer stays in the context and the excuse does not get there.
        if self._excuse:
            await self.push_frame(self._excuse)

    async def push_frame(self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM) -> None:
        if isinstance(frame, _STAMPED):
            generation = generation_of(frame)
            if generation is None:
                generation = self._generation
                stamp(frame, generation)
            # The frames that begin and end an answer still pass, so that nobody waits for an end that never comes.
            if isinstance(frame, LLMTextFrame) and self._turns.is_stale(generation):
                return
            if isinstance(frame, LLMFullResponseEndFrame) and self._goes_on:
                mark_going_on(frame)
        await super().push_frame(frame, direction)

    async def run_function_calls(self, function_calls: Sequence[FunctionCallFromLLM]) -> None:
        # Their results are followed by another answer; see `_play`.
        self._goes_on = bool(function_calls) and not self._spoke
        await super().run_function_calls(function_calls)

    async def get_chat_completions(self, context: LLMContext) -> Any:
        return self._answer(context, self._generation)

    async def _answer(self, context: LLMContext, generation: int) -> AsyncGenerator[ChatCompletionChunk, None]:
        """What Pipecat would get from the server, made speakable; it does not raise, but says and tells what went wrong."""
        self._spoke = self._goes_on = False
        calls = _Calls()
        error: LanguageModelError | None = None
        filtered = Speakable()
        try:
            async with aclosing(await self._ask(context, generation)) as deltas:
                async for delta in deltas:
                    if self._turns.is_stale(generation):
                        return
                    if isinstance(delta.content, str) and (text := filtered.feed(delta.content)):
                        yield self._words(text, generation)
                    for call in calls.of(delta):
                        yield _chunk(ChoiceDelta(tool_calls=[call]))
        except LanguageModelError as failure:
            error = failure
        if text := filtered.flush():
            yield self._words(text, generation)
        self._calls += calls.any
        if not (error or calls.any or self._spoke):
            error = empty_answer(self._choice)
        if error and not self._turns.is_stale(generation):
            self._fail(error, context, generation)

    async def _ask(self, context: LLMContext, generation: int) -> AsyncGenerator[ChoiceDelta, None]:
        given = await self.get_llm_adapter().get_llm_invocation_params(context, convert_developer_to_user=True)
        messages: list[Message] = [{"role": "system", "content": self._choice.system_prompt}]
        messages += latest([dict(message) for message in given["messages"]], self._choice.history)
        self._turns.mark("llm_request", generation)
        return self._chat.stream(messages, _tools(self._actions) if self._calls < _MAX_CALLS else [])

    def _words(self, text: str, generation: int) -> ChatCompletionChunk:
        self._spoke = True
        self._turns.mark("llm", generation)
        return _chunk(ChoiceDelta(content=text))

    def _fail(self, error: LanguageModelError, context: LLMContext, generation: int) -> None:
        logger.warning("llm_failed", extra={"preset": self._choice.preset, "reason": error.message})
        self._on_error(error)
        chinese = is_chinese(last_user_text([message for message in context.messages if isinstance(message, dict)]))
        self._excuse = TTSSpeakFrame(_SORRY[chinese][self._spoke], append_to_context=False)
        stamp(self._excuse, generation)

    async def _play(self, params: FunctionCallParams) -> None:
        name = str(params.arguments.get("name", ""))
        if name in self._actions:
            self._on_action(name)
            result = {"played": name}
        else:
            result = {"error": "There is no such action.", "actions": list(self._actions)}
        # A model that has already spoken beside the call would say it all again.
        await params.result_callback(result, properties=FunctionCallResultProperties(run_llm=not self._spoke))


class _Calls:
    """The function calls of one answer, numbered 0, 1, 2 … and one at a time, as Pipecat needs them; some servers number all 0."""

    def __init__(self) -> None:
        self.any = False
        self._ids: list[str] = []

    def of(self, delta: ChoiceDelta) -> Iterator[ChoiceDeltaToolCall]:
        for call in delta.tool_calls or ():
            self.any = True
            if call.id and call.id not in self._ids:
                self._ids.append(call.id)
            call.index = max(0, len(self._ids) - 1)
            yield call


def _chunk(delta: ChoiceDelta) -> ChatCompletionChunk:
    choice = Choice(delta=delta, index=0)
    return ChatCompletionChunk(id="", choices=[choice], created=0, model="", object="chat.completion.chunk")


def _tools(actions: Sequence[str]) -> list[Message]:
    if not actions:
        return []
    name = {"type": "string", "enum": list(actions), "description": "Which movement."}
    function = {
        "name": PLAY_ACTION,
        "description": "Makes your body move, when a person would: to greet, to agree, or if you are asked to. Then go on talking.",
        "parameters": {"type": "object", "properties": {"name": name}, "required": ["name"]},
    }
    return [{"type": "function", "function": function}]
