"""From the words of the language model to the sound of the voice, one sentence at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    StartFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.text.simple_text_aggregator import SimpleTextAggregator

from mien.errors import MienError, TextError, VoiceError
from mien.live.frames import RecordingFrame, SentenceEndFrame, SpeechDoneFrame, SpeechFrame
from mien.live.turns import Turns, generation_of, stamp
from mien.speech import Speaker
from mien.speech.text import speakable
from mien.types import SpeechChunk

logger = logging.getLogger(__name__)


class Voice(FrameProcessor):
    """Collects the model's tokens to sentences and says them; each sentence is made while the one before is heard.

    Whatever belongs between two sentences (the end of an answer, a recording) keeps its place between their sounds.

    Args:
        speaker: may be shared with other sessions.
        rate: factor on its speed.
        turns: of the session.
        on_error: told of a sentence that could not be said; the next one is tried.
    """

    def __init__(self, speaker: Speaker, rate: float, turns: Turns, on_error: Callable[[MienError], None]) -> None:
        super().__init__()
        self._speaker, self._rate, self._turns, self._on_error = speaker, rate, turns, on_error
        self._sentences = SimpleTextAggregator()
        self._waiting: asyncio.Queue[Frame] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        # A slow voice must not take the threads in which pictures are encoded.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mien-voice")

    def can_generate_metrics(self) -> bool:
        return True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case StartFrame():
                await self.push_frame(frame, direction)
                self._begin()
            case InterruptionFrame():
                await self._drop()
                await self.push_frame(frame, direction)
                self._begin()
            case EndFrame() | CancelFrame():
                await self._drop()
                await self.push_frame(frame, direction)
            case LLMFullResponseStartFrame() | LLMTextFrame() | LLMFullResponseEndFrame() if self._is_stale(frame):
                # The end of an answer that was interrupted may come when the next one has begun.
                pass
            case LLMTextFrame() if not frame.skip_tts:
                await self._add(frame)
            case LLMFullResponseEndFrame():
                await self._finish(frame)
            case LLMFullResponseStartFrame() | TTSSpeakFrame() | RecordingFrame():
                self._waiting.put_nowait(frame)
            case _:
                await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._drop()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _add(self, frame: LLMTextFrame) -> None:
        async for sentence in self._sentences.aggregate(frame.text):
            self._put(sentence.text, self._generation(frame), frame.append_to_context)

    async def _finish(self, frame: LLMFullResponseEndFrame) -> None:
        rest = self._sentences.text.text
        await self._sentences.reset()
        self._put(rest, self._generation(frame), True)
        self._waiting.put_nowait(frame)

    def _put(self, text: str, generation: int, append_to_context: bool) -> None:
        if not speakable(text):
            return
        self._turns.mark("sentence", generation)
        frame = _Sentence(text=text, append_to_context=append_to_context)
        stamp(frame, generation)
        self._waiting.put_nowait(frame)

    def _begin(self) -> None:
        if self._task is None:
            self._task = self.create_task(self._work(), "voice")

    async def _drop(self) -> None:
        # First of all: what comes while the task is ending belongs to the next turn.
        self._waiting, self._sentences = asyncio.Queue(), SimpleTextAggregator()
        task, self._task = self._task, None
        if task is not None:
            await self.cancel_task(task)

    async def _work(self) -> None:
        while True:
            frame = await self._waiting.get()
            if isinstance(frame, TTSSpeakFrame):
                await self._say(frame)
                continue
            await self.push_frame(frame)
            if isinstance(frame, RecordingFrame):
                await self._push(SpeechDoneFrame(), self._generation(frame))

    async def _say(self, frame: TTSSpeakFrame) -> None:
        generation = self._generation(frame)
        if self._is_stale(frame):
            return
        await self.start_ttfb_metrics()
        chunks: Iterator[SpeechChunk] | None = None
        try:
            chunks = self._speaker.speak(frame.text, rate=self._rate)
            await self._push_chunks(chunks, generation, frame.append_to_context)
        except TextError:
            logger.debug("nothing_to_say")
        except MienError as error:
            logger.warning("sentence_failed", extra={"code": error.code})
            self._on_error(error)
        except Exception:
            # A voice may be anybody's plug-in; the next sentence must still be said.
            logger.exception("voice_crashed")
            self._on_error(VoiceError("The voice met an error of its own.", hint="Look at the server's log."))
        finally:
            if chunks is not None:
                self._thread.submit(_close, chunks)
        if not isinstance(frame, _Sentence):
            await self._push(SpeechDoneFrame(), generation)

    async def _push_chunks(self, chunks: Iterator[SpeechChunk], generation: int, append_to_context: bool) -> None:
        begun = False
        try:
            while (chunk := await self._chunk(chunks)) is not None:
                if self._turns.is_stale(generation):
                    return
                if not begun:
                    await self._begin_speech(generation, append_to_context)
                elif chunk.text:
                    await self._push(SentenceEndFrame(), generation)
                begun = True
                await self._push(SpeechFrame(chunk, append_to_context), generation)
        except Exception:
            if begun:
                await self._end_speech(generation)
            raise
        if begun:
            await self._end_speech(generation)

    async def _chunk(self, chunks: Iterator[SpeechChunk]) -> SpeechChunk | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, next, chunks, None)

    async def _begin_speech(self, generation: int, append_to_context: bool) -> None:
        await self.stop_ttfb_metrics()
        self._turns.mark("tts", generation)
        await self._push(TTSStartedFrame(append_to_context=append_to_context), generation)

    async def _end_speech(self, generation: int) -> None:
        await self._push(SentenceEndFrame(), generation)
        await self._push(TTSStoppedFrame(), generation)

    def _is_stale(self, frame: Frame) -> bool:
        return self._turns.is_stale(self._generation(frame))

    def _generation(self, frame: Frame) -> int:
        generation = generation_of(frame)
        return self._turns.generation if generation is None else generation

    async def _push(self, frame: Frame, generation: int) -> None:
        stamp(frame, generation)
        await self.push_frame(frame)


class _Sentence(TTSSpeakFrame):
    """A sentence of an answer, which has its own end."""


def _close(chunks: Iterator[SpeechChunk]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
