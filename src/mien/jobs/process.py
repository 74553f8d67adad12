"""A job's process, and all that it starts, as the worker sees them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import psutil

from mien.jobs import protocol
from mien.jobs.protocol import AnyLine, Lines, Logged
from mien.settings import SECRETS, Settings

COMMAND = (sys.executable, "-P", "-m", "mien.jobs.child")
_TERM_S = 0.3
_KILL_S = 1.0
_POLL_S = 0.05
_REST_S = 0.3
"""What a process said before it ended comes out of the pipes at once; longer waits only who has left its pipes to another."""
_CHUNK = 64 * 1024
_NOT_FOR_JOBS = frozenset(f"MIEN_{name.upper()}" for name in SECRETS - {"openai_api_key"})
"""Of the keys a job needs that of its voice only."""


class JobProcess:
    """Made by `start`; whoever has it must `end` it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._input, self._output, self._errors = process.stdin, process.stdout, process.stderr
        self._known: set[psutil.Process] = set()
        self._looking = threading.Lock()

    @classmethod
    async def start(cls, settings: Settings, env: Mapping[str, str]) -> JobProcess:
        """Starts a process that waits for its order.

        Raises:
            OSError: it cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(settings, env),
            start_new_session=True,  # what stops the worker is for the worker; and all of it is ended together
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Of its end; None while it runs."""
        return self._process.returncode

    def order(self, what: dict[str, Any]) -> None:
        """Says what it shall do; once. Lost if it has ended."""
        self._input.write(json.dumps(what).encode() + b"\n")

    async def listen(self, receive: Callable[[AnyLine], None]) -> None:
        """Gives every line that it says, until it has ended."""
        readers = asyncio.gather(
            _read(self._output, lambda text: receive(protocol.parse(text))),
            _read(self._errors, lambda text: receive(Logged(ev="log", text=text))),
        )
        try:
            # Not `Process.wait`, which in some versions of Python waits for the pipes as well.
            while self.status is None:
                await asyncio.sleep(_POLL_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(readers, _REST_S)
        finally:
            readers.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await readers

    def family(self) -> set[psutil.Process]:
        """The process and all that come from it, in whatever session; blocks for some milliseconds."""
        with self._looking:  # when it is ended, whoever watches it may still be looking
            found = set(self._known)
            with contextlib.suppress(psutil.Error):
                first = psutil.Process(self.pid)
                if self.status is None:
                    found |= {first, *first.children(recursive=True)}
            # Whoever has lost its parents is found by those who were known when they still lived.
            for process in list(found):
                with contextlib.suppress(psutil.Error):
                    found.update(process.children(recursive=True))
            self._known = {process for process in found if process.is_running()}
            return self._known

    async def end(self) -> None:
        """Ends the whole family, gently first; returns when it is gone, after about a second at most. May be called twice."""
        if self.status is None:
            await asyncio.to_thread(self.family)
            self._signal("SIGTERM")
            await self._gone(_TERM_S)
        killed = await asyncio.to_thread(self._kill)
        await self._gone(_KILL_S, killed)
        self._input.close()
        # Otherwise the pipes stay open until the garbage is collected.
        self._process._transport.close()  # type: ignore[attr-defined]

    def _kill(self) -> set[psutil.Process]:
        family = self.family()
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._signal("SIGKILL")
        return family

    def _signal(self, name: str) -> None:
        if hasattr(os, "killpg"):
            # macOS refuses permission, instead of finding nothing, when all of the group have ended and wait to be collected.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, getattr(signal, name))
        elif self.status is None and name == "SIGKILL":
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _gone(self, seconds: float, others: Iterable[psutil.Process] = ()) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while (self.status is None or any(map(_runs, others))) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


async def _read(stream: asyncio.StreamReader, receive: Callable[[str], None]) -> None:
    lines = Lines()
    while data := await stream.read(_CHUNK):
        for line in lines.push(data):
            receive(line)
    for line in lines.finish():
        receive(line)


def _environment(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """The process reads its settings itself, when it begins: a change counts from the next job. Modules are found where this one finds them."""
    own = {name: value for name, value in os.environ.items() if name.upper() not in _NOT_FOR_JOBS}
    return {
        **own,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONUNBUFFERED": "1",
        "MIEN_DATA_DIR": str(settings.data_dir.absolute()),
        "MIEN_CACHE_DIR": str(settings.cache_dir.absolute()),
        **env,
    }
