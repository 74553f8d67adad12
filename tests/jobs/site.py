"""A data folder with a database, workers that are real processes, and what is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
from tests.jobs.processes import settings_in
from tests.server.conftest import environment, make_dot

from mien.jobs.request import JobInfo, SpeakRequest
from mien.jobs.store import Jobs

T = TypeVar("T")

SHORT = "Hi."
LONG = "This sentence is said again and again, so that it takes a while. " * 3


class Site:
    """Args:
    folder: an empty one.
    database_url: "" for SQLite.
    """

    def __init__(self, folder: Path, database_url: str = "") -> None:
        folder.mkdir(exist_ok=True)
        make_dot(folder)
        self.settings = settings_in(folder, database_url=database_url)
        self.environment = environment(folder, DATABASE_URL=database_url)

    @contextlib.contextmanager
    def worker(self, jobs: int = 2, *, end: signal.Signals = signal.SIGKILL) -> Iterator[subprocess.Popen[str]]:
        """One that works, and does so many jobs at once; it is killed with the block if it still lives."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mien.jobs.worker", "cpu"],
            env=self.environment | {"MIEN_JOB_WORKERS": str(jobs)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip(), f"it ended with {process.wait(10)}"
            yield process
        finally:
            process.send_signal(end)
            process.wait(20)

    def use(self, what: Callable[[Jobs], Awaitable[T]]) -> T:
        """Runs something with the jobs."""

        async def run() -> T:
            async with self.jobs() as jobs:
                return await what(jobs)

        return asyncio.run(run())

    @contextlib.asynccontextmanager
    async def jobs(self) -> AsyncIterator[Jobs]:
        jobs = Jobs.open(self.settings)
        try:
            yield jobs
        finally:
            await jobs.close()

    def processes(self) -> list[psutil.Process]:
        """Those of workers and jobs of this folder that are alive."""
        return [process for process in psutil.process_iter() if self._ours(process)]

    def _ours(self, process: psutil.Process) -> bool:
        try:
            same = process.environ().get("MIEN_DATA_DIR") == str(self.settings.data_dir)
            return same and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


async def speak(jobs: Jobs, text: str = SHORT, *, owner: str = "local", key: str = "", size: int = 128) -> JobInfo:
    request = SpeakRequest(avatar="dot", text=text, size=size)
    job, _ = await jobs.submit("speak", request, owner=owner, key=key)
    return job


async def until(
    jobs: Jobs, id: str, *statuses: str, stage: str = "", attempt: int = 0, timeout_s: float = 60
) -> JobInfo:
    """Waits until a job is so, in that stage, and begun so many times; 0: however many."""
    end = time.monotonic() + timeout_s
    while True:
        job = await jobs.get(id)
        there = not stage or (job.progress is not None and job.progress.stage == stage)
        if job.status in statuses and there and attempt in (0, job.attempt):
            return job
        assert time.monotonic() < end, job
        await asyncio.sleep(0.05)
