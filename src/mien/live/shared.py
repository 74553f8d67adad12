"""What the sessions of one set of settings share: voices and recognisers."""

from __future__ import annotations

import asyncio
import logging

from mien.errors import MienError, RecognizerError
from mien.live.pools import Pool
from mien.live.request import SessionRequest
from mien.settings import Settings
from mien.speech import Listener, Speaker

logger = logging.getLogger(__name__)

_NOT_OF_SPEECH = ("live_", "llm", "job_", "jobs_", "stun_", "turn_", "upload_", "rate_", "cors_", "livetalking_")
"""Settings that no voice and no recogniser reads begin like this."""


class Shared:
    """Used on one event loop.

    Args:
        settings: see `mien.settings`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.speakers: Pool[Speaker] = Pool(self._make_speaker, _close_speaker)
        self.listeners: Pool[Listener] = Pool(self._make_listener, Listener.close)
        self._warm: list[tuple[Pool[Speaker] | Pool[Listener], str]] = []

    def serves(self, settings: Settings) -> bool:
        """Whether voices and recognisers are the same under other settings."""
        names = [name for name in Settings.model_fields if not name.startswith(_NOT_OF_SPEECH)]
        return all(getattr(self.settings, name) == getattr(settings, name) for name in names)

    async def warm_up(self) -> None:
        """The usual voice and recogniser stay ready between sessions."""
        for pool, name in ((self.speakers, self.settings.voice), (self.listeners, self.settings.recognizer)):
            try:
                await pool.take(name)
            except MienError as error:
                logger.warning("live_warm_up_failed", extra={"what": name, "code": error.code})
            else:
                self._warm.append((pool, name))

    async def retire(self) -> None:
        """No new sessions come: what is in use ends with the last of those that there are."""
        while self._warm:
            pool, name = self._warm.pop()
            await pool.give_back(name)

    async def close(self) -> None:
        """Ends everything, in use or not."""
        await self.speakers.close()
        await self.listeners.close()

    @property
    def in_use(self) -> bool:
        return bool(self.speakers or self.listeners)

    def voice(self, request: SessionRequest) -> str:
        return request.voice or self.settings.voice

    def recognizer(self, request: SessionRequest) -> str:
        return request.recognizer or self.settings.recognizer

    async def take_listener(self, request: SessionRequest) -> tuple[Listener | None, MienError | None]:
        """The recogniser of a session, or why there is none: one can still type.

        Raises:
            MienError: the request names one that cannot be used.
        """
        name = self.recognizer(request)
        try:
            listener = await self.listeners.take(name)
        except MienError as error:
            # Whoever asks for one by name must have it.
            if request.recognizer:
                raise
            return None, error
        if not request.language or listener.understands(request.language):
            return listener, None
        await self.listeners.give_back(name)
        return None, RecognizerError(
            f"The recogniser {listener.spec.name!r} does not understand the language {request.language!r}.",
            hint="Type, or set MIEN_RECOGNIZER to one that does: sherpa-onnx, faster-whisper, openai.",
        )

    async def give_back(self, request: SessionRequest, *, listener: bool) -> None:
        """What a session had: its voice, and its recogniser if it had one."""
        await self.speakers.give_back(self.voice(request))
        if listener:
            await self.listeners.give_back(self.recognizer(request))

    async def _make_speaker(self, key: str) -> Speaker:
        return await asyncio.to_thread(_warm_speaker, self.settings, key)

    async def _make_listener(self, key: str) -> Listener:
        # Only the owner of this machine may have models fetched to it.
        own = key == self.settings.recognizer
        listener = Listener(self.settings if own else self.settings.model_copy(update={"offline": True}), key)
        try:
            await listener.start()
        except BaseException:
            await listener.close()
            raise
        return listener


def _warm_speaker(settings: Settings, voice: str) -> Speaker:
    speaker = Speaker(settings, voice)
    try:
        # The first sentence of a voice starts processes and loads models; it tells too whether there is such a voice.
        if not speaker.spec.network:
            for _ in speaker.speak("1"):
                pass
    except BaseException:
        speaker.close()
        raise
    return speaker


async def _close_speaker(speaker: Speaker) -> None:
    await asyncio.to_thread(speaker.close)
