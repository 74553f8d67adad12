"""What the user says, from sound to Pipecat's transcripts."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator

import numpy as np
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InterimTranscriptionFrame,
    StartFrame,
    TranscriptionFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.utils.errors import ErrorCategory
from pipecat.utils.time import time_now_iso8601

from mien.errors import MienError
from mien.live.turns import Mark, Turns
from mien.speech import Listener, Utterance
from mien.types import SAMPLE_RATE

_BEFORE_S = 0.5
"""Sound from before the voice detector was sure that somebody speaks, which takes it 0.2 s and some."""

_LONGEST_S = 60.0
"""A longer utterance is understood in parts: a television is on, or the detector takes noise for speech."""

_WAIT_S = 3.0
"""How long Pipecat's turn strategy waits at most for a final transcript. Here one comes always, be it blank; this is for
those that a slow recogniser is late with."""

_BLANK = " "
"""The final transcript of an utterance without words: it ends the turn, and the aggregator leaves it out."""


class SpeechToText(STTService):
    """Gives each utterance to a recogniser while it is spoken; the voice detector of the user aggregator says where it is.

    It pushes `InterimTranscriptionFrame` as the understood text changes, and one `TranscriptionFrame` for each utterance, whose text is
    blank if there were no words in it or the recogniser failed. Sound must be 16 kHz mono.

    Args:
        listener: started.
        language: BCP 47 tag of the user's language; "" if not known.
        turns: it notes "spoke", "vad" and "asr" of the last utterance when the user's turn ends.
    """

    def __init__(self, listener: Listener, language: str, turns: Turns) -> None:
        settings = STTSettings(model=listener.model, language=None)
        super().__init__(sample_rate=SAMPLE_RATE, ttfs_p99_latency=_WAIT_S, settings=settings)
        self._listener, self._spoken, self._turns = listener, language, turns
        self._before: deque[np.ndarray] = deque()
        self._utterance: Utterance | None = None
        self._told = ""
        self._heard = 0
        self._finished: asyncio.Queue[Utterance | None] = asyncio.Queue()
        self._finishing: asyncio.Task[None] | None = None
        self._moments: dict[Mark, float] = {}

    def can_generate_metrics(self) -> bool:
        return True

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self._finishing = self.create_task(self._finish_all())

    async def stop(self, frame: EndFrame) -> None:
        await super().stop(frame)
        await self._drop_all()

    async def cancel(self, frame: CancelFrame) -> None:
        await super().cancel(frame)
        await self._drop_all()

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._drop_all()

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        samples = np.frombuffer(audio, np.int16).astype(np.float32) / np.float32(32768.0)
        if self._utterance is None:
            self._keep(samples)
            return
        self._hear(self._utterance, samples)
        text = self._utterance.text
        if text != self._told:
            self._told = text
            yield InterimTranscriptionFrame(text, self._user_id, time_now_iso8601())
        if self._heard > _LONGEST_S * SAMPLE_RATE:
            self._end()
            await self._begin()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, VADUserStartedSpeakingFrame) and self._utterance is None:
            await self._begin()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._note_silence(frame)
            self._end()
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._mark()
        await super().process_frame(frame, direction)

    async def _begin(self) -> None:
        self._told, self._heard = "", 0
        try:
            self._utterance = self._listener.recognize(self._spoken)
        except MienError as error:
            await self._complain(error)
            await self._tell("")
            return
        while self._before:
            self._hear(self._utterance, self._before.popleft())

    def _hear(self, utterance: Utterance, samples: np.ndarray) -> None:
        self._heard += len(samples)
        utterance.push(samples)

    def _end(self) -> None:
        utterance, self._utterance = self._utterance, None
        if utterance is not None:
            self._finished.put_nowait(utterance)

    def _keep(self, samples: np.ndarray) -> None:
        self._before.append(samples)
        while sum(map(len, self._before)) > _BEFORE_S * SAMPLE_RATE:
            self._before.popleft()

    async def _finish_all(self) -> None:
        """Utterances in their order, beside the sound that goes on."""
        while (utterance := await self._finished.get()) is not None:
            text = ""
            try:
                text = await utterance.finish()
            except MienError as error:
                await self._complain(error)
            await self._tell(text)

    async def _tell(self, text: str) -> None:
        # Final for the turn only if nothing was said since: else Pipecat would end the turn without what is still to come.
        final = self._utterance is None and self._finished.empty()
        self._moments["asr"] = time.monotonic()
        frame = TranscriptionFrame(text or _BLANK, self._user_id, time_now_iso8601(), finalized=final)
        await self.push_frame(frame)

    async def _complain(self, error: MienError) -> None:
        # Of no category that Pipecat takes for permanent: the next utterance may be understood.
        frame = ErrorFrame(error.message, processor=self, exception=error, category=ErrorCategory.UNKNOWN)
        await self.push_error_frame(frame)

    def _note_silence(self, frame: VADUserStoppedSpeakingFrame) -> None:
        noticed = time.monotonic() - (time.time() - frame.timestamp)
        self._moments = {"spoke": noticed - frame.stop_secs, "vad": noticed}

    def _mark(self) -> None:
        """Only now it is known which utterance was the last one of the turn."""
        for name, moment in self._moments.items():
            self._turns.mark(name, at=moment)
        self._moments = {}

    async def _drop_all(self) -> None:
        task, self._finishing = self._finishing, None
        if task is not None:
            await self.cancel_task(task)
        while not self._finished.empty():
            if utterance := self._finished.get_nowait():
                utterance.cancel()
        if self._utterance is not None:
            self._utterance.cancel()
            self._utterance = None
