"""The render process as the server sees it."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

from mien.errors import RenderError
from mien.live.render import protocol
from mien.live.render.protocol import Head
from mien.settings import Settings, environment_without_secrets

_STOP_S = 1.0


class Child:
    """A running process; made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._input, self._output = process.stdin, process.stdout
        self.warm = asyncio.Event()
        """Engines are loaded, so that a stream opens soon; or the process has ended."""

    @classmethod
    async def start(cls, settings: Settings) -> Child:
        """Starts a process and waits until it listens, about a second.

        Raises:
            RenderError: it ended at once.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "mien.live.render.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # what stops the program is for the program
        )
        child = cls(process)
        try:
            child.send(protocol.pack({"op": "settings", "settings": _without_secrets(settings)}))
            if await child.receive() is None:
                raise RenderError(
                    "The process that draws the avatar did not start.", hint="Look at the server's log.", retryable=True
                )
        except BaseException:
            await child.kill()
            raise
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Of its end; None while it runs."""
        return self._process.returncode

    def send(self, message: bytes) -> None:
        """Never blocks. What is sent to a process that has ended is lost."""
        if not self._input.is_closing():
            self._input.write(message)

    async def receive(self) -> tuple[Head, bytes] | None:
        """Its next message; None when it has ended."""
        return await protocol.receive(self._output)

    async def stop(self) -> None:
        """Ends it, gently if it listens; returns when it is gone. May be called twice."""
        self._input.close()
        try:
            await asyncio.wait_for(self._end(), _STOP_S)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Ends it at once; for one that has nothing to finish. May be called twice."""
        self._input.close()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._end()

    async def _end(self) -> None:
        self.warm.set()
        # Read to its end, or the pipe stays open.
        await self._process.communicate()


def _environment() -> dict[str, str]:
    """One thread per library: the streams share the processor as they are. Modules are found where this process finds them."""
    return {
        **environment_without_secrets(),
        "OMP_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }


def _without_secrets(settings: Settings) -> Head:
    secret = {name for name, field in type(settings).model_fields.items() if not field.repr}
    return settings.model_dump(mode="json", exclude=secret)
