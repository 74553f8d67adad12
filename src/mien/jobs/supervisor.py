"""The workers that `mien serve` has: started with it, started again when they die, ended with it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from contextlib import suppress

from mien.jobs.gpus import gpus
from mien.settings import Settings

logger = logging.getLogger(__name__)

_PAUSE_S = (0.5, 1, 2, 5, 10, 30)
"""Before a worker that died at once is started again."""
_HEALTHY_S = 30.0
_END_S = 3.0


class Workers:
    """One process for jobs that need no GPU, and one for each GPU. Used in one event loop.

    Args:
        settings: see `mien.settings`.
    """

    def __init__(self, settings: Settings) -> None:
        found = len(gpus())
        count = found if settings.job_gpus < 0 else min(settings.job_gpus, found)
        self._wanted = [["cpu"], *(["gpu", str(number)] for number in range(count))]
        self._tasks: list[asyncio.Task[None]] = []
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    def start(self) -> None:
        """Begins; returns at once."""
        self._tasks = [
            asyncio.create_task(self._keep(number, arguments), name=f"worker {' '.join(arguments)}")
            for number, arguments in enumerate(self._wanted)
        ]

    async def close(self) -> None:
        """Ends them; the jobs that they were doing go on when a worker is started again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(_end(process) for process in self._processes.values()))

    async def _keep(self, number: int, arguments: list[str]) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                process = self._processes[number] = await _start(arguments)
                status = await process.wait()
                logger.error("worker_died", extra={"worker": " ".join(arguments), "status": status})
            except OSError as error:  # no memory for another process, above all: that can change
                logger.error("worker_not_started", extra={"worker": " ".join(arguments), "why": error.strerror})
            failures = 0 if time.monotonic() - began > _HEALTHY_S else failures + 1
            await asyncio.sleep(_PAUSE_S[min(failures, len(_PAUSE_S) - 1)])


async def _start(arguments: list[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "mien.jobs.worker", *arguments),
        stdin=asyncio.subprocess.PIPE,  # its end tells the worker that this process has died
        stdout=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,  # ctrl-C is for this process
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
