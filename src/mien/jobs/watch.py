"""Watches that a running job stays within its limits."""

from __future__ import annotations

import asyncio
import contextlib
import shutil

import psutil

from mien.errors import JobError
from mien.jobs.folder import JobFolder
from mien.jobs.limits import MIN_FREE_MB, Limits
from mien.jobs.process import JobProcess
from mien.jobs.request import JobProblem

_MEMORY_S = 0.5
_DISK_EVERY = 4
"""rounds."""


async def watch(process: JobProcess, folder: JobFolder | None, limits: Limits) -> JobProblem:
    """Returns when a limit was passed; the process still runs then.

    Args:
        process: with all that come from it.
        folder: None: nothing is written.
        limits: of the job.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + limits.seconds
    rounds = 0
    while True:
        await asyncio.sleep(min(_MEMORY_S, max(end - loop.time(), 0.01)))
        if loop.time() >= end:
            return _exceeded(f"took more than {limits.seconds:.0f} seconds", "job_time_limit_s")
        if await asyncio.to_thread(_memory_above, process, limits.memory):
            return _exceeded(f"used more than {limits.memory >> 20} MB of memory", "job_memory_mb")
        if folder is not None and rounds % _DISK_EVERY == 0:
            problem = await asyncio.to_thread(_disk, folder, limits.disk)
            if problem is not None:
                return problem
        rounds += 1


def _memory_above(process: JobProcess, limit: int) -> bool:
    family = process.family()
    # Adding up counts what is shared several times, and is cheap; only where that is too much a closer look is worth it.
    return sum(map(_resident, family)) > limit and sum(map(_own, family)) > limit


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _own(process: psutil.Process) -> int:
    """Bytes, of shared ones its part; where the system does not tell, all of them."""
    with contextlib.suppress(psutil.Error):
        info = process.memory_full_info()
        return getattr(info, "pss", info.rss)
    return 0


def _disk(folder: JobFolder, limit: int) -> JobProblem | None:
    try:
        used, free = folder.bytes(), shutil.disk_usage(folder.path).free
    except FileNotFoundError:
        return JobProblem(code=JobError.code, message="The job's folder was deleted.", hint="Start the job again.")
    if used > limit:
        return _exceeded(f"filled more than {limit >> 20} MB of the disk", "job_disk_mb")
    if free < MIN_FREE_MB << 20:
        return JobProblem(
            code=JobError.code,
            message=f"Less than {MIN_FREE_MB} MB of the disk were left.",
            hint="Delete old jobs or other files; the settings jobs_disk_mb and jobs_keep_days do that by themselves.",
            retryable=True,
        )
    return None


def _exceeded(what: str, setting: str) -> JobProblem:
    return JobProblem(
        code=JobError.code,
        message=f"The job {what} and was ended.",
        hint=f"Make it smaller, or raise the setting {setting} (MIEN_{setting.upper()}).",
    )
