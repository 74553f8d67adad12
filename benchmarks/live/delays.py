"""How soon a session reacts: to a text, a recording, an interruption, the end of what the user says."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import numpy as np
import soundfile

from benchmarks.live.senses import Eyes, loud_at, open_at
from mien.live.bench.crowd import TEXT
from mien.live.bench.server import ServerProcess
from mien.live.bench.watcher import SESSIONS, Watcher
from mien.live.slices import OUTPUT_RATE
from mien.media import resample
from mien.settings import load
from mien.testing.utterances import sentence
from mien.types import SAMPLE_RATE, Samples

TEXTS = (
    "Hello, how are you today?",
    "All right, I am here.",
    "Everything is fine.",
    "Yes, of course.",
    "Ask me again.",
)
QUESTION = "Can you tell me what the weather will be like tomorrow?"
_BEFORE_S, _AFTER_S = 1.0, 0.8
_WAIT_S = 15.0

Delays = dict[str, list[float]]
"""Milliseconds."""


@asynccontextmanager
async def watching(server: ServerProcess, **request: Any):
    """A session with its client."""
    async with server.client() as api:
        response = await api.post(SESSIONS, json=request)
        response.raise_for_status()
        watcher = Watcher(api, response.json()["id"])
        try:
            await watcher.connect()
            yield watcher
        finally:
            await watcher.close()
            await api.delete(watcher.path)


async def until_idle(watcher: Watcher) -> None:
    """Silent, and its lips at rest."""
    deadline = time.monotonic() + 60
    while (await watcher.info())["state"] != "idle":
        if time.monotonic() > deadline:
            raise TimeoutError("The avatar does not become idle.")
        await asyncio.sleep(0.05)
    await asyncio.sleep(_BEFORE_S)


async def _rest(watcher: Watcher, eyes: Eyes, start: float) -> float:
    """How far the lips of the silent face stand apart."""
    before = [one for one in watcher.pictures if start - 0.6 <= one.at < start]
    return float(np.median([lips.opening for lips in await asyncio.to_thread(eyes.look, before)]))


async def onset(watcher: Watcher, eyes: Eyes, ask: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Milliseconds from asking to the first open lips and the first sound."""
    await until_idle(watcher)
    start = time.monotonic()
    await ask()
    return await _first(watcher, eyes, start)


async def _first(watcher: Watcher, eyes: Eyes, start: float) -> tuple[float, float]:
    await watcher.until(lambda: loud_at(one for one in list(watcher.sounds)[-50:] if one.at > start), _WAIT_S)
    await asyncio.sleep(_AFTER_S)
    sounds = loud_at(one for one in watcher.sounds if one.at > start)
    pictures = [one for one in watcher.pictures if start < one.at < sounds[0] + _AFTER_S]
    opened = open_at(await asyncio.to_thread(eyes.look, pictures), await _rest(watcher, eyes, start))
    return (opened[0] - start) * 1000 if opened else float("nan"), (sounds[0] - start) * 1000


async def echo(server: ServerProcess, eyes: Eyes, trials: int, avatar: str) -> Delays:
    """A text that is said as it is."""
    found: Delays = {"lips": [], "sound": []}
    async with watching(server, avatar=avatar) as watcher:
        await onset(watcher, eyes, lambda: watcher.say("Warm up."))
        for n in range(trials):
            lips, sound = await onset(watcher, eyes, lambda n=n: watcher.say(TEXTS[n % len(TEXTS)]))
            found["lips"].append(lips)
            found["sound"].append(sound)
    return found


async def recording(server: ServerProcess, eyes: Eyes, trials: int, avatar: str) -> Delays:
    """A recording that begins at once with an open vowel."""
    found: Delays = {"lips": [], "sound": []}
    data = wav(spoken("Are all of our animals awake?"))

    async def push() -> None:
        await watcher.post("audio", content=data, headers={"content-type": "audio/wav"})

    async with watching(server, avatar=avatar) as watcher:
        await onset(watcher, eyes, push)
        for _ in range(trials):
            lips, sound = await onset(watcher, eyes, push)
            found["lips"].append(lips)
            found["sound"].append(sound)
    return found


async def interruption(server: ServerProcess, eyes: Eyes, trials: int, avatar: str) -> Delays:
    """A speaking avatar is told to be silent: the last open lips, the last sound."""
    found: Delays = {"lips": [], "sound": []}
    async with watching(server, avatar=avatar) as watcher:
        await onset(watcher, eyes, lambda: watcher.say("Warm up."))
        for n in range(trials):
            await until_idle(watcher)
            rest = await _rest(watcher, eyes, time.monotonic())
            await watcher.say(TEXT)
            begun = time.monotonic()
            await watcher.until(
                lambda begun=begun: loud_at(one for one in list(watcher.sounds)[-50:] if one.at > begun), 5
            )
            await asyncio.sleep(1.0 + 0.137 * (n % 10))
            start = time.monotonic()
            await watcher.post("interrupt")
            await asyncio.sleep(1.5)
            sounds = loud_at(one for one in watcher.sounds if one.at > start)
            after = [one for one in watcher.pictures if one.at > start]
            lips = open_at(await asyncio.to_thread(eyes.look, after), rest)
            found["sound"].append(max((at - start) * 1000 for at in [start, *sounds]))
            found["lips"].append(max((at - start) * 1000 for at in [start, *lips]))
    return found


async def conversation(server: ServerProcess, eyes: Eyes, trials: int, avatar: str) -> tuple[Delays, Delays]:
    """The end of what the user says until the answer is heard; and the server's own account of it, stage by stage."""
    found: Delays = {"lips": [], "sound": []}
    stages: Delays = {}
    question = spoken(QUESTION)
    microphone = (resample(question, SAMPLE_RATE, OUTPUT_RATE) * 32767).astype(np.int16)
    async with watching(server, avatar=avatar, recognizer="canned") as watcher, server.client() as api:
        told: list[dict[str, float]] = []
        reader = asyncio.create_task(_latencies(api, watcher.path, told))
        try:
            for n in range(trials + 1):
                await until_idle(watcher)
                known = len(told)
                start = await watcher.microphone.speak(microphone)
                lips, sound = await _first(watcher, eyes, start)
                await asyncio.sleep(0.5)
                if n:  # the first one warms up
                    found["lips"].append(lips)
                    found["sound"].append(sound)
                    for stage, seconds in (told[known] if len(told) > known else {}).items():
                        stages.setdefault(stage, []).append(seconds * 1000)
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
    stages.pop("generation", None)
    return found, stages


async def _latencies(api: httpx.AsyncClient, path: str, told: list[dict[str, float]]) -> None:
    async with api.stream("GET", f"{path}/events", timeout=None) as response:
        kind = ""
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind == "latency":
                told.append(json.loads(value))


def spoken(text: str) -> Samples:
    """Speech without silence around it, float32 mono 16 kHz."""
    samples = sentence(load(), text).samples
    loud = np.flatnonzero(np.abs(samples) > 0.03)
    return samples[loud[0] : loud[-1] + 1]


def wav(samples: Samples) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()
