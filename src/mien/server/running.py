"""Runs the server until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from mien.errors import BusyError, NotFoundError, UsageError
from mien.server.access import check_listening
from mien.server.app import create_app
from mien.server.websocket import MAX_SOUND_BYTES
from mien.settings import Settings

if TYPE_CHECKING:
    from mien.jobs.store import Jobs
    from mien.live.manager import LiveManager

_BACKLOG = 256
_PATIENCE_S = 5
"""For requests that are still being answered when the server stops."""


def serve(settings: Settings, host: str, port: int, ready: Callable[[int], None], *, workers: bool = True) -> None:
    """Serves until SIGINT or SIGTERM, then ends every session. Only from the main thread.

    Args:
        settings: see `mien.settings`.
        host: the address to listen on.
        port: 0 for any that is free.
        ready: told the port when requests are answered; must not block.
        workers: jobs are done on this machine, too.

    Raises:
        AccessError: others could reach it and there is no token.
        BusyError: the port is taken.
        UsageError: there is no such address.
        MienError: what runs the conversations cannot start.
    """
    check_listening(host, settings)
    with contextlib.closing(_listen(host, port)) as listener, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, listener, ready, workers))


async def _serve(settings: Settings, listener: socket.socket, ready: Callable[[int], None], workers: bool) -> None:
    from mien.live.logs import quiet_pipecat

    quiet_pipecat()  # before it is imported, which is when it shows its banner
    from mien.live.manager import LiveManager

    manager = LiveManager(settings)
    try:
        async with _jobs(settings, workers) as jobs:
            await manager.start()
            app = create_app(settings, manager=manager, jobs=jobs)
            await _listen_until_told(app, manager, jobs, listener, ready)
    finally:
        await manager.close()


@contextlib.asynccontextmanager
async def _jobs(settings: Settings, workers: bool) -> AsyncIterator[Jobs]:
    """The jobs, those who do them, and who clears them away."""
    from mien.jobs.retention import keep_clean
    from mien.jobs.store import Jobs
    from mien.jobs.supervisor import Workers

    jobs = await asyncio.to_thread(Jobs.open, settings)
    supervised = Workers(settings) if workers else None
    cleaning = asyncio.create_task(keep_clean(jobs, settings), name="jobs cleaning")
    try:
        if supervised is not None:
            supervised.start()
        yield jobs
    finally:
        cleaning.cancel()
        await asyncio.gather(cleaning, return_exceptions=True)
        if supervised is not None:
            await supervised.close()
        await jobs.close()


async def _listen_until_told(
    app: FastAPI, manager: LiveManager, jobs: Jobs, listener: socket.socket, ready: Callable[[int], None]
) -> None:
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        # Addresses may hold a token.
        access_log=False,
        server_header=False,
        ws_max_size=MAX_SOUND_BYTES,
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    await _Server(config, manager, jobs, ready).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells when it is ready; ends sessions and events before it waits for connections, which stay open as long as these last."""

    def __init__(self, config: uvicorn.Config, manager: LiveManager, jobs: Jobs, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._manager, self._jobs, self._ready = manager, jobs, ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise them once more in the end, in the middle of what is still being closed.
        before = {one: signal.signal(one, self.handle_exit) for one in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        port = sockets[0].getsockname()[1] if sockets else 0
        await super().startup(sockets)
        self._ready(port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._jobs.end_watching()
        await asyncio.gather(*(self._end(session.id) for session in self._manager.list()))
        await super().shutdown(sockets)

    async def _end(self, id: str) -> None:
        with contextlib.suppress(NotFoundError):
            await self._manager.end(id, "server_stopped")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BusyError(
                f"The port {port} of {host} is taken.", hint="Is Mien running already? Or choose another: --port 0"
            ) from error
        raise UsageError(
            f"The server cannot listen on {host}, port {port}: {error.strerror}.",
            hint="Choose another --host or --port; ports below 1024 need special rights.",
        ) from error
