"""Trying out a service with given settings: does it answer, how fast, and what. Nothing of it is kept."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from mien.errors import MienError
from mien.settings import SECRETS, Settings
from mien.speech.samples import sentence
from mien.types import SAMPLE_RATE, Samples

logger = logging.getLogger(__name__)

Service: TypeAlias = Literal["llm", "recognizer", "voice"]

_LIMITS_S: dict[Service, float] = {"llm": 15, "recognizer": 90, "voice": 60}
"""A recogniser or a voice may have to load a model first."""

_SHOWN_WORDS = 12
_COUNTING = "One two three four five six."
"""Small recognisers understand a synthetic voice when it counts."""

_QUESTION = "Say hello to me in one short sentence."


class Outcome(BaseModel):
    """How it went."""

    ok: bool
    message: str = Field(description="What the service did, or why it did not.")
    hint: str = Field(default="", description="What to do about it.")
    seconds: float = Field(
        description="To the first word, sound, or to the end of recognition; of a failure: until it was known."
    )


async def run(service: Service, settings: Settings) -> Outcome:
    """Tries one service; every failure is an outcome too."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(_LIMITS_S[service]):
            return await _TRIALS[service](settings)
    except MienError as error:
        message, hint = error.message, error.hint
    except TimeoutError:
        message = f"There was no answer within {_LIMITS_S[service]:g} seconds."
        hint = "Try it again: it may still be loading a model."
    for secret in filter(None, (getattr(settings, name) for name in SECRETS)):
        message, hint = message.replace(secret, "***"), hint.replace(secret, "***")
    return Outcome(ok=False, message=message, hint=hint, seconds=_since(began))


async def _llm(settings: Settings) -> Outcome:
    from mien.live.request import SessionRequest
    from mien.live.services.llm.presets import SCRIPTED, resolve

    choice = resolve(settings, SessionRequest())
    if choice.preset == SCRIPTED:
        return Outcome(ok=True, message="The scripted partner needs no server.", seconds=0)
    from mien.live.services.llm.client import ChatClient, empty_answer

    chat, began, first, said = ChatClient(choice), time.monotonic(), 0.0, ""
    try:
        async with aclosing(chat.stream([{"role": "user", "content": _QUESTION}])) as deltas:
            async for delta in deltas:
                first = first or _since(began)
                said += delta.content or ""
                if len(said.split()) > _SHOWN_WORDS or len(said) > 200:
                    break
    finally:
        await chat.close()
    if not said.strip():
        raise empty_answer(choice)
    return Outcome(ok=True, message=f"{choice.model} says: {_shown(said)}", seconds=first)


async def _recognizer(settings: Settings) -> Outcome:
    from mien.speech import Listener

    listener = Listener(settings)
    try:
        language = (*listener.spec.languages, "en")[0] if not listener.understands("en") else "en"
        spoken = _COUNTING if language == "en" else sentence(language)
        sound = await asyncio.to_thread(_spoken_by_espeak, spoken, language)
        await listener.start()
        began = time.monotonic()
        understood = await _understood(listener, sound, language)
    finally:
        await listener.close()
    if not understood:
        return Outcome(
            ok=False, message=f"It understood nothing of: {spoken}", hint="Choose another.", seconds=_since(began)
        )
    return Outcome(ok=True, message=f"Of “{spoken}” it understood: {_shown(understood)}", seconds=_since(began))


async def _understood(listener: Any, sound: Samples, language: str) -> str:
    utterance = listener.recognize(language)
    try:
        utterance.push(sound)
        return await utterance.finish(60)
    finally:
        utterance.cancel()


def _spoken_by_espeak(text: str, language: str) -> Samples:
    """16 kHz, with the pauses around it that recognisers wait for. Blocks."""
    import numpy as np

    from mien.media import resample
    from mien.speech import speak

    chunks = list(speak(text, Settings.model_construct(), f"espeak:{language}", rate=0.9))
    silence = np.zeros(SAMPLE_RATE // 2, np.float32)
    spoken = np.concatenate([chunk.samples for chunk in chunks])
    return np.concatenate([silence, resample(spoken, chunks[0].sample_rate, SAMPLE_RATE), silence])


async def _voice(settings: Settings) -> Outcome:
    return await asyncio.to_thread(_speak, settings)


def _speak(settings: Settings) -> Outcome:
    from mien.speech import Speaker

    engine, _, name = settings.voice.partition(":")
    with Speaker(settings) as speaker:
        began, first, seconds = time.monotonic(), 0.0, 0.0
        for chunk in speaker.speak(sentence(name)):
            first = first or _since(began)
            seconds += len(chunk.samples) / chunk.sample_rate
    return Outcome(ok=True, message=f"{engine} spoke for {seconds:.1f} s.", seconds=first)


_TRIALS: dict[Service, Callable[[Settings], Coroutine[Any, Any, Outcome]]] = {
    "llm": _llm,
    "recognizer": _recognizer,
    "voice": _voice,
}


def _shown(text: str) -> str:
    words = text.split()
    shown = " ".join(words[:_SHOWN_WORDS])[:200]
    return f"“{shown}{' …' if len(words) > _SHOWN_WORDS else ''}”"


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
