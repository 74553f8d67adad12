"""The conversation of one session: Pipecat's pipeline around our services."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from pipecat.audio.turn.smart_turn.base_smart_turn import BaseSmartTurn, SmartTurnParams
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputTransportMessageFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from mien.errors import MienError
from mien.live.frames import RecordingFrame
from mien.live.turns import Turns, generation_of, stamp
from mien.types import SAMPLE_RATE, Sound

logger = logging.getLogger(__name__)


_TURN_TIMEOUT_S = 8.0
"""After which Pipecat ends a user's turn that nothing else ended: the microphone was switched off, or the recogniser is slower than that."""

_UNFINISHED_S = 1.5
"""Of silence end a turn even if the model thinks that the sentence is not finished; Pipecat's 3 s feel like a broken line."""

_INTERRUPT_TIMEOUT_S = 1.0
"""It takes milliseconds; a part that hangs must not hang the session."""


class Conversation:
    """A running pipeline.

    Args:
        before_model: processors that understand the user.
        model: answers.
        after_model: processors that speak.
        turns: of the session.
        on_user: told when the user's turn begins (True) and has ended (False).
        on_voice: told when the user's voice begins (True) and pauses (False), within a turn and at its end; may be told the same twice.
        on_error: told of errors of its parts that nobody else handles; the conversation goes on.
    """

    def __init__(
        self,
        before_model: Sequence[FrameProcessor],
        model: FrameProcessor,
        after_model: Sequence[FrameProcessor],
        turns: Turns,
        on_user: Callable[[bool], None],
        on_voice: Callable[[bool], None],
        on_error: Callable[[MienError | str], None],
    ) -> None:
        self.context = LLMContext()
        strategies = UserTurnStrategies(
            start=[VADUserTurnStartStrategy()],
            stop=[TurnAnalyzerUserTurnStopStrategy(turn_analyzer=SharedSmartTurn())],
        )
        pair = LLMContextAggregatorPair(
            self.context,
            user_params=LLMUserAggregatorParams(
                vad_analyzer=SileroVADAnalyzer(),
                user_turn_strategies=strategies,
                user_turn_stop_timeout=_TURN_TIMEOUT_S,
                empty_user_turn=None,
            ),
        )
        gate = TurnGate(turns, on_user, on_voice)
        pipeline = Pipeline([*before_model, pair.user(), gate, model, *after_model, pair.assistant()])
        params = PipelineParams(audio_in_sample_rate=SAMPLE_RATE, enable_metrics=True)
        self.worker = PipelineWorker(
            pipeline, params=params, idle_timeout_secs=None, enable_turn_tracking=False, check_dangling_tasks=False
        )
        self._runner = WorkerRunner(handle_sigint=False, check_dangling_tasks=False)
        self._started = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

        self._interrupted: dict[int, asyncio.Event] = {}
        self.worker.set_reached_downstream_filter((InterruptionFrame,))

        @self.worker.event_handler("on_frame_reached_downstream")
        async def _on_reached(_: object, frame: Frame) -> None:
            event = self._interrupted.get(generation_of(frame) or 0)
            if event is not None:
                event.set()

        @self.worker.event_handler("on_pipeline_started")
        async def _on_started(*_: object) -> None:
            self._started.set()

        @self.worker.event_handler("on_pipeline_error")
        async def _on_error(_: object, frame: Frame) -> None:
            cause = getattr(frame, "exception", None)
            on_error(cause if isinstance(cause, MienError) else str(getattr(frame, "error", frame)))

    async def start(self) -> None:
        """Returns when every part is ready."""
        await self._runner.add_workers(self.worker)
        self._task = asyncio.create_task(self._runner.run(), name="mien-conversation")
        waiting = asyncio.create_task(self._started.wait())
        try:
            await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._task.done():
            self._task.result()

    @property
    def failed(self) -> bool:
        """It has ended although nobody closed it."""
        return self._task is not None and self._task.done()

    async def close(self) -> None:
        """Cancels everything that is under way; may be called twice."""
        task, self._task = self._task, None
        if task is None:
            return
        await self._runner.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def hear(self, samples: np.ndarray) -> None:
        """The user's sound: int16 mono 16 kHz."""
        frame = InputAudioRawFrame(audio=samples.tobytes(), sample_rate=SAMPLE_RATE, num_channels=1)
        await self.worker.queue_frame(frame)

    async def say(self, text: str, generation: int) -> None:
        """Says just this."""
        frame = TTSSpeakFrame(text, append_to_context=True)
        stamp(frame, generation)
        await self.worker.queue_frame(frame)

    async def answer(self, text: str) -> None:
        """Answers as if the user had said it."""
        await self.worker.queue_frame(LLMMessagesAppendFrame([{"role": "user", "content": text}], run_llm=True))

    async def play(self, sound: Sound, generation: int) -> None:
        """Speaks a recording."""
        frame = RecordingFrame(sound)
        stamp(frame, generation)
        await self.worker.queue_frame(frame)

    async def interrupt(self, generation: int) -> None:
        """Drops whatever is thought, said or about to be said; the turns are already cut.

        Returns when it is done: what was heard is in the history, and the next turn can be begun.
        """
        frame = InterruptionFrame()
        stamp(frame, generation)
        done = self._interrupted[generation] = asyncio.Event()
        try:
            await self.worker.queue_frame(frame)
            await asyncio.wait_for(done.wait(), _INTERRUPT_TIMEOUT_S)
        except TimeoutError:
            logger.warning("interruption_slow")
        finally:
            del self._interrupted[generation]

    async def message(self, message: dict[str, Any]) -> None:
        """A message of a client that speaks RTVI."""
        await self.worker.queue_frame(InputTransportMessageFrame(message=message))


class TurnGate(FrameProcessor):
    """Stands behind what understands the user: where a turn begins and where everything older becomes stale."""

    def __init__(self, turns: Turns, on_user: Callable[[bool], None], on_voice: Callable[[bool], None]) -> None:
        super().__init__()
        self._turns, self._on_user, self._on_voice = turns, on_user, on_voice

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            return  # fifty a second that nobody behind here needs
        if direction is FrameDirection.DOWNSTREAM:
            match frame:
                case InterruptionFrame():
                    # The session cuts when it is asked to interrupt; then this frame only carries the news.
                    if generation_of(frame) is None:
                        self._turns.cut()
                case UserStartedSpeakingFrame():
                    self._on_user(True)
                case UserStoppedSpeakingFrame():
                    self._turns.mark("turn")
                    # A microphone that was switched off pauses without a sign.
                    self._on_voice(False)
                    self._on_user(False)
                case VADUserStartedSpeakingFrame():
                    self._on_voice(True)
                case VADUserStoppedSpeakingFrame():
                    self._on_voice(False)
                case _:
                    pass
        await self.push_frame(frame, direction)


class Transcripts(FrameProcessor):
    """Stands behind the recogniser: tells what was understood.

    Args:
        on_text: text, and whether it is final.
    """

    def __init__(self, on_text: Callable[[str, bool], None]) -> None:
        super().__init__()
        self._on_text = on_text

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InterimTranscriptionFrame | TranscriptionFrame):
            self._on_text(frame.text, isinstance(frame, TranscriptionFrame))
        await self.push_frame(frame, direction)


class SharedSmartTurn(LocalSmartTurnAnalyzerV3):
    """Pipecat's end-of-turn model, its network loaded once for all sessions."""

    def __init__(self) -> None:
        BaseSmartTurn.__init__(self, params=SmartTurnParams(stop_secs=_UNFINISHED_S))
        self._log_data = False
        self._session = _smart_turn()._session


@cache
def _smart_turn() -> LocalSmartTurnAnalyzerV3:
    return LocalSmartTurnAnalyzerV3()
