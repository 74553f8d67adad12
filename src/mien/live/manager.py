"""All live sessions of this process: who is let in, what they share, and when they end."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil

from mien.errors import BusyError, NotFoundError, SettingsError, UsageError
from mien.live import logs
from mien.live.capacity import Capacity, measure
from mien.live.edge.ice import IceSettings
from mien.live.render import RenderHost
from mien.live.request import SessionRequest
from mien.live.services.llm import resolve
from mien.live.session import LiveSession, Means
from mien.live.shared import Shared
from mien.settings import Settings
from mien.speech import Listener
from mien.studio import RenderOptions
from mien.studio.create import engine_of_named

logger = logging.getLogger(__name__)

_KEPT_RECORDINGS = 200
"""That can still be asked for by the id of their session; the files themselves stay."""
_FULL_SIDE = 1080
"""A whole picture counts as one of this size; how large it is shows only when it is open."""
_SWEEP_S = 1.0
_MEMORY_EVERY_S = 5.0
_PAUSE_S = 20.0
"""People think and models begin to answer within this time; whoever is silent for longer may be ended for the memory's sake."""
_OWN_SHARE = 0.6
"""Of the machine's memory that may be used if the settings do not say."""
WARN, EVICT, REFUSE = 0.8, 1.0, 1.2
"""Shares of the memory that may be used."""


def weight(request: SessionRequest) -> float:
    """How many usual sessions (512 x 512 at 25 frames a second) one costs; at least 1."""
    side = request.size if request.frame == "head" else _FULL_SIDE
    return max(1.0, side**2 * request.fps / (512**2 * 25))


class LiveManager:
    """Used on one event loop.

    Args:
        settings: see `mien.settings`.
        clock: seconds; for tests.
        memory_mb: what this process and its children use; for tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        memory_mb: Callable[[], float] | None = None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._memory_mb = memory_mb or _used_memory_mb
        self._host = RenderHost(settings)
        self._shared = Shared(settings)
        self._of: dict[str, Shared] = {}
        """Each session's, by its id."""
        self._retired: list[Shared] = []
        """Of earlier settings; their last sessions may still be open."""
        self._sessions: dict[str, LiveSession] = {}
        self._taken: dict[bool, float] = {False: 0.0, True: 0.0}
        """Places taken, by whether the engine needs a GPU; those of sessions that are being opened too."""
        self._places: dict[str, tuple[bool, float]] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._changes: set[asyncio.Task[None]] = set()
        self._recordings: OrderedDict[str, Path] = OrderedDict()
        """Of sessions that are over, by their id."""
        self._used_mb = 0.0
        self._memory_high = False
        self._measured: Capacity | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Warms up the render process and measures how many sessions this machine holds."""
        logs.quiet_pipecat()
        await self._host.start()
        if not self._settings.live_max_sessions:
            await self._measure()
        await self._shared.warm_up()
        self._used_mb = self._memory_mb()
        # What is loaded by now stays: the collection after each session then looks only at what sessions made, which takes
        # milliseconds. Without it the parts of a connection, which hold each other, wait for minutes to be freed.
        gc.collect()
        gc.freeze()
        self._sweeper = asyncio.create_task(self._sweep_always(), name="mien-live-sweeper")

    def use(self, settings: Settings) -> None:
        """New sessions get these settings; those that are open keep theirs. What takes time goes on in the background."""
        self._settings = settings
        if self._sweeper is None:
            self._shared = Shared(settings)
            return
        if not self._shared.serves(settings):
            before, self._shared = self._shared, Shared(settings)
            self._retired = [*(one for one in self._retired if one.in_use), before]
            _keep(self._changes, self._change(before, self._shared))
        if not settings.live_max_sessions and self._measured is None:
            _keep(self._changes, self._measure())

    async def _change(self, before: Shared, after: Shared) -> None:
        await before.retire()
        await after.warm_up()
        if after is not self._shared:
            # They were changed once more meanwhile.
            await after.retire()

    async def _measure(self) -> None:
        self._measured = await asyncio.to_thread(measure, self._settings)

    async def close(self) -> None:
        """Ends all sessions and everything they share."""
        background = [*self._changes, *([self._sweeper] if self._sweeper else [])]
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await asyncio.gather(*(self.end(id, "server_stopped") for id in list(self._sessions)), return_exceptions=True)
        await asyncio.gather(*self._endings, return_exceptions=True)
        for shared in (*self._retired, self._shared):
            await shared.close()
        await self._host.close()

    @property
    def limit(self) -> int:
        """How many sessions there may be at once, of engines that need no GPU."""
        measured = self._measured.sessions if self._measured else 1
        return self._settings.live_max_sessions or measured

    @property
    def memory_limit_mb(self) -> float:
        return self._settings.live_memory_mb or _OWN_SHARE * psutil.virtual_memory().total / 2**20

    @property
    def capacity(self) -> dict[str, Any]:
        """For `system` and metrics."""
        return {
            "limit": self.limit,
            "open": len(self._sessions),
            "measured": self._measured.sessions if self._measured else None,
            "memory_mb": round(self._used_mb),
            "memory_limit_mb": round(self.memory_limit_mb),
        }

    def ice_servers(self) -> list[dict[str, Any]]:
        """What a browser needs for its `RTCConfiguration.iceServers`."""
        return IceSettings.of(self._settings).as_dict()

    def get(self, id: str) -> LiveSession:
        """Raises:
        NotFoundError: there is no such session, or it is over.
        """
        session = self._sessions.get(id)
        if session is None:
            raise NotFoundError(f"There is no live session {id[:50]!r}.", hint="It may be over; start a new one.")
        return session

    def recording(self, id: str) -> Path:
        """The last finished recording of a session, also of one that is over.

        Raises:
            NotFoundError: there is none.
        """
        session = self._sessions.get(id)
        path = self._recordings.get(id) if session is None else session.recording_path
        if path is None or not path.is_file():
            raise NotFoundError(f"The session {id[:50]!r} has no finished recording.", hint="Begin and end one.")
        return path

    def list(self) -> list[LiveSession]:
        return list(self._sessions.values())

    async def create(self, request: SessionRequest) -> LiveSession:
        """Opens a session that is ready to talk.

        Raises:
            BusyError: no room now.
            NotFoundError: no such avatar, engine, voice, recogniser.
            MienError: whatever else an avatar, a voice or a language model can raise when it is opened.
        """
        # A thread: all files of the avatar are read and checked.
        spec = await asyncio.to_thread(engine_of_named, request.avatar, self._settings, engine=request.engine)
        gpu, places = spec.gpu, self._admit(spec.gpu, weight(request))
        # Counted before the next await: offers that come together must not all see the same room.
        self._taken[gpu] += places
        try:
            session = await self._open(request)
        except BaseException:
            self._taken[gpu] -= places
            raise
        self._sessions[session.id], self._places[session.id] = session, (gpu, places)
        return session

    async def end(self, id: str, reason: str = "deleted") -> None:
        """Ends a session and frees all it holds.

        Raises:
            NotFoundError: there is no such session.
        """
        session = self.get(id)
        del self._sessions[id]
        # A task of its own: whoever asks may be cancelled in the middle, but half a session must not be left.
        await asyncio.shield(_keep(self._endings, self._end(session, reason)))

    async def _end(self, session: LiveSession, reason: str) -> None:
        try:
            await session.close(reason)
        finally:
            gpu, places = self._places.pop(session.id)
            self._taken[gpu] -= places
            self._keep_recording(session)
            shared = self._of.pop(session.id, self._shared)
            await shared.give_back(session.request, listener=session.listens)
        gc.collect()
        logger.info("live_session_ended", extra={"session": session.id, "reason": reason})

    async def sweep(self) -> None:
        """Ends sessions that nobody watches, or in which nobody speaks."""
        now = self._clock()
        for session in self.list():
            if session.failed:
                logger.error("live_conversation_ended_by_itself", extra={"session": session.id})
                await self._end_quietly(session, "failed")
            elif session.alone_s(now) > self._settings.live_peer_timeout_s:
                await self._end_quietly(session, "no_peer")
            elif session.silent_s(now) > self._settings.live_idle_timeout_s:
                await self._end_quietly(session, "idle")

    async def relieve(self) -> None:
        """Measures the memory; ends the session that has been silent for the longest time if too much is used."""
        self._used_mb = await asyncio.to_thread(self._memory_mb)
        high = self._used_mb > WARN * self.memory_limit_mb
        if high and not self._memory_high:
            logger.warning("live_memory_high", extra={"used_mb": round(self._used_mb)})
        self._memory_high = high
        if self._used_mb > EVICT * self.memory_limit_mb:
            await self._evict()

    def _keep_recording(self, session: LiveSession) -> None:
        if session.recording_path is not None:
            self._recordings[session.id] = session.recording_path
            while len(self._recordings) > _KEPT_RECORDINGS:
                self._recordings.popitem(last=False)

    def _admit(self, gpu: bool, wanted: float) -> float:
        """The places that a session takes; one that is too large for this machine takes all of them."""
        if self._used_mb > REFUSE * self.memory_limit_mb:
            raise BusyError("The memory of this server is used up.", hint="Try again in a minute.", retry_after_s=60)
        limit = self._settings.live_max_gpu_sessions if gpu else self.limit
        places = min(wanted, limit)
        if self._taken[gpu] + places > limit:
            raise BusyError(
                f"Maximum session limit reached ({math.ceil(self._taken[gpu])}/{limit}).",
                hint="Try again when somebody has left, or raise the limit in the settings.",
                retry_after_s=15,
            )
        return places

    async def _open(self, request: SessionRequest) -> LiveSession:
        # They may be changed while it is opened.
        settings, shared = self._settings, self._shared
        try:
            choice = resolve(settings, request)
        except SettingsError as error:
            if not request.llm:
                raise
            # It is the request that names what this server has no key or model for.
            raise UsageError(error.message, hint=error.hint) from error
        options = RenderOptions(fps=request.fps, size=request.size, frame=request.frame, seed=request.seed)
        news = _Forward()
        speaker = await shared.speakers.take(shared.voice(request))
        listener: Listener | None = None
        try:
            listener, trouble = await shared.take_listener(request)
            stream = await self._host.open(request.avatar, options, engine=request.engine, notify=news)
            means = Means(stream=stream, speaker=speaker, listener=listener, llm=choice)
            try:
                session = LiveSession(secrets.token_urlsafe(12), request, settings, means)
            except BaseException:
                await stream.close()
                raise
            try:
                await session.start()
            except BaseException:
                await session.close("not_started")
                raise
        except BaseException:
            await shared.give_back(request, listener=listener is not None)
            raise
        self._of[session.id] = shared
        news.to(session.render_news)
        if trouble is not None:
            session.warn(trouble)
        return session

    async def _evict(self) -> None:
        now = self._clock()
        idle = [session for session in self.list() if session.silent_s(now) > _PAUSE_S]
        if idle:
            await self._end_quietly(max(idle, key=lambda session: session.silent_s(now)), "memory")

    async def _end_quietly(self, session: LiveSession, reason: str) -> None:
        try:
            await self.end(session.id, reason)
        except NotFoundError:
            logger.debug("live_session_was_gone")

    async def _sweep_always(self) -> None:
        measured = 0.0
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                await self.sweep()
                if self._clock() - measured > _MEMORY_EVERY_S:
                    measured = self._clock()
                    await self.relieve()
            except Exception:
                logger.exception("live_sweep_failed")


class _Forward:
    """News of a stream that come before its session exists are kept for it."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._to: Callable[[str], None] | None = None

    def __call__(self, news: str) -> None:
        if self._to is None:
            self._kept.append(news)
        else:
            self._to(news)

    def to(self, receiver: Callable[[str], None]) -> None:
        self._to = receiver
        for news in self._kept:
            receiver(news)


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


def _used_memory_mb() -> float:
    """Resident memory of this process and its children; what they share counts for each."""
    process = psutil.Process()
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20
