"""Real sessions of a real manager, and a watcher that keeps what they give out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np

from mien.live.events import Event
from mien.live.manager import LiveManager
from mien.live.request import SessionRequest
from mien.live.session import LiveSession
from mien.live.slices import Slice
from mien.settings import Settings
from mien.speech import speak
from mien.types import SAMPLE_RATE


class Watcher:
    """A sink that remembers."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.slices: list[Slice] = []
        session.stage.add(self)

    def put(self, piece: Slice) -> None:
        self.slices.append(piece)

    async def close(self) -> None:
        pass

    @property
    def spoken(self) -> list[Slice]:
        return [piece for piece in self.slices if not piece.idle]

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate([piece.sound for piece in self.slices]) if self.slices else np.zeros(0, np.int16)


def request(**wanted: object) -> SessionRequest:
    return SessionRequest.model_validate({"avatar": "ruby", "size": 128, "recognizer": "canned", **wanted})


def run(settings: Settings, test: Callable[[LiveManager], Awaitable[None]], **changed: object) -> None:
    """Runs a test with a manager that ends with it."""

    async def main() -> None:
        usual = {"live_max_sessions": 3, "recognizer": "canned"}
        manager = LiveManager(settings.model_copy(update=usual | changed))
        await manager.start()
        try:
            await asyncio.wait_for(test(manager), 60)
        finally:
            await manager.close()

    asyncio.run(main())


async def until(met: Callable[[], object], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not met():
            await asyncio.sleep(0.01)


def events(session: LiveSession, kind: str) -> list[Event]:
    return [event for event in session.events._events if event.kind == kind]


def texts(session: LiveSession, kind: str = "avatar_done") -> list[str]:
    return [event.data["text"] for event in events(session, kind)]


def voice(text: str, settings: Settings) -> np.ndarray:
    """Speech as a microphone would give it: int16 mono 16 kHz."""
    import soxr

    chunks = list(speak(text, settings, "espeak"))
    samples = soxr.resample(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate, SAMPLE_RATE)
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


async def talk(session: LiveSession, sound: np.ndarray, silence_s: float = 2.0) -> None:
    """Speaks into the session's microphone in real time."""
    step = SAMPLE_RATE // 50
    whole = np.concatenate([sound, np.zeros(round(silence_s * SAMPLE_RATE), np.int16)])
    loop = asyncio.get_running_loop()
    start = loop.time()
    for n in range(0, len(whole) - step, step):
        session.hear(whole[n : n + step])
        await asyncio.sleep(max(0.0, start + (n + step) / SAMPLE_RATE - loop.time()))
