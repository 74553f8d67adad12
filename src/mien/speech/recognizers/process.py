"""The child process of a recogniser, seen from its parent; one life of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from typing import Any

from mien.errors import MienError, RecognizerError
from mien.settings import Settings, environment_without_secrets
from mien.speech.recognizers import wire
from mien.types import Samples

logger = logging.getLogger(__name__)

# -P: a file in the user's folder must not stand in for a module.
_COMMAND = (sys.executable, "-P", "-m", "mien.speech.recognizers.worker")
_EXIT_TIMEOUT_S = 2.0

OnReply = Callable[[dict[str, Any] | MienError], None]


class RecognizerProcess:
    """A recogniser in a process of its own. Used on one event loop; `send` never blocks.

    Args:
        engine: the plug-in's name.
        model: see `RecognizerFactory`.
        settings: they go through a pipe, so that no key stands in the list of processes.
        on_end: told once when the process has ended, whatever the reason.
    """

    def __init__(
        self, engine: str, model: str, settings: Settings, on_end: Callable[[RecognizerProcess], None]
    ) -> None:
        self._name = engine
        hello = {"engine": engine, "model": model, "settings": settings.model_dump(mode="json")}
        self._on_end = on_end
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._callbacks: dict[int, OnReply] = {}
        self._started = asyncio.Event()
        self._unsent: list[bytes] = [wire.pack(hello)]
        self.usable = True
        """It has not ended; what is sent to it before it is loaded waits there."""
        self.loaded = False
        self.error: MienError | None = None
        """Why it ended."""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Returns when the recogniser is loaded, or has failed to; see `error`."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment_without_secrets(),
                start_new_session=True,  # ctrl-C is for the program
            )
        except OSError as error:
            self._end(
                RecognizerError(f"The recogniser's process cannot be started: {error}.", hint="Run `mien doctor`.")
            )
            return
        self._write()
        self._task = asyncio.create_task(self._read(self._process), name="mien-recognizer")
        await self._started.wait()

    def open(self, number: int, on_reply: OnReply) -> None:
        """From now on replies about this utterance, and an error if the process ends, go to `on_reply`."""
        self._callbacks[number] = on_reply

    def forget(self, number: int) -> None:
        """Nobody listens to this utterance's replies."""
        self._callbacks.pop(number, None)

    def send(self, number: int, action: str, samples: Samples | None = None, **fields: Any) -> None:
        """Tells the child something about an utterance; it is forgotten if the child has ended."""
        head = {"id": number, "do": action, **fields}
        self._write(wire.pack(head) if samples is None else wire.pack(head, samples))

    def kill(self) -> None:
        """Ends the process at once; `on_end` is told."""
        self.usable = False
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def close(self) -> None:
        """Ends the process; may be called twice."""
        if not self.loaded:
            self.kill()
        if self._process and self._process.stdin:
            self._process.stdin.close()
        if self._task:
            try:
                await asyncio.wait_for(asyncio.shield(self._task), _EXIT_TIMEOUT_S)
            except TimeoutError:
                self.kill()
                await self._task

    def _write(self, data: bytes = b"") -> None:
        # Not drained: whoever sends an utterance stops when too much of it is not yet worked off.
        stdin = self._process.stdin if self._process else None
        self._unsent.append(data)
        if stdin and not stdin.is_closing():
            stdin.write(b"".join(self._unsent))
        if stdin or not self.usable:
            self._unsent.clear()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        error: MienError | None = None
        while (message := await wire.receive(process.stdout)) is not None:
            head, _ = message
            if "id" in head:
                self._reply(head)
            elif "error" in head:
                error = wire.error_from(head["error"])
            else:
                self.loaded = True
                self._started.set()
        code = await process.wait()
        if code:
            logger.warning("recognizer_died", extra={"engine": self._name, "code": code})
        self._end(error or self._death(code))

    def _reply(self, head: dict[str, Any]) -> None:
        callback = self._callbacks.get(head["id"])
        if callback:
            callback(wire.error_from(head["error"]) if "error" in head else head)

    def _death(self, code: int) -> MienError:
        return RecognizerError(
            f"The process of the recogniser {self._name!r} died (exit code {code}).",
            hint="Say it again; it is started anew.",
            retryable=True,
        )

    def _end(self, error: MienError) -> None:
        self.usable, self.error = False, error
        self._started.set()
        callbacks, self._callbacks = self._callbacks, {}
        for callback in callbacks.values():
            callback(error)
        self._on_end(self)
