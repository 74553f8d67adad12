"""Speech as a stream of bytes for whoever asks over HTTP, a few at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mien.errors import BusyError
from mien.settings import Settings

if TYPE_CHECKING:
    from mien.media import AudioFormat

STREAMS = 8
"""At once: each is a voice of its own, with its process or connection."""

_PATIENCE_S = 20.0


class Speaking:
    """Used on one event loop.

    Args:
        streams: at once.
        patience_s: how long one more waits for its turn.
    """

    def __init__(self, streams: int = STREAMS, patience_s: float = _PATIENCE_S) -> None:
        self._room = asyncio.Semaphore(streams)
        # Its own threads: voices that wait for a server must not keep other requests waiting.
        self._threads = anyio.CapacityLimiter(streams)
        self._patience_s = patience_s

    @asynccontextmanager
    async def stream(
        self, settings: Settings, voice: str, text: str, format: AudioFormat, rate: float = 1.0
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """Begins to speak; when the block begins, the first sound is there.

        Args:
            settings: see `mien.settings`.
            voice: ENGINE or ENGINE:NAME.
            text: what shall be said.
            format: of the bytes.
            rate: factor on the speed.

        Raises:
            BusyError: too many others speak.
            MienError: as `mien.speech.Speaker`; the bytes may raise VoiceError later.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                await self._room.acquire()
        except TimeoutError:
            raise BusyError("Too many texts are being spoken.", hint="Try again in a moment.") from None
        work = _encoded(settings, voice, text, format, rate)
        try:
            first = await self._next(work)
            yield self._pieces(first, work)
        finally:
            try:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(work.close, limiter=self._threads)
            finally:
                self._room.release()

    async def _pieces(self, first: bytes | None, work: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
        piece = first
        while piece is not None:
            yield piece
            piece = await self._next(work)

    async def _next(self, work: Iterator[bytes]) -> bytes | None:
        """Waits for a thread that has begun, also when cancelled: nobody may close what is still at work."""
        return await anyio.to_thread.run_sync(next, work, None, limiter=self._threads)


def _encoded(
    settings: Settings, voice: str, text: str, format: AudioFormat, rate: float
) -> Generator[bytes, None, None]:
    from mien.media import AudioEncoder
    from mien.speech import Speaker

    encoder: AudioEncoder | None = None
    with Speaker(settings, voice) as speaker:
        for chunk in speaker.speak(text, rate=rate):
            encoder = encoder or AudioEncoder(format, chunk.sample_rate)
            if data := encoder.push(chunk.samples):
                yield data
        assert encoder is not None  # or `speak` has said that there is no sound
        if data := encoder.finish():
            yield data
