"""Runs jobs, each in a process of its own, within limits; what comes after a run is as clean as before, however it ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from mien.errors import Cancelled, JobError
from mien.jobs.folder import JobFolder, write_json
from mien.jobs.kinds import KINDS
from mien.jobs.limits import Limits
from mien.jobs.meter import STARTING, Meter
from mien.jobs.outbox import Event, Outbox
from mien.jobs.process import JobProcess
from mien.jobs.protocol import Advanced, AnyLine, Failed, Logged, Made, Measured, Started, Succeeded, as_error
from mien.jobs.request import JobProblem, JobProgress
from mien.jobs.watch import watch
from mien.settings import Settings

logger = logging.getLogger(__name__)

OnEvent: TypeAlias = Callable[[Event], Awaitable[None]]

INSPECT_S = 30.0
_KEEP_S = 0.5
_MAX_UNWRITTEN = 1 << 20
_LAST_LINES = 3


class JobFailed(Exception):
    """Args:
    problem: why.
    """

    def __init__(self, problem: JobProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Runner:
    """Starts jobs' processes; used on one event loop. Several jobs may run at once.

    Args:
        settings: see `mien.settings`; the processes read their own, but for the folders.
        env: what is set in their environment, such as `CUDA_VISIBLE_DEVICES`.
        spare: a process is kept ready, so that a job begins at once; about 150 MB.
    """

    def __init__(self, settings: Settings, env: Mapping[str, str] | None = None, spare: bool = True) -> None:
        self._settings = settings
        self._env = dict(env or {})
        self._keep_spare = spare
        self._spare: asyncio.Task[JobProcess] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Starts the spare process; does not wait until it is ready."""
        if self._keep_spare and self._spare is None and not self._closed:
            self._spare = asyncio.create_task(JobProcess.start(self._settings, self._env))

    async def run(self, folder: JobFolder, attempt: int, on_event: OnEvent) -> dict[str, Any]:
        """Does a job and gives what its `result.json` says; a job that was done before is not done again.

        Whatever ends it — an error of `on_event` or the cancelling of this task, too — none of its processes is left.

        Args:
            folder: of the job.
            attempt: 1, 2, 3 …
            on_event: is given {"kind": "started" | "progress" | "log" | "metric" | "artifact", "t": seconds since 1970, "attempt", …}.

        Raises:
            JobFailed: it failed, or went beyond its limits.
            NotFoundError: there is no such job.
        """
        running = _Running(folder, attempt, on_event, Limits.of(self._settings))
        await running.tell()
        process = await self._process()
        try:
            process.order({"folder": folder.id, "attempt": attempt})
            return await running.follow(process)
        finally:
            await self._end(process)

    async def inspect(self, path: Path) -> dict[str, Any]:
        """What `mien.studio.inspect.inspect_picture` says of a picture; it is decoded in a process of its own.

        Raises:
            MienError: the picture cannot be read.
            JobError: it took too long or too much memory, or the process died.
        """
        process = await self._process()
        try:
            process.order({"inspect": str(path.absolute())})
            return await _answer(process, Limits.of(self._settings), path.parent)
        finally:
            await self._end(process)

    async def close(self) -> None:
        """Ends the spare process, and waits for those that are being ended; cancel the runs before. May be called twice."""
        self._closed = True
        spare, self._spare = self._spare, None
        if spare is not None:
            with contextlib.suppress(OSError):
                await (await spare).end()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _process(self) -> JobProcess:
        """The spare process, if it lives, or a fresh one; and another spare one is begun."""
        spare, self._spare = self._spare, None
        process = await spare if spare is not None else await JobProcess.start(self._settings, self._env)
        if process.status is not None:
            await self._end(process)
            process = await JobProcess.start(self._settings, self._env)
        await self.start()
        return process

    async def _end(self, process: JobProcess) -> None:
        """Goes on to its end even if the waiting task is cancelled."""
        task = asyncio.create_task(process.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        await asyncio.shield(task)


async def inspect(path: Path, settings: Settings) -> dict[str, Any]:
    """As `Runner.inspect`, with a process that is started for it."""
    runner = Runner(settings, spare=False)
    return await runner.inspect(path)


class _Running:
    """One attempt at a job."""

    def __init__(self, folder: JobFolder, attempt: int, on_event: OnEvent, limits: Limits) -> None:
        self._folder, self._on_event, self._limits = folder, on_event, limits
        self._meter = Meter(KINDS[folder.job().kind].stages_of(folder))
        self._outbox = Outbox(attempt)
        self._woken = asyncio.Event()
        self._over = False
        self._answer: Succeeded | Failed | None = None
        self._unwritten: list[str] = []
        self._size = self._lost = 0
        self._progress: JobProgress | None = None
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._now = asyncio.get_running_loop().time
        self._receive(Advanced(ev="progress", stage=STARTING))

    async def follow(self, process: JobProcess) -> dict[str, Any]:
        delivered = asyncio.create_task(self._deliver())
        tasks = [
            asyncio.create_task(process.listen(self._receive)),
            delivered,
            asyncio.create_task(self._keep()),
            asyncio.create_task(watch(process, self._folder, self._limits)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and (problem := task.result()) is not None:
                    raise JobFailed(problem)
            self._over = True
            self._woken.set()
            await delivered  # not cancelled: an event that is on its way would be lost, and those behind it
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._write()
        return self._outcome(process)

    async def tell(self, *, all: bool = False) -> float | None:
        """Gives the events that are due; says in how many seconds there will be others, as far as is known now."""
        events, wait_s = self._outbox.take(self._now(), all=all)
        for event in events:
            await self._on_event(event)
        return wait_s

    async def _deliver(self) -> None:
        while not self._over:
            wait_s = await self.tell()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), wait_s)
            self._woken.clear()
        await self.tell(all=True)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_S)
            await self._write()

    async def _write(self) -> None:
        lines, self._unwritten, self._size = self._unwritten, [], 0
        lost, self._lost = self._lost, 0
        if lost:
            lines.append(f"… {lost} lines came too fast to be kept")
        progress, self._progress = self._progress, None
        await asyncio.to_thread(_write, self._folder, lines, progress)

    def _receive(self, line: AnyLine) -> None:
        match line:
            case Started():
                self._outbox.started(line.pid)
            case Advanced():
                self._progress = self._meter.update(line.stage, line.done, line.total, line.unit, self._now())
                self._outbox.progress(self._progress)
            case Logged():
                self._log(line.text)
                self._outbox.line(line.text)
            case Measured():
                self._log(
                    " ".join([f"step {line.step}", *(f"{name}={value:g}" for name, value in line.values.items())])
                )
                self._outbox.metric(line.step, line.values)
            case Made():
                self._outbox.artifact(line.name, line.step)
            case Succeeded() | Failed():
                self._answer = line
        self._woken.set()

    def _log(self, text: str) -> None:
        self._last_lines.append(text)
        if self._size > _MAX_UNWRITTEN:
            self._lost += 1
            return
        self._unwritten.append(text)
        self._size += len(text)

    def _outcome(self, process: JobProcess) -> dict[str, Any]:
        if isinstance(self._answer, Succeeded):
            return self._answer.result
        # Only what is told from outside to stop says that it was cancelled: whoever cancels a job hears no outcome.
        if isinstance(self._answer, Failed) and self._answer.code != Cancelled.code:
            raise JobFailed(_without_folder(self._answer.problem(), self._folder.path))
        # It may have died after its work was done.
        outcome = self._folder.outcome()
        if outcome is None:
            raise JobFailed(_death(process.status, self._last_lines, stopped=self._answer is not None))
        return outcome


def _write(folder: JobFolder, lines: list[str], progress: JobProgress | None) -> None:
    """Log and progress for whoever looks into the folder; they need not survive a power cut."""
    try:
        if lines:
            with folder.log.open("a", encoding="utf-8", errors="replace") as log:
                log.write("".join(f"{line}\n" for line in lines))
        if progress is not None:
            write_json(folder.path / "progress.json", progress.model_dump(), durable=False)
    except OSError as error:
        # The job was deleted, or the disk is full, which ends the job elsewhere.
        logger.warning("log_not_written", extra={"job": folder.id, "why": error.strerror})


async def _answer(process: JobProcess, limits: Limits, folder: Path) -> dict[str, Any]:
    answers: list[Succeeded | Failed] = []
    ended = asyncio.create_task(process.listen(lambda line: _collect(line, answers)))
    watched = asyncio.create_task(watch(process, None, limits))
    try:
        await asyncio.wait([ended, watched], timeout=INSPECT_S, return_when=asyncio.FIRST_COMPLETED)
        problem = watched.result() if watched.done() else None
    finally:
        ended.cancel()
        watched.cancel()
        await asyncio.gather(ended, watched, return_exceptions=True)
    match answers:
        case [Succeeded(result=result)]:
            return result
        case [Failed() as failed]:
            raise as_error(_without_folder(failed.problem(), folder))
    if problem is not None:
        raise as_error(problem)
    if process.status is None:
        raise JobError(f"The picture took more than {INSPECT_S:.0f} seconds.", hint="Use another picture.")
    raise as_error(_death(process.status, deque()))


def _collect(line: AnyLine, answers: list[Succeeded | Failed]) -> None:
    if isinstance(line, Succeeded | Failed):
        answers.append(line)
    elif isinstance(line, Logged):
        logger.debug("inspection_said", extra={"length": len(line.text)})


def _without_folder(problem: JobProblem, folder: Path) -> JobProblem:
    """Whoever sent a file may live elsewhere: where it lies here says nothing to them."""
    message = problem.message
    for place in (folder / "inputs", folder / "work", folder):
        message = message.replace(f"{place.absolute()}{os.sep}", "")
    return problem.model_copy(update={"message": message})


_FROM_OUTSIDE = {-9, -15}
"""The memory killer's, and an operator's; the others tell of mistakes in the process itself."""


def _death(status: int | None, last_lines: deque[str], *, stopped: bool = False) -> JobProblem:
    """Why a process ended without a result; `stopped`: it said itself that an operator wanted that."""
    if status is not None and status < 0:
        names = {-number: number.name for number in signal.Signals}
        how = f"was ended by the signal {names.get(status, -status)}"
    else:
        how = f"ended with exit code {status} before it was done"
    return JobProblem(
        code=JobError.code,
        message=f"The job's process {how}.",
        hint=" | ".join(last_lines)[-1000:] or "Look whether the machine has enough memory.",
        retryable=stopped or status in _FROM_OUTSIDE,
    )
