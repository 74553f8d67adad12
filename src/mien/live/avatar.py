"""The end of the pipeline: speech goes to the render process, and what the listener really heard goes into the history."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Protocol

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    LLMAssistantPushAggregationFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.text.base_text_aggregator import TextType

from mien.live.frames import RecordingFrame, SentenceEndFrame, SpeechDoneFrame, SpeechFrame, goes_on
from mien.live.heard import Sentence
from mien.live.stage import Frame as DrawnFrame
from mien.live.turns import Turns, generation_of, stamp
from mien.types import Sound, SpeechChunk

logger = logging.getLogger(__name__)

_PIECE_S = 2.0
"""A recording is handed over in pieces: one message of ten minutes would hold up everybody else's."""

_SETTLE_S = 0.2
"""It takes a millisecond; nothing must hold up an interruption for longer than this."""

_IN_ORDER = (LLMFullResponseStartFrame, LLMFullResponseEndFrame, TTSStartedFrame, TTSStoppedFrame, SpeechDoneFrame)
"""Frames that wait until all sound before them was heard."""


class Screen(Protocol):
    """Where speech is drawn; see `mien.live.render.RenderStream`."""

    fps: float

    def push(self, generation: int, chunk: SpeechChunk) -> None: ...
    def end_segment(self, generation: int) -> None: ...
    def clear(self, generation: int) -> None: ...


class Audience(Protocol):
    """Who is told what is heard, at the moment when it is."""

    def speech_started(self, generation: int) -> None: ...
    def sentence_started(self, text: str, generation: int) -> None: ...
    def words_heard(self, text: str, generation: int) -> None:
        """Args:
        text: of the sentence so far.
        generation: of its turn.
        """
        ...

    def speech_finished(self, generation: int, text: str, interrupted: bool) -> None:
        """Also if nothing was said at all. `text`: all that was heard."""
        ...

    def send_message(self, message: dict) -> None:
        """For the client's data channel."""
        ...


class AvatarOutput(FrameProcessor):
    """Stands where Pipecat's output transport would.

    Args:
        screen: draws.
        turns: of the session.
        audience: of the session.
    """

    def __init__(self, screen: Screen, turns: Turns, audience: Audience) -> None:
        super().__init__()
        self._screen, self._turns, self._audience = screen, turns, audience
        self._items: deque[Sentence | Frame] = deque()
        self._open: Sentence | None = None
        self._playing: Sentence | None = None
        self._heard: list[str] = []
        self._generation = 0
        self.speaking = False
        self._outbox: asyncio.Queue[tuple[Frame, FrameDirection]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, OutputTransportMessageFrame | OutputTransportMessageUrgentFrame):
            self._audience.send_message(frame.message)
        elif isinstance(frame, InterruptionFrame):
            self._interrupt()
            await self._settle()
            await self.push_frame(frame, direction)
        elif isinstance(frame, StartFrame):
            await self.push_frame(frame, direction)
            self._task = self.create_task(self._send(), "avatar-outbox")
        elif isinstance(frame, EndFrame | CancelFrame):
            await self._stop()
            await self.push_frame(frame, direction)
        elif direction is FrameDirection.UPSTREAM or not self._take(frame):
            await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._stop()

    def _take(self, frame: Frame) -> bool:
        """Whether the frame was used up here."""
        generation = generation_of(frame)
        generation = self._turns.generation if generation is None else generation
        if not isinstance(frame, (SpeechFrame, SentenceEndFrame, RecordingFrame, *_IN_ORDER)):
            return False
        if self._turns.is_stale(generation):
            return True
        match frame:
            case SpeechFrame():
                self._speech(frame, generation)
            case SentenceEndFrame():
                self._end_sentence()
            case RecordingFrame():
                self._recording(frame.sound, generation)
            case _:
                stamp(frame, generation)
                self._items.append(frame)
                self._release()
        return True

    def _speech(self, frame: SpeechFrame, generation: int) -> None:
        if not len(frame.chunk.samples):
            return
        if self._open is None:
            self._open = Sentence(frame.chunk.text, generation, frame.append_to_context)
            self._items.append(self._open)
        self._open.add(frame.chunk)
        self._screen.push(generation, frame.chunk)

    def _end_sentence(self) -> None:
        if self._open is not None:
            self._open.complete = True
            self._screen.end_segment(self._open.generation)
            self._open = None

    def _recording(self, sound: Sound, generation: int) -> None:
        self._end_sentence()
        step = round(_PIECE_S * sound.sample_rate)
        for start in range(0, len(sound.samples), step):
            piece = SpeechChunk(sound.samples[start : start + step], sound.sample_rate)
            self._speech(SpeechFrame(piece, append_to_context=False), generation)
        self._end_sentence()

    def show(self, frame: DrawnFrame) -> None:
        """A frame is given out to those who watch; called by the stage at that moment."""
        if frame.idle:
            return
        if frame.first or self._playing is None:
            self._turns.mark("frame", frame.generation, at=frame.ready_at)
            self._begin_sentence()
        sentence = self._playing
        if sentence is None:
            return
        self._words(sentence, sentence.hear(frame.position_s + 1 / self._screen.fps))
        if frame.last:
            self._words(sentence, sentence.hear_all())
            self._playing = None
            self._release()

    def _begin_sentence(self) -> None:
        sentence = self._items[0] if self._items else None
        if not isinstance(sentence, Sentence):
            logger.warning("frame_without_sentence")
            return
        self._items.popleft()
        self._playing = sentence
        self._generation = sentence.generation
        if not self.speaking:
            self.speaking = True
            self._turns.mark("played", sentence.generation)
            self._both_ways(BotStartedSpeakingFrame(), BotStartedSpeakingFrame())
            self._audience.speech_started(sentence.generation)
        self._audience.sentence_started(sentence.text, sentence.generation)

    def _words(self, sentence: Sentence, new: str) -> None:
        if not new:
            return
        self._audience.words_heard(sentence.heard, sentence.generation)
        # Sentences are cut at the space between them.
        text = f" {new}" if self._heard and sentence.heard == new and new[0].isascii() else new
        self._heard.append(text)
        frame = TTSTextFrame(text=text, text_type=TextType.WORD)
        frame.includes_inter_frame_spaces = True
        frame.append_to_context = sentence.append_to_context
        stamp(frame, sentence.generation)
        self._outbox.put_nowait((frame, FrameDirection.DOWNSTREAM))

    def _release(self) -> None:
        """Lets the frames go on that waited for the sound before them."""
        while self._playing is None and self._items:
            frame = self._items[0]
            if isinstance(frame, Sentence):
                return
            self._items.popleft()
            ends = isinstance(frame, LLMFullResponseEndFrame | SpeechDoneFrame) and not goes_on(frame)
            sent = LLMAssistantPushAggregationFrame() if isinstance(frame, SpeechDoneFrame) else frame
            self._outbox.put_nowait((sent, FrameDirection.DOWNSTREAM))
            if ends and not any(isinstance(item, Sentence) for item in self._items):
                self._finish(_generation_of(frame), interrupted=False)

    def _finish(self, generation: int, *, interrupted: bool) -> None:
        text, self._heard = "".join(self._heard), []
        if self.speaking:
            self.speaking = False
            self._both_ways(BotStoppedSpeakingFrame(), BotStoppedSpeakingFrame())
        self._audience.speech_finished(generation, text, interrupted)

    def _interrupt(self) -> None:
        busy = self.speaking or bool(self._items)
        if not self.speaking and self._items:
            self._generation = _generation_of(self._items[0])
        self._items.clear()
        self._open = self._playing = None
        self._screen.clear(self._turns.generation)
        if busy:
            self._finish(self._generation, interrupted=True)

    def _both_ways(self, down: Frame, up: Frame) -> None:
        down.broadcast_sibling_id, up.broadcast_sibling_id = up.id, down.id
        self._outbox.put_nowait((down, FrameDirection.DOWNSTREAM))
        self._outbox.put_nowait((up, FrameDirection.UPSTREAM))

    async def _send(self) -> None:
        while True:
            frame, direction = await self._outbox.get()
            await self.push_frame(frame, direction)

    async def _settle(self) -> None:
        """Returns when what was heard has reached the history: an interruption overtakes and drops what is still on its way."""
        while not self._outbox.empty():
            frame, direction = self._outbox.get_nowait()
            await self.push_frame(frame, direction)
        if self.next is None:
            return
        arrived = asyncio.Event()

        async def arrive(*_: object) -> None:
            arrived.set()

        await self.next.queue_frame(SentenceEndFrame(), FrameDirection.DOWNSTREAM, arrive)
        with suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), _SETTLE_S)

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            await self.cancel_task(task)


def _generation_of(item: Sentence | Frame) -> int:
    """Of something that waits: all frames are stamped before they do."""
    return item.generation if isinstance(item, Sentence) else generation_of(item) or 0
