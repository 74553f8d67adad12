"""One OpenAI-compatible server: asking it, with limits of time, and saying plainly what went wrong."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import Choice, ChoiceDelta

from mien.errors import LanguageModelError
from mien.live.services.llm.history import Message
from mien.live.services.llm.presets import LlmChoice

logger = logging.getLogger(__name__)

FIRST_TOKEN_S = 15.0
"""How long a user waits for an answer to begin. Thinking counts as an answer."""
NEXT_TOKEN_S = 10.0
"""How long a pause within an answer may be."""
_CLOSING_S = 1.0
"""How long a server may take to end a stream whose answer is complete."""

_REFUSALS = {"tools": ("tool", "function"), "temperature": ("temperature",), "extra": ("reasoning", "think")}
"""Parameters that some servers or models refuse, and words by which their refusal names them."""


class ChatClient:
    """Asks one server; keeps its connections open between questions. Used on one event loop."""

    def __init__(self, choice: LlmChoice) -> None:
        self._choice = choice
        self._refused: set[str] = set()
        self.client = AsyncOpenAI(
            # Without a key the library would take OPENAI_API_KEY from the environment and send it to a stranger.
            api_key=choice.api_key or "none",
            base_url=choice.base_url,
            http_client=DefaultAsyncHttpxClient(),
            timeout=None,
            max_retries=0,
        )
        # These too it takes from the environment.
        self.client.organization = self.client.project = None

    @classmethod
    async def measure(cls, choice: LlmChoice) -> float:
        """Seconds from a short question to the first token; see `test_connection`."""
        chat = cls(choice)
        began = time.monotonic()
        try:
            async with aclosing(chat.stream([{"role": "user", "content": "Say hello."}])) as deltas:
                async for _ in deltas:
                    return time.monotonic() - began
        finally:
            await chat.close()
        raise empty_answer(choice)

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[Message] = ()
    ) -> AsyncGenerator[ChoiceDelta, None]:
        """The answer piece by piece; pieces that hold nothing are left out. Closing it ends the request.

        Args:
            messages: the conversation.
            tools: functions the model may call; not sent to a server that has refused them.

        Raises:
            LanguageModelError: it cannot be asked, is too slow, or breaks off.
        """
        clock = asyncio.get_running_loop().time
        limit, begun, finished = clock() + FIRST_TOKEN_S, False, False
        stream: AsyncStream[ChatCompletionChunk] | None = None
        try:
            async with asyncio.timeout_at(limit):
                stream = await self._open(messages, tools)
            while True:
                async with asyncio.timeout_at(limit):
                    chunk = await anext(stream, None)
                if chunk is None:
                    return
                choice = _choice_of(chunk)
                if choice and _holds_something(choice.delta):
                    begun = True
                    yield choice.delta
                finished = finished or bool(choice and choice.finish_reason)
                if begun:
                    limit = clock() + (_CLOSING_S if finished else NEXT_TOKEN_S)
        except (APIError, TimeoutError, ValueError) as error:
            if not finished:
                raise _failure(error, self._choice, begun) from error
        finally:
            if stream is not None:
                await stream.close()

    async def close(self) -> None:
        """Closes its connections; may be called twice."""
        await self.client.close()

    async def _open(self, messages: Sequence[Message], tools: Sequence[Message]) -> AsyncStream[ChatCompletionChunk]:
        again = True
        while True:
            request = self._request(messages, tools)
            try:
                return await self.client.chat.completions.create(**request)
            except APIStatusError as error:
                refused = _refused(error, request)
                if not refused:
                    raise
                self._refused.add(refused)
                logger.warning("llm_parameter_refused", extra={"preset": self._choice.preset, "parameter": refused})
            except APIConnectionError:
                # A kept connection may just have been closed by the server.
                if not again:
                    raise
                again = False

    def _request(self, messages: Sequence[Message], tools: Sequence[Message]) -> dict[str, Any]:
        request: dict[str, Any] = {"model": self._choice.model, "messages": list(messages), "stream": True}
        optional = {"tools": list(tools), "temperature": self._choice.temperature, "extra": dict(self._choice.extra)}
        for name, value in optional.items():
            if name not in self._refused and value not in ([], {}):
                request["extra_body" if name == "extra" else name] = value
        return request


def empty_answer(choice: LlmChoice) -> LanguageModelError:
    return LanguageModelError(
        f"The language model {choice.model!r} at {_host(choice)} gave an empty answer.",
        hint="Look whether MIEN_LLM_BASE_URL ends as the server wants it (often /v1), and try another MIEN_LLM_MODEL.",
    )


def _choice_of(chunk: object) -> Choice | None:
    """The part of a chunk that holds the answer; None if it holds none, as one with statistics.

    Raises:
        ValueError: it is not a chunk of an answer.
    """
    choices = chunk.choices if isinstance(chunk, ChatCompletionChunk) else None
    if not isinstance(choices, list):
        raise ValueError("not a chunk of a chat completion")
    if not choices:
        return None
    if not isinstance(choices[0], Choice) or not isinstance(choices[0].delta, ChoiceDelta | None):
        raise ValueError("not a choice of a chat completion")
    return choices[0]


def _holds_something(delta: ChoiceDelta | None) -> bool:
    return delta is not None and bool(delta.content or delta.tool_calls or thought(delta))


def thought(delta: ChoiceDelta) -> str:
    """What a reasoning model thinks aloud; OpenAI's library does not know the field."""
    extra = delta.model_extra or {}
    return str(extra.get("reasoning_content") or extra.get("reasoning") or "")


def _refused(error: APIStatusError, request: dict[str, Any]) -> str:
    """Which parameter a server refused, of those it can do without; "" if it refused something else."""
    if error.status_code not in (400, 404, 422):
        return ""
    text = f"{error.message} {error.body}".lower()
    sent = [name for name in _REFUSALS if ("extra_body" if name == "extra" else name) in request]
    named = [name for name in sent if any(word in text for word in _REFUSALS[name])]
    if named:
        return named[0]
    return "tools" if "tools" in sent and error.status_code != 404 else ""


def _failure(error: Exception, choice: LlmChoice, begun: bool) -> LanguageModelError:
    if isinstance(error, APIStatusError):
        return _status_failure(error, choice)
    host = _host(choice)
    if begun:
        return LanguageModelError(
            f"The language model at {host} broke off in the middle of its answer.",
            hint="Ask again; if it happens often, look at the server's log.",
            retryable=True,
        )
    if isinstance(error, TimeoutError):
        return LanguageModelError(
            f"The language model at {host} did not begin to answer within {FIRST_TOKEN_S:.0f} s.",
            hint="Look whether the server is loading or busy, or choose a smaller MIEN_LLM_MODEL.",
            retryable=True,
        )
    if isinstance(error, APIConnectionError):
        return LanguageModelError(
            f"No language model can be reached at {host}.",
            hint="Look whether it runs, and at MIEN_LLM_BASE_URL.",
            retryable=True,
        )
    return LanguageModelError(
        f"The server at {host} did not answer as a language model does.",
        hint="Look whether MIEN_LLM_BASE_URL ends as the server wants it (often /v1), and at the server's log.",
    )


def _status_failure(error: APIStatusError, choice: LlmChoice) -> LanguageModelError:
    host, status = _host(choice), error.status_code
    if status in (401, 403):
        return LanguageModelError(f"{host} does not accept the key ({status}).", hint="Look at MIEN_LLM_API_KEY.")
    if status == 404:
        return LanguageModelError(
            f"{host} does not know the model {choice.model!r} (404).",
            hint="Look at MIEN_LLM_MODEL and MIEN_LLM_BASE_URL.",
        )
    if status == 429:
        return LanguageModelError(
            f"{host} takes no more questions for now (429).",
            hint="Wait a little; the account may also be out of credit.",
            retryable=True,
        )
    return LanguageModelError(
        f"{host} refused to answer ({status}).", hint="Look at the server's log.", retryable=status >= 500
    )


def _host(choice: LlmChoice) -> str:
    """The server without what an address may hide, such as a password."""
    address = urlsplit(choice.base_url)
    return f"{address.hostname}:{address.port}" if address.port else address.hostname or choice.base_url
