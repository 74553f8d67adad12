"""The recogniser in a real Pipecat pipeline with its voice detector and its end-of-turn model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    LLMContextFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from mien.live.services.stt import SpeechToText
from mien.live.turns import Turns
from mien.media import read_audio, resample
from mien.settings import Settings
from mien.speech import Listener, speak
from mien.types import SAMPLE_RATE, Samples

ROOT = Path(__file__).parents[3]
SPEECH = ROOT.parent / "shared" / "media" / "speech"
PIECE = 320  # 20 ms
TEXT = "hello there how are you"  # of the canned recogniser


@dataclass
class Heard:
    """What came out of a pipeline, and when."""

    frames: list[tuple[float, Frame]] = field(default_factory=list)
    context: LLMContext = field(default_factory=LLMContext)
    turns: Turns = field(default_factory=Turns)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, kind: type[Frame]) -> list[Frame]:
        return [frame for _, frame in self.frames if isinstance(frame, kind)]

    def finals(self) -> list[str]:
        return [frame.text for frame in self.of(TranscriptionFrame) if isinstance(frame, TranscriptionFrame)]

    def times(self, kind: type[Frame]) -> list[float]:
        return [at for at, frame in self.frames if isinstance(frame, kind)]

    async def until(self, kind: type[Frame], count: int = 1) -> None:
        async with asyncio.timeout(30):
            while len(self.of(kind)) < count:
                self.changed.clear()
                await self.changed.wait()


class Tap(FrameProcessor):
    """Notes the frames of some kinds that go by."""

    def __init__(self, heard: Heard, direction: FrameDirection, *kinds: type[Frame]) -> None:
        super().__init__()
        self._heard, self._direction, self._kinds = heard, direction, kinds

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction is self._direction and isinstance(frame, self._kinds):
            self._heard.frames.append((time.monotonic(), frame))
            if isinstance(frame, UserStartedSpeakingFrame):
                self._heard.turns.cut()
            self._heard.changed.set()
        await self.push_frame(frame, direction)


class Talk:
    """A running pipeline and its microphone."""

    def __init__(self, worker: PipelineWorker, heard: Heard) -> None:
        self._worker, self.heard = worker, heard

    async def play(self, *parts: Samples, speed: float = 3.0) -> None:
        sound = (np.concatenate(parts).clip(-1, 1) * 32767).astype(np.int16)
        begin = time.monotonic()
        for start in range(0, len(sound), PIECE):
            audio = sound[start : start + PIECE].tobytes()
            await self._worker.queue_frame(InputAudioRawFrame(audio=audio, sample_rate=SAMPLE_RATE, num_channels=1))
            await asyncio.sleep(max(0.0, begin + (start + PIECE) / SAMPLE_RATE / speed - time.monotonic()))


@asynccontextmanager
async def talking(recognizer: str, language: str = "en") -> AsyncIterator[Talk]:
    heard = Heard()
    listener = Listener(Settings(), recognizer)
    await listener.start()
    params = LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer(), empty_user_turn=None)
    pair = LLMContextAggregatorPair(heard.context, user_params=params)
    pipeline = Pipeline(
        [
            Tap(heard, FrameDirection.UPSTREAM, ErrorFrame),
            SpeechToText(listener, language, heard.turns),
            Tap(heard, FrameDirection.DOWNSTREAM, TranscriptionFrame, InterimTranscriptionFrame),
            pair.user(),
            Tap(heard, FrameDirection.DOWNSTREAM, UserStartedSpeakingFrame, UserStoppedSpeakingFrame, LLMContextFrame),
        ]
    )
    worker = PipelineWorker(
        pipeline, params=PipelineParams(audio_in_sample_rate=SAMPLE_RATE), idle_timeout_secs=None, enable_rtvi=False
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    try:
        yield Talk(worker, heard)
    finally:
        await runner.cancel()
        await asyncio.wait_for(running, 10)
        await listener.close()


@pytest.fixture(autouse=True)
def _plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "plugin"))


def said(text: str) -> Samples:
    chunks = list(speak(text, Settings()))
    samples = resample(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate, SAMPLE_RATE)
    loud = np.flatnonzero(abs(samples) > 0.01)
    return 0.5 * samples[loud[0] : loud[-1]] / abs(samples).max()


def silence(seconds: float) -> Samples:
    return np.random.default_rng(0).normal(0, 3e-4, round(seconds * SAMPLE_RATE)).astype(np.float32)


def test_a_spoken_sentence_becomes_the_users_message():
    async def run() -> Heard:
        async with talking("pocketsphinx") as talk:
            await talk.play(silence(0.6), said("One two three four five six seven."), silence(1.0))
            await talk.heard.until(LLMContextFrame)
            return talk.heard

    heard = asyncio.run(run())
    finals = [frame for frame in heard.of(TranscriptionFrame) if isinstance(frame, TranscriptionFrame)]
    assert finals[-1].finalized
    (message,) = heard.context.get_messages()
    assert message == {"role": "user", "content": " ".join(heard.finals())}
    assert "two three four five" in heard.finals()[-1]


def test_what_is_understood_so_far_is_told_while_the_user_speaks():
    async def run() -> Heard:
        async with talking("canned") as talk:
            await talk.play(silence(0.6), said("What is the weather today in London?"), silence(1.0))
            await talk.heard.until(LLMContextFrame)
            return talk.heard

    heard = asyncio.run(run())
    order = [type(frame) for _, frame in heard.frames]
    assert order[0] is UserStartedSpeakingFrame
    assert order[-3:] == [TranscriptionFrame, UserStoppedSpeakingFrame, LLMContextFrame]
    so_far = [
        frame.text for frame in heard.of(InterimTranscriptionFrame) if isinstance(frame, InterimTranscriptionFrame)
    ]
    assert so_far
    assert all(TEXT.startswith(text) for text in so_far)
    assert so_far == sorted(set(so_far), key=len)


def test_a_turn_has_all_of_its_parts_and_the_moments_of_the_last():
    async def run() -> tuple[Heard, float]:
        async with talking("canned") as talk:
            await talk.play(silence(0.6), said("Well, I would like to"), silence(0.45), speed=1)
            pause = time.monotonic()
            await talk.play(said("go home now."), silence(1.0), speed=1)
            await talk.heard.until(LLMContextFrame)
            return talk.heard, pause

    heard, pause = asyncio.run(run())
    sent = [str(dict(message)["content"]) for message in heard.context.get_messages()]  # pyright: ignore
    assert " ".join(sent) == " ".join(heard.finals())
    assert set(heard.finals()) == {TEXT}
    marks = heard.turns.marks(heard.turns.generation)
    assert pause < marks["spoke"] < marks["vad"] < marks["asr"]
    assert marks["vad"] - marks["spoke"] == pytest.approx(0.2, abs=1e-6)


def test_speech_without_words_ends_the_turn_and_asks_nothing():
    async def run() -> Heard:
        async with talking("canned:deaf") as talk:
            await talk.play(silence(0.6), said("Hello there, my friend."), silence(1.0))
            async with asyncio.timeout(4):  # Pipecat's own rescue of a turn without a transcript comes after 5 seconds
                await talk.heard.until(UserStoppedSpeakingFrame)
            return talk.heard

    heard = asyncio.run(run())
    assert heard.finals() == [" "]
    assert not heard.context.get_messages()


def test_an_error_is_told_and_the_next_sentence_is_understood():
    async def run() -> Heard:
        async with talking("canned:dies") as talk:
            click = np.ones(400, np.float32)
            sentence = said("Hello there, my friend.")
            await talk.play(silence(0.6), sentence, click, silence(1.5))
            await talk.heard.until(ErrorFrame)
            await talk.play(sentence, silence(1.0))
            await talk.heard.until(LLMContextFrame)
            return talk.heard

    heard = asyncio.run(run())
    assert heard.finals() == [" ", TEXT]
    error = heard.of(ErrorFrame)[0]
    assert isinstance(error, ErrorFrame)
    assert "died" in error.error
    assert not error.fatal


def test_a_language_that_is_not_understood_is_an_error_not_an_end():
    async def run() -> Heard:
        async with talking("pocketsphinx", "zh-CN") as talk:
            await talk.play(silence(0.6), said("Hello there, my friend."), silence(1.0))
            await talk.heard.until(UserStoppedSpeakingFrame)
            return talk.heard

    heard = asyncio.run(run())
    assert "understands en, not zh-CN" in str(heard.of(ErrorFrame)[0])
    assert heard.finals() == [" "]


@pytest.mark.real
@pytest.mark.skipif(not SPEECH.is_dir(), reason="needs ../shared/media")
def test_a_real_voice_is_understood():
    async def run() -> Heard:
        sound = read_audio(SPEECH / "LJ001-0008.wav")
        async with talking("pocketsphinx") as talk:
            await talk.play(silence(0.6), resample(sound.samples, sound.sample_rate, SAMPLE_RATE), silence(1.0))
            await talk.heard.until(LLMContextFrame)
            return talk.heard

    heard = asyncio.run(run())
    assert "never been surpassed" in " ".join(heard.finals())
