from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from pipecat.frames.frames import LLMFullResponseEndFrame, LLMFullResponseStartFrame, LLMTextFrame
from tests.live.services.llm.conversation import conversation
from tests.live.stub_llm import Answer, StubLlm

from mien.errors import LanguageModelError
from mien.live.services import llm
from mien.live.services.llm import LlmChoice, client
from mien.live.turns import generation_of


def choice(server: StubLlm, **changes: Any) -> LlmChoice:
    values = {
        "preset": "custom",
        "base_url": server.url,
        "api_key": "secret",
        "model": "stub",
        "temperature": 0.7,
        "history": 20,
        "system_prompt": "Be kind.",
    }
    return LlmChoice(**(values | changes))


def test_streams_the_answer_stamped_with_its_turn() -> None:
    async def run() -> None:
        with StubLlm([Answer(text="Hello there, my friend.")]) as server:
            async with conversation(choice(server)) as talk:
                talk.turns.begin()
                assert await talk.ask("Hi") == "Hello there, my friend."
                frames = talk.listener.frames
                assert isinstance(frames[0], LLMFullResponseStartFrame)
                assert isinstance(frames[-1], LLMFullResponseEndFrame)
                assert talk.generations() == {2}
                marks = talk.turns.marks(2)
                assert marks["llm_request"] <= marks["llm"]
                assert await talk.remembered(("user", "Hi"), ("assistant", "Hello there, my friend."))
            body = server.requests[0].body
            assert body["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
            assert (body["model"], body["temperature"], body["stream"]) == ("stub", 0.7, True)
            assert server.requests[0].headers["authorization"] == "Bearer secret"

    asyncio.run(run())


def test_sends_no_key_and_no_account_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "theirs")

    async def run() -> None:
        with StubLlm([Answer(text="Hello.")]) as server:
            async with conversation(choice(server, api_key="")) as talk:
                await talk.ask("Hi")
            assert "theirs" not in str(server.requests[0].headers)

    asyncio.run(run())


def test_keeps_its_connection_between_turns() -> None:
    async def run() -> None:
        with StubLlm([Answer(text="One."), Answer(text="Two.")]) as server:
            async with conversation(choice(server)) as talk:
                assert await talk.ask("a") + await talk.ask("b") == "One.Two."
                assert talk.generations() == {1, 2}

    asyncio.run(run())


def test_interruption_closes_the_request_and_drops_its_words() -> None:
    async def run() -> None:
        endless = Answer(text="word " * 2000, tokens_per_s=50)
        with StubLlm([endless, Answer(text="Yes?")]) as server:
            async with conversation(choice(server)) as talk:
                await talk.say("Tell me a story")
                await talk.until(lambda: len(talk.words()) > 20)
                cut = time.monotonic()
                await talk.interrupt()
                assert await asyncio.to_thread(server.requests[0].done.wait, 5)
                left = server.requests[0].left
                assert left is not None
                assert left - cut < 1
                assert await talk.ask("Stop") == "Yes?"
                last = [frame for frame in talk.listener.frames if isinstance(frame, LLMTextFrame)][-1]
                assert generation_of(last) == 3
                assert not talk.errors

    asyncio.run(run())


@pytest.mark.parametrize("answer", [Answer(text="late", first_token_s=60), Answer(text="a b c d", hang_after=1)])
def test_interruption_closes_a_request_that_hangs(answer: Answer) -> None:
    async def run() -> None:
        with StubLlm([answer]) as server:
            async with conversation(choice(server)) as talk:
                await talk.say("Hello?")
                while not server.requests:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.1)
                cut = time.monotonic()
                await talk.interrupt()
                assert await asyncio.to_thread(server.requests[0].done.wait, 5)
                left = server.requests[0].left
                assert left is not None
                assert left - cut < 1

    asyncio.run(run())


def test_a_cut_turn_stops_even_without_an_interruption_frame() -> None:
    async def run() -> None:
        with StubLlm([Answer(text="word " * 2000, tokens_per_s=100)]) as server:
            async with conversation(choice(server)) as talk:
                await talk.say("Talk")
                await talk.until(lambda: len(talk.words()) > 10)
                talk.turns.cut()
                before = talk.words()
                assert await asyncio.to_thread(server.requests[0].done.wait, 5)
                await talk.until(lambda: isinstance(talk.listener.frames[-1], LLMFullResponseEndFrame))
                assert talk.words() == before
                assert server.requests[0].left is not None

    asyncio.run(run())


def test_closing_the_session_closes_the_request() -> None:
    async def run() -> None:
        with StubLlm([Answer(text="late", first_token_s=60)]) as server:
            async with conversation(choice(server)) as talk:
                await talk.say("Hello?")
                while not server.requests:
                    await asyncio.sleep(0.01)
            assert await asyncio.to_thread(server.requests[0].done.wait, 5)

    asyncio.run(run())


def test_shows_the_model_a_limited_history() -> None:
    async def run() -> None:
        with StubLlm([Answer(text="Mm.")]) as server:
            async with conversation(choice(server, history=2)) as talk:
                for text in ("one", "two", "three"):
                    await talk.ask(text)
            sent = [message["content"] for message in server.requests[-1].body["messages"]]
            assert sent == ["Be kind.", "two", "Mm.", "three"]

    asyncio.run(run())


FAILURES = {
    "key": (Answer(status=401, body='{"error": {"message": "bad key"}}'), "MIEN_LLM_API_KEY", False),
    "forbidden": (Answer(status=403, body="no"), "MIEN_LLM_API_KEY", False),
    "model": (Answer(status=404, body='{"error": {"message": "no such model"}}'), "MIEN_LLM_MODEL", False),
    "busy": (Answer(status=429, body="{}"), "Wait", True),
    "broken": (Answer(status=503, body="<html>"), "log", True),
    "empty": (Answer(text=""), "MIEN_LLM_BASE_URL", False),
    "web page": (Answer(body="<html>hello</html>", content_type="text/html"), "MIEN_LLM_BASE_URL", False),
    "only thoughts": (Answer(text="<think>Hm, hm.</think>"), "MIEN_LLM_MODEL", False),
    "error event": (Answer(body='data: {"error": {"message": "out of memory"}}\n\n'), "log", False),
    "not json": (Answer(body="data: {broken\n\n"), "log", False),
    "not an object": (Answer(body="data: 5\n\n"), "log", False),
    "a list": (Answer(body="data: []\n\n"), "log", False),
    "no choices": (Answer(body='data: {"a": 1}\n\n'), "log", False),
    "odd choices": (Answer(body='data: {"choices": [5]}\n\n'), "log", False),
    "odd delta": (Answer(body='data: {"choices": [{"delta": "x"}]}\n\n'), "log", False),
    "cut at once": (Answer(text="a b", cut_after=0), "MIEN_LLM_BASE_URL", True),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failure_is_told_and_excused_and_the_next_turn_works(name: str) -> None:
    answer, hint, retryable = FAILURES[name]

    async def run() -> None:
        with StubLlm([answer, Answer(text="Back again.")]) as server:
            async with conversation(choice(server)) as talk:
                assert await talk.ask("Are you there?") == ""
                assert await talk.excuse() == "Sorry, I cannot answer just now. Please try again later."
                [error] = talk.errors
                assert hint in error.hint
                assert error.retryable is retryable
                assert "secret" not in str(error.as_dict())
                assert talk.generations() == {1}
                assert await talk.ask("And now?") == "Back again."
                assert await talk.remembered(
                    ("user", "Are you there?"), ("user", "And now?"), ("assistant", "Back again.")
                )

    asyncio.run(run())


def test_excuse_is_in_the_language_of_the_user() -> None:
    async def run() -> None:
        with StubLlm([Answer(status=500, body="{}")]) as server:
            async with conversation(choice(server)) as talk:
                await talk.ask("你好吗？")
                assert await talk.excuse() == "抱歉，我现在没法回答，请稍后再试。"

    asyncio.run(run())


def test_unreachable_server_is_told() -> None:
    async def run() -> None:
        with StubLlm([Answer()]) as server:
            gone = choice(server)
        async with conversation(gone) as talk:
            await talk.ask("Hi")
            assert (await talk.excuse()).startswith("Sorry")
            assert "MIEN_LLM_BASE_URL" in talk.errors[0].hint
            assert talk.errors[0].retryable

    asyncio.run(run())


@pytest.mark.parametrize("answer", [Answer(text="one two three", first_token_s=60), Answer(text="a b", hang_after=0)])
def test_silence_before_the_first_token_ends(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_TOKEN_S", 0.3)

    async def run() -> None:
        with StubLlm([answer]) as server:
            async with conversation(choice(server)) as talk:
                assert await talk.ask("Hi") == ""
                assert await talk.excuse() == "Sorry, I cannot answer just now. Please try again later."
                assert "did not begin" in talk.errors[0].message
                assert await asyncio.to_thread(server.requests[0].done.wait, 5)

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer", [Answer(text="The sky is blue", cut_after=3), Answer(text="The sky is blue", hang_after=3)]
)
def test_half_an_answer_stays_and_is_excused(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "NEXT_TOKEN_S", 0.3)

    async def run() -> None:
        with StubLlm([answer, Answer(text="Blue.")]) as server:
            async with conversation(choice(server)) as talk:
                assert await talk.ask("Sky?") == "The sky is"
                assert await talk.excuse() == "Sorry, I lost my thread. Please ask me again."
                assert "broke off" in talk.errors[0].message
                assert await talk.remembered(("user", "Sky?"), ("assistant", "The sky is"))
                assert await talk.ask("Again") == "Blue."

    asyncio.run(run())


def test_thoughts_and_markup_are_not_spoken() -> None:
    async def run() -> None:
        text = "<think>\nShort answer.\n</think>\n\n**Hello** [there](https://example.org/x) 😀 `friend`."
        with StubLlm([Answer(text=text, reasoning="What would one say?")]) as server:
            async with conversation(choice(server)) as talk:
                assert await talk.ask("Hi") == "Hello there friend."

    asyncio.run(run())


def test_action_is_played_and_the_model_goes_on() -> None:
    async def run() -> None:
        wave = Answer(tools=[("play_action", '{"name": "wave"}')])
        with StubLlm([wave, Answer(text="There you are!")]) as server:
            async with conversation(choice(server), "wave", "nod") as talk:
                assert await talk.ask("Wave please", answers=2) == "There you are!"
                assert talk.actions == ["wave"]
                assert not talk.errors
            tool = server.requests[0].body["tools"][0]["function"]
            assert tool["parameters"]["properties"]["name"]["enum"] == ["wave", "nod"]
            roles = [message["role"] for message in server.requests[1].body["messages"]]
            assert roles == ["system", "user", "assistant", "tool"]
            assert "wave" in server.requests[1].body["messages"][-1]["content"]

    asyncio.run(run())


def test_action_beside_words_needs_no_second_answer() -> None:
    async def run() -> None:
        script = [Answer(text="Bye bye!", tools=[("play_action", '{"name": "wave"}')]), Answer(text="Next.")]
        with StubLlm(script) as server:
            async with conversation(choice(server), "wave") as talk:
                assert await talk.ask("Bye") == "Bye bye!"
                while not talk.actions:
                    await asyncio.sleep(0.01)
                assert await talk.ask("Again") == "Next."
                assert len(server.requests) == 2

    asyncio.run(run())


def test_several_actions_are_played_even_if_all_are_numbered_alike() -> None:
    calls = [
        {"index": 0, "id": name, "function": {"name": "play_action", "arguments": json.dumps({"name": name})}}
        for name in ("wave", "nod")
    ]
    at_once = Answer(body=f"data: {json.dumps({'choices': [{'delta': {'tool_calls': calls}}]})}\n\ndata: [DONE]\n\n")
    in_turn = Answer(tools=[("play_action", '{"name": "nod"}'), ("play_action", '{"name": "wave"}')])

    async def run() -> None:
        with StubLlm([at_once, Answer(text="One."), in_turn, Answer(text="Two.")]) as server:
            async with conversation(choice(server), "wave", "nod") as talk:
                assert await talk.ask("Both", answers=2) == "One."
                assert await talk.ask("Both again", answers=2) == "Two."
                assert sorted(talk.actions[:2]) == sorted(talk.actions[2:]) == ["nod", "wave"]
                assert len(server.requests) == 4

    asyncio.run(run())


@pytest.mark.parametrize("arguments", ['{"name": "fly"}', "{}", '{"name": 5}', "[1]", '"wave"'])
def test_unknown_action_is_not_played(arguments: str) -> None:
    async def run() -> None:
        with StubLlm([Answer(tools=[("play_action", arguments)]), Answer(text="Oh well.")]) as server:
            async with conversation(choice(server), "wave") as talk:
                assert await talk.ask("Fly!", answers=2) == "Oh well."
                assert talk.actions == []

    asyncio.run(run())


def test_a_model_that_only_calls_functions_is_made_to_speak() -> None:
    def script(body: dict[str, Any]) -> Answer:
        return Answer(tools=[("play_action", '{"name": "nod"}')]) if "tools" in body else Answer(text="Well.")

    async def run() -> None:
        with StubLlm(script) as server:
            async with conversation(choice(server), "nod") as talk:
                assert await talk.ask("Nod", answers=3) == "Well."
                assert talk.actions == ["nod", "nod"]
                assert await talk.ask("Once more", answers=3) == "Well."

    asyncio.run(run())


def refusing(parameter: str, message: str, status: int = 400):
    def script(body: dict[str, Any]) -> Answer:
        refused = Answer(
            status=status, body=f'{{"error": {{"message": "{message}"}}}}', content_type="application/json"
        )
        return refused if parameter in body else Answer(text="Fine.")

    return script


@pytest.mark.parametrize(
    ("parameter", "message", "status"),
    [
        ("tools", "gemma does not support tools", 400),
        ("tools", "bad request", 400),
        ("tools", "No endpoints found that support tool use", 404),
        ("temperature", "Unsupported value: 'temperature'", 400),
        ("enable_thinking", "enable_thinking: extra fields not permitted", 422),
    ],
)
def test_goes_without_what_a_server_refuses_and_remembers(parameter: str, message: str, status: int) -> None:
    async def run() -> None:
        with StubLlm(refusing(parameter, message, status)) as server:
            async with conversation(choice(server, extra={"enable_thinking": False}), "wave") as talk:
                assert await talk.ask("Hi") == "Fine."
                assert await talk.ask("Ho") == "Fine."
                assert not talk.errors
            assert [parameter in request.body for request in server.requests] == [True, False, False]

    asyncio.run(run())


def test_two_conversations_do_not_mix() -> None:
    async def run() -> None:
        def script(body: dict[str, Any]) -> Answer:
            return Answer(text=f"You are {body['messages'][-1]['content']}.", tokens_per_s=100)

        with StubLlm(script) as server:
            async with conversation(choice(server)) as one, conversation(choice(server)) as two:
                assert await asyncio.gather(one.ask("Ann"), two.ask("Bob")) == ["You are Ann.", "You are Bob."]

    asyncio.run(run())


def test_connection_is_measured() -> None:
    async def run() -> None:
        with StubLlm([Answer(text="Hello.", first_token_s=0.2), Answer(status=401, body="{}")]) as server:
            assert 0.2 <= await llm.test_connection(choice(server)) < 5
            with pytest.raises(LanguageModelError) as caught:
                await llm.test_connection(choice(server))
            assert "MIEN_LLM_API_KEY" in caught.value.hint
        assert await llm.test_connection(choice(server, preset="scripted")) == 0

    asyncio.run(run())


def test_leaves_no_task_behind() -> None:
    async def run() -> None:
        with StubLlm([Answer(text="word " * 100, tokens_per_s=50)]) as server:
            async with conversation(choice(server)) as talk:
                await talk.say("Hi")
                await talk.until(lambda: bool(talk.words()))
        await asyncio.sleep(0.05)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
