"""From the model's words to what was heard, in a real pipeline, with a screen whose time the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from live.screen import Screen
from mien.errors import MienError, VoiceError
from mien.live.avatar import AvatarOutput
from mien.live.frames import RecordingFrame
from mien.live.services.voice import Voice
from mien.live.turns import Turns, stamp
from mien.types import Sound, SpeechChunk, Word


class Speaker:
    """A word takes 0.2 s; a sentence with "fail" fails after its sound, one with "crash" in a way that nobody expects."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, text: str, *, rate: float = 1.0) -> Iterator[SpeechChunk]:
        self.said.append(text)
        words = text.split() if text.isascii() else list(text)
        timed = tuple(Word(word.strip(".!?,。"), 0.2 * n, 0.2 * n + 0.2) for n, word in enumerate(words))
        yield SpeechChunk(np.full(round(16000 * 0.2 * len(words)), 0.1, np.float32), 16000, None, timed, text)
        if "fail" in text:
            raise VoiceError("The voice broke.", hint="Mend it.")
        if "crash" in text:
            raise ZeroDivisionError


class Told:
    """Keeps what the audience is told."""

    def __init__(self) -> None:
        self.news: list[tuple[Any, ...]] = []

    def speech_started(self, generation: int) -> None:
        self.news.append(("started", generation))

    def sentence_started(self, text: str, generation: int) -> None:
        self.news.append(("sentence", text, generation))

    def words_heard(self, text: str, generation: int) -> None:
        self.news.append(("words", text, generation))

    def speech_finished(self, generation: int, text: str, interrupted: bool) -> None:
        self.news.append(("finished", generation, text, interrupted))

    def send_message(self, message: dict) -> None: ...

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [one[1:] for one in self.news if one[0] == kind]


class Seen(FrameProcessor):
    """Keeps the frames that pass."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self.frames.append(frame)
        await self.push_frame(frame, direction)


class Rig:
    def __init__(self) -> None:
        self.turns, self.told, self.screen, self.speaker = Turns(), Told(), Screen(), Speaker()
        self.errors: list[MienError] = []
        self.before, self.after = Seen(), Seen()
        self.output = AvatarOutput(self.screen, self.turns, self.told)
        self.context = LLMContext()
        pair = LLMContextAggregatorPair(self.context)
        voice = Voice(self.speaker, 1.0, self.turns, self.errors.append)  # pyright: ignore[reportArgumentType]
        self.worker = PipelineWorker(
            Pipeline([self.before, voice, self.output, self.after, pair.assistant()]),
            idle_timeout_secs=None,
            enable_rtvi=False,
        )

    async def send(self, *frames: Frame, generation: int | None = None) -> None:
        for frame in frames:
            if generation is not None:
                stamp(frame, generation)
            await self.worker.queue_frame(frame)

    async def answer(self, *tokens: str, generation: int) -> None:
        await self.send(
            LLMFullResponseStartFrame(),
            *(LLMTextFrame(token) for token in tokens),
            LLMFullResponseEndFrame(),
            generation=generation,
        )

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * self.screen.fps)):
            self.output.show(self.screen.take())

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not met():
                await asyncio.sleep(0.005)

    @property
    def history(self) -> list[str]:
        return [str(message.get("content")) for message in self.context.messages if isinstance(message, dict)]


def run(test: Callable[[Rig], Awaitable[None]]) -> None:
    async def main() -> None:
        rig = Rig()
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(rig.worker)
        task = asyncio.create_task(runner.run())
        try:
            await asyncio.wait_for(test(rig), 20)
        finally:
            await runner.cancel()
            await task

    asyncio.run(main())


def test_an_answer_is_said_sentence_by_sentence_and_remembered_when_it_was_heard():
    async def test(rig: Rig) -> None:
        turn = rig.turns.begin()
        await rig.answer("Hello", " there", ". How", " are you?", generation=turn)
        await rig.until(lambda: rig.screen.ahead == 25)
        assert rig.speaker.said == ["Hello there.", "How are you?"]
        assert rig.history == []
        rig.play(0.4)
        assert rig.told.of("started") == [(turn,)]
        assert rig.told.of("words")[-1] == ("Hello there.", turn)
        rig.play(0.6)
        assert rig.told.of("sentence") == [("Hello there.", turn), ("How are you?", turn)]
        assert rig.told.of("finished") == [(turn, "Hello there. How are you?", False)]
        await rig.until(lambda: rig.history == ["Hello there. How are you?"])

    run(test)


def test_an_interruption_keeps_only_the_words_that_were_heard():
    async def test(rig: Rig) -> None:
        turn = rig.turns.begin()
        await rig.answer("One two three four five.", " Never said.", generation=turn)
        await rig.until(lambda: rig.screen.ahead == 35)
        rig.play(0.5)
        await asyncio.sleep(0.05)
        new = rig.turns.cut()
        await rig.send(InterruptionFrame())
        await rig.until(lambda: rig.screen.cleared == [new])
        assert rig.told.of("finished") == [(turn, "One two three", True)]
        await rig.until(lambda: rig.history == ["One two three"])
        assert rig.screen.ahead == 0
        assert rig.output.speaking is False

    run(test)


def test_after_an_interruption_the_next_turn_is_said():
    async def test(rig: Rig) -> None:
        turn = rig.turns.begin()
        await rig.answer("One two three. Four five six.", generation=turn)
        await rig.until(lambda: rig.screen.ahead == 30)
        rig.play(0.2)
        new = rig.turns.cut()
        await rig.send(InterruptionFrame())
        await rig.send(TTSSpeakFrame("Yes?"), generation=new)
        await rig.until(lambda: rig.screen.ahead == 5)
        rig.play(1.0)
        assert rig.told.of("finished")[-1] == (new, "Yes?", False)
        await rig.until(lambda: rig.history == ["One two", "Yes?"])

    run(test)


def test_stale_words_are_never_said():
    async def test(rig: Rig) -> None:
        old = rig.turns.begin()
        new = rig.turns.cut()
        await rig.answer("Old words.", generation=old)
        await rig.answer("New words.", generation=new)
        await rig.until(lambda: rig.screen.ahead > 0)
        assert rig.speaker.said == ["New words."]

    run(test)


def test_the_late_end_of_an_interrupted_answer_does_not_cut_the_next_one():
    async def test(rig: Rig) -> None:
        old = rig.turns.begin()
        new = rig.turns.cut()
        end = LLMFullResponseEndFrame()
        stamp(end, old)
        await rig.send(LLMFullResponseStartFrame(), LLMTextFrame("One two"), generation=new)
        await rig.send(end)
        await rig.send(LLMTextFrame(" three."), LLMFullResponseEndFrame(), generation=new)
        await rig.until(lambda: rig.screen.ahead == 15)
        assert rig.speaker.said == ["One two three."]

    run(test)


def test_a_sentence_that_cannot_be_said_is_told_and_the_next_one_follows():
    async def test(rig: Rig) -> None:
        turn = rig.turns.begin()
        await rig.answer("This will fail. This works.", generation=turn)
        await rig.until(lambda: "This works." in rig.speaker.said and rig.screen.ahead == 25)
        assert [error.code for error in rig.errors] == ["voice"]
        rig.play(1.0)
        assert rig.told.of("finished") == [(turn, "This will fail. This works.", False)]

    run(test)


def test_a_voice_that_crashes_says_the_next_sentence():
    async def test(rig: Rig) -> None:
        await rig.send(TTSSpeakFrame("This will crash."), generation=rig.turns.begin())
        await rig.until(lambda: rig.screen.ahead == 15)
        rig.play(0.6)
        await rig.until(lambda: len(rig.told.of("finished")) == 1)
        assert [error.code for error in rig.errors] == ["voice"]
        await rig.send(TTSSpeakFrame("This works."), generation=rig.turns.begin())
        await rig.until(lambda: rig.screen.ahead == 10)

    run(test)


def test_what_is_interrupted_before_it_is_heard_is_told_under_its_own_turn():
    async def test(rig: Rig) -> None:
        await rig.send(TTSSpeakFrame("One."), generation=rig.turns.begin())
        await rig.until(lambda: rig.screen.ahead == 5)
        rig.play(0.2)
        await rig.until(lambda: len(rig.told.of("finished")) == 1)
        second = rig.turns.begin()
        await rig.send(TTSSpeakFrame("Two."), generation=second)
        await rig.until(lambda: rig.screen.ahead == 5)
        rig.turns.cut()
        await rig.send(InterruptionFrame())
        await rig.until(lambda: len(rig.told.of("finished")) == 2)
        assert rig.told.of("finished")[1] == (second, "", True)

    run(test)


def test_bot_frames_go_both_ways_when_it_is_heard():
    async def test(rig: Rig) -> None:
        await rig.answer("Hello there.", generation=rig.turns.begin())
        await rig.until(lambda: rig.screen.ahead == 10)

        def bot(seen: Seen) -> list[type[Frame]]:
            kinds = (BotStartedSpeakingFrame, BotStoppedSpeakingFrame)
            return [type(frame) for frame in seen.frames if isinstance(frame, kinds)]

        assert bot(rig.after) == []
        rig.play(0.5)
        both = [BotStartedSpeakingFrame, BotStoppedSpeakingFrame]
        await rig.until(lambda: bot(rig.after) == both == bot(rig.before))

    run(test)


def test_a_recording_keeps_its_place_between_sentences():
    async def test(rig: Rig) -> None:
        turn = rig.turns.begin()
        await rig.send(TTSSpeakFrame("Listen now."), generation=turn)
        await rig.send(RecordingFrame(Sound(np.full(16000, 0.1, np.float32), 16000)), generation=turn)
        await rig.send(TTSSpeakFrame("Nice?"), generation=turn)
        await rig.until(lambda: rig.screen.ahead == 10 + 25 + 5)
        rig.play(2.0)
        assert [text for text, _ in rig.told.of("sentence")] == ["Listen now.", "", "Nice?"]
        assert rig.told.of("finished")[-1] == (turn, "Listen now. Nice?", False)

    run(test)


def test_an_answer_without_words_ends_too():
    async def test(rig: Rig) -> None:
        turn = rig.turns.begin()
        await rig.answer("…", generation=turn)
        await rig.until(lambda: rig.told.of("finished") == [(turn, "", False)])
        assert rig.speaker.said == []

    run(test)


def test_chinese_sentences_are_found_in_a_stream_of_tokens():
    async def test(rig: Rig) -> None:
        turn = rig.turns.begin()
        await rig.answer("你好", "。我", "是小美", "！你", "呢？", generation=turn)
        await rig.until(lambda: len(rig.speaker.said) == 3)
        assert rig.speaker.said == ["你好。", "我是小美！", "你呢？"]
        await rig.until(lambda: rig.screen.ahead > 50)
        rig.play(4.0)
        assert rig.told.of("finished") == [(turn, "你好。我是小美！你呢？", False)]

    run(test)
