"""What is deleted by itself: old jobs, the oldest ones where the disk's share is used up, and what crashes have left behind."""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
import time
from pathlib import Path

from mien.errors import NotFoundError
from mien.jobs.folder import JobFolder, jobs_dir
from mien.jobs.request import ENDED, JobInfo
from mien.jobs.store import Jobs
from mien.settings import Settings

logger = logging.getLogger(__name__)

EVERY_S = 600.0
_ORPHAN_S = 3600.0
"""A folder without a job that is younger may belong to one that is being submitted."""
_PAGE = 200


async def keep_clean(jobs: Jobs, settings: Settings) -> None:
    """Sweeps now and then, for ever."""
    while True:
        try:
            await sweep(jobs, settings)
        except Exception:
            logger.exception("sweep_failed")
        await asyncio.sleep(EVERY_S)


async def sweep(jobs: Jobs, settings: Settings) -> list[str]:
    """Deletes what the settings say; gives the ids of the jobs that went."""
    found = await _all(jobs)
    await _sweep_orphans(jobs, settings, {job.id for job in found})
    doomed = await asyncio.to_thread(_doomed, settings, [job for job in found if job.status in ENDED])
    gone = []
    for id in doomed:
        try:
            if (await jobs.get(id)).status not in ENDED:
                continue  # somebody lets it go on
            await jobs.delete(id)
        except NotFoundError:
            continue  # somebody was faster
        gone.append(id)
        logger.info("job_expired", extra={"job": id})
    return gone


async def _all(jobs: Jobs) -> list[JobInfo]:
    """Every job; pages shift while jobs come and go, so that one may be missed."""
    found: list[JobInfo] = []
    offset: int | None = 0
    while offset is not None:
        page = await jobs.list(limit=_PAGE, offset=offset)
        found += page.jobs
        offset = page.next_offset
    return found


def _doomed(settings: Settings, ended: list[JobInfo]) -> list[str]:
    """Of ended jobs those that are too old, and of the others the oldest, until all jobs fit in their share of the disk."""
    times = {job.id: job.ended_at or job.created_at for job in ended}
    oldest = time.time() - settings.jobs_keep_days * 86_400
    expired = [id for id in times if settings.jobs_keep_days and times[id] < oldest]
    kept = sorted(times.keys() - expired, key=lambda id: times[id])
    return expired + _beyond(settings, kept, gone=set(expired))


def _beyond(settings: Settings, ids: list[str], gone: set[str]) -> list[str]:
    """The first of the jobs that have to go so that all but those that go anyway fit."""
    if not settings.jobs_disk_mb:
        return []
    folders = [path for path in jobs_dir(settings).glob("*") if path.is_dir() and path.name not in gone]
    sizes = {path.name: _size(settings, path) for path in folders}
    over = sum(sizes.values()) - (settings.jobs_disk_mb << 20)
    doomed = []
    for id in ids:
        if over <= 0:
            break
        doomed.append(id)
        over -= sizes.get(id, 0)
    return doomed


async def _sweep_orphans(jobs: Jobs, settings: Settings, known: set[str]) -> None:
    """Folders without a job: it was never queued, or its deletion was interrupted."""
    for path in await asyncio.to_thread(_old_folders, settings):
        if path.name not in known and not await _exists(jobs, path.name):
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)


async def _exists(jobs: Jobs, id: str) -> bool:
    try:
        await jobs.get(id)
    except NotFoundError:
        return False
    return True


def _old_folders(settings: Settings) -> list[Path]:
    before = time.time() - _ORPHAN_S
    return [path for path in jobs_dir(settings).glob("*") if path.is_dir() and _changed_at(path) < before]


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return math.inf


def _size(settings: Settings, path: Path) -> int:
    try:
        return JobFolder(settings, path.name).bytes()
    except NotFoundError:
        return 0
