from __future__ import annotations

import asyncio

from pipecat.frames.frames import LLMContextFrame
from tests.live.services.llm.conversation import conversation

from mien.live.request import SessionRequest
from mien.live.services.llm import LlmChoice, resolve
from mien.live.turns import stamp
from mien.settings import Settings

SCRIPTED: LlmChoice = resolve(Settings(llm="scripted"), SessionRequest())


def test_explains_itself_once_and_repeats_what_it_heard() -> None:
    async def run() -> None:
        async with conversation(SCRIPTED) as talk:
            first = await talk.ask("What a nice day!")
            assert "MIEN_LLM" in first
            assert first.endswith("You said: What a nice day.")
            second = await talk.ask("How are you?")
            assert second == "I heard: How are you. Tell me more!"
            assert talk.generations() == {1, 2}
            marks = talk.turns.marks(2)
            assert marks["llm_request"] <= marks["llm"]
            assert talk.history()[-1] == ("assistant", second) or await talk.remembered(
                *talk.history()[:3], ("assistant", second)
            )

    asyncio.run(run())


def test_answers_in_the_language_it_heard() -> None:
    async def run() -> None:
        async with conversation(SCRIPTED) as talk:
            first = await talk.ask("今天天气真好。")
            assert "MIEN_LLM" in first
            assert first.endswith("你说：今天天气真好。")
            assert (await talk.ask("And now in English")).startswith("I heard: And now in English.")

    asyncio.run(run())


def test_what_has_no_words_is_not_read_out() -> None:
    async def run() -> None:
        async with conversation(SCRIPTED) as talk:
            assert (await talk.ask("😀👍")).endswith("I can only repeat words.")

    asyncio.run(run())


def test_moves_when_it_is_asked_to() -> None:
    async def run() -> None:
        async with conversation(SCRIPTED, "wave", "nod", "look_up") as talk:
            await talk.ask("Hello")
            assert await talk.ask("Please wave at me") == "Gladly!"
            assert await talk.ask("点点头") == "好的！"
            await talk.ask("Would you look up?")
            await talk.ask("I like microwaves and nodding dogs")
            assert talk.actions == ["wave", "nod", "look_up"]

    asyncio.run(run())


def test_speaks_of_no_action_it_does_not_have() -> None:
    async def run() -> None:
        async with conversation(SCRIPTED) as talk:
            await talk.ask("Hello")
            assert "wave" in await talk.ask("Please wave")
            assert talk.actions == []

    asyncio.run(run())


def test_a_stale_question_is_not_answered() -> None:
    async def run() -> None:
        async with conversation(SCRIPTED) as talk:
            talk.turns.cut()
            frame = LLMContextFrame(context=talk.context)
            stamp(frame, 0)
            await talk.worker.queue_frame(frame)
            await talk.ask("Hello")
            assert talk.generations() == {2}

    asyncio.run(run())


def test_greets_when_nobody_said_anything() -> None:
    async def run() -> None:
        async with conversation(SCRIPTED) as talk:
            await talk.worker.queue_frame(LLMContextFrame(context=talk.context))
            await talk.until(lambda: talk.words().endswith("again. "))

    asyncio.run(run())
