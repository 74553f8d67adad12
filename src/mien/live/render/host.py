"""Starts the render process, watches it, and starts it anew when it dies."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from mien.errors import MienError, RenderError
from mien.live.render import protocol
from mien.live.render.child import Child
from mien.live.render.protocol import Head
from mien.live.render.ring import new_file
from mien.live.render.stream import RenderStream
from mien.settings import Settings
from mien.studio import AUTO, RenderOptions

logger = logging.getLogger(__name__)


def _ignore(event: str) -> None:
    pass


class RenderHost:
    """The render process of a server, and a spare one that has loaded everything and waits for its death. Used on one event loop.

    Args:
        settings: see `mien.settings`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._numbers = itertools.count(1)
        self._streams: dict[int, RenderStream] = {}
        self._opening: dict[int, _Opening] = {}
        self._child: Child | None = None
        self._problem = RenderError("The render process is closed.")
        self._settled = asyncio.Event()
        """There is a process, or it is known that there is none."""
        self._supervisor: asyncio.Task[None] | None = None
        self._spare: asyncio.Task[Child] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process that draws now; None if there is none."""
        return self._child.pid if self._child else None

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._streams)

    async def start(self) -> None:
        """Starts the process, if it does not run, and waits until it can open streams soon.

        Raises:
            RenderError: it cannot be started, or the host is closed.
        """
        child = await self._running()
        await child.warm.wait()
        if self._spare is None and child is self._child:
            self._spare = asyncio.create_task(Child.start(self._settings))

    async def open(
        self, avatar: str, options: RenderOptions, *, engine: str = AUTO, notify: Callable[[str], None] = _ignore
    ) -> RenderStream:
        """Opens an avatar; its pictures are drawn from now on.

        Args:
            avatar: name of a stored or built-in one.
            options: how it is drawn.
            engine: "auto" or an engine's name.
            notify: is called with "restarted" when the process had died and the stream goes on, everything unplayed being lost;
                with "failed" when the stream has ended because its engine failed or the process died too often.

        Raises:
            MienError: as opening raised it in the process.
            RenderError: the process cannot be started or died.
        """
        await self.start()
        request: Head = {"avatar": avatar, "engine": engine, "options": asdict(options)}
        stream = RenderStream(self, next(self._numbers), request, notify)
        await self._open(stream)
        self._streams[stream.number] = stream
        return stream

    async def close(self) -> None:
        """Ends the process and all streams; may be called twice."""
        self._closed = True
        await _cancel(self._supervisor)
        if self._spare is not None:
            await _stop(self._spare)
        for stream in self._streams.values():
            stream.unmap()
        self._streams.clear()

    def send(self, message: bytes) -> None:
        """The streams': a message to the process; lost if there is none."""
        if self._child is not None:
            self._child.send(message)

    def forget(self, stream: RenderStream) -> None:
        """The streams': it is closed."""
        self._streams.pop(stream.number, None)

    async def _running(self) -> Child:
        if self._closed:
            raise RenderError("The render process is closed.")
        if self._supervisor is None or self._supervisor.done():
            self._settled.clear()
            self._supervisor = asyncio.create_task(self._supervise())
        await self._settled.wait()
        if self._child is None:
            raise self._problem
        return self._child

    async def _supervise(self) -> None:
        try:
            while True:
                self._child = await self._next_child()
                self._settled.set()
                await self._serve(self._child)
        except Exception as error:
            logger.exception("render_process_given_up")
            self._problem = RenderError(
                f"The process that draws the avatar cannot be run: {error}", hint="Look at the server's log."
            )
            self._fail(list(self._streams.values()))
        finally:
            self._child = None
            self._settled.set()

    async def _next_child(self) -> Child:
        spare, self._spare = self._spare, None
        if spare is not None:
            try:
                child = await spare
                if child.status is None:
                    return child
                await child.stop()
            except MienError:
                logger.warning("spare_render_process_failed", exc_info=True)
        return await Child.start(self._settings)

    async def _serve(self, child: Child) -> None:
        """Works with a process until it has gone, whatever the reason."""
        reopening = asyncio.create_task(self._reopen())
        try:
            while (message := await child.receive()) is not None:
                self._receive(child, *message)
        finally:
            self._child = None
            self._settled.clear()
            for opening in self._opening.values():
                opening.refuse(RenderError("The process that draws the avatar has ended.", retryable=True))
            await _cancel(reopening)
            await child.stop()
        logger.error("render_process_died", extra={"status": child.status, "streams": len(self._streams)})
        self._fail([stream for stream in list(self._streams.values()) if not stream.lose()])

    def _receive(self, child: Child, head: Head, body: bytes) -> None:
        if head["op"] == "warm":
            child.warm.set()
        elif head["op"] in ("opened", "refused"):
            opening = self._opening.get(head["stream"])
            if opening is not None:
                opening.answer(head)
        elif head["stream"] in self._streams or head["stream"] in self._opening:
            self._receive_of(head, body)

    def _receive_of(self, head: Head, body: bytes) -> None:
        opening = self._opening.get(head["stream"])
        stream = opening.stream if opening else self._streams[head["stream"]]
        if head["op"] == "frame":
            stream.put(head, body)
        elif head["op"] == "failed":
            self._fail([stream])

    async def _open(self, stream: RenderStream) -> None:
        child = await self._running()
        opening = self._opening[stream.number] = _Opening(stream)
        try:
            child.send(
                protocol.pack({"op": "open", "stream": stream.number, "file": str(opening.path), **stream.request})
            )
            await opening.done
        except BaseException:
            child.send(protocol.pack({"op": "close", "stream": stream.number}))
            stream.unmap()
            raise
        finally:
            del self._opening[stream.number]
            opening.close()

    async def _reopen(self) -> None:
        for stream in list(self._streams.values()):
            if stream.number not in self._streams:
                continue
            try:
                await self._open(stream)
            except (MienError, OSError):
                if self._child is None:
                    return
                logger.warning("reopening_failed", extra={"stream": stream.number}, exc_info=True)
                self._fail([stream])
                continue
            if stream.number in self._streams:
                stream.notify("restarted")
            else:
                # It was closed meanwhile, when there was nothing to tell the process about.
                await stream.close()
        if self._streams and self._child is not None and self._spare is None:
            self._spare = asyncio.create_task(Child.start(self._settings))

    def _fail(self, streams: list[RenderStream]) -> None:
        for stream in streams:
            self.forget(stream)
            stream.unmap()
            stream.notify("failed")


class _Opening:
    """A stream that the process was asked for."""

    def __init__(self, stream: RenderStream) -> None:
        self.stream = stream
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._file, self.path = new_file()

    def answer(self, head: Head) -> None:
        if self.done.done():
            return
        if head["op"] == "refused":
            self.refuse(protocol.unpack_error(head["error"]))
            return
        try:
            self.stream.map(head, self._file)
        except OSError as error:
            self.refuse(RenderError(f"The pictures cannot be shared: {error}.", hint="Is there memory left?"))
        else:
            self.done.set_result(None)

    def refuse(self, error: MienError) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def close(self) -> None:
        os.close(self._file)
        self.path.unlink(missing_ok=True)


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _stop(spare: asyncio.Task[Child]) -> None:
    spare.cancel()
    with suppress(asyncio.CancelledError, MienError, OSError):
        await (await spare).kill()
