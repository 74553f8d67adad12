"""A real small Pipecat pipeline around a partner of conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
    LLMTextFrame,
    TTSSpeakFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from mien.errors import LanguageModelError
from mien.live.services.llm import LlmChoice, language_model
from mien.live.turns import Turns, generation_of

PATIENCE_S = 10
KEPT = (LLMFullResponseStartFrame, LLMTextFrame, LLMFullResponseEndFrame, TTSSpeakFrame)


class Listener(FrameProcessor):
    """Keeps the frames of the answers and counts those that ended."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []
        self.changed = asyncio.Condition()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, KEPT):
            async with self.changed:
                self.frames.append(frame)
                self.changed.notify_all()
        await self.push_frame(frame, direction)


class Conversation:
    """Asks, listens, interrupts."""

    def __init__(self, choice: LlmChoice, actions: list[str]) -> None:
        self.turns = Turns()
        self.errors: list[LanguageModelError] = []
        self.actions: list[str] = []
        self.context = LLMContext()
        self.partner = language_model(choice, self.turns, actions, self.actions.append, self.errors.append)
        self.listener = Listener()
        strategies = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
        user, assistant = LLMContextAggregatorPair(self.context, user_params=strategies)
        self.worker = PipelineWorker(
            Pipeline([user, self.partner, self.listener, assistant]), idle_timeout_secs=None, enable_rtvi=False
        )

    async def say(self, text: str) -> None:
        """The user says something; the answer is not waited for."""
        self.turns.begin()
        frame = LLMMessagesAppendFrame(messages=[{"role": "user", "content": text}], run_llm=True)
        await self.worker.queue_frame(frame)

    async def ask(self, text: str, answers: int = 1) -> str:
        """The user says something; gives the words of the answer, or of the next few if there is more than one."""
        await self.say(text)
        await self.until(lambda: sum(isinstance(frame, LLMFullResponseEndFrame) for frame in self._turn()) >= answers)
        return "".join(frame.text for frame in self._turn() if isinstance(frame, LLMTextFrame))

    async def excuse(self) -> str:
        """Waits for what is said when there is no answer."""
        await self.until(lambda: isinstance(self.listener.frames[-1], TTSSpeakFrame))
        frame = self.listener.frames[-1]
        assert isinstance(frame, TTSSpeakFrame)
        assert frame.append_to_context is False
        return frame.text

    async def interrupt(self) -> None:
        self.turns.cut()
        await self.worker.queue_frame(InterruptionFrame())

    async def until(self, condition) -> None:
        async with asyncio.timeout(PATIENCE_S), self.listener.changed:
            await self.listener.changed.wait_for(condition)

    def words(self) -> str:
        return "".join(frame.text for frame in self.listener.frames if isinstance(frame, LLMTextFrame))

    def generations(self) -> set[int | None]:
        return {generation_of(frame) for frame in self.listener.frames}

    def history(self) -> list[tuple[str, str]]:
        return [(message["role"], message.get("content") or "") for message in self.context.messages]  # pyright: ignore

    async def remembered(self, *expected: tuple[str, str]) -> bool:
        """Waits until the context is this, and says whether it became so."""
        for _ in range(200):
            if self.history() == list(expected):
                return True
            await asyncio.sleep(0.01)
        return self.history() == list(expected)

    def _turn(self) -> list[Frame]:
        return [frame for frame in self.listener.frames if generation_of(frame) == self.turns.generation]


@asynccontextmanager
async def conversation(choice: LlmChoice, *actions: str) -> AsyncIterator[Conversation]:
    talk = Conversation(choice, list(actions))
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(talk.worker)
    running = asyncio.create_task(runner.run())
    try:
        yield talk
    finally:
        await talk.worker.cancel()
        await asyncio.wait_for(running, PATIENCE_S)
