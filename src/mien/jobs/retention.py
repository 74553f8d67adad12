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
from mien.jobs.request import ENDED
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
    await _sweep_orphans(jobs, settings)
    ended = await _ended(jobs)
    oldest = time.time() - settings.jobs_keep_days * 86_400
    doomed = [id for id, at in ended if settings.jobs_keep_days and at < oldest]
    doomed += await asyncio.to_thread(_beyond, settings, [id for id, _ in ended if id not in set(doomed)])
    for id in doomed:
        try:
            if (await jobs.get(id)).status not in ENDED:
                continue  # somebody lets it go on
            await jobs.delete(id)
        except NotFoundError:
            continue  # somebody was faster
        logger.info("job_expired", extra={"job": id})
    return doomed


async def _ended(jobs: Jobs) -> list[tuple[str, float]]:
    """Ids and times of the end, the oldest first."""
    found: list[tuple[str, float]] = []
    offset: int | None = 0
    while offset is not None:
        page = await jobs.list(statuses=ENDED, limit=_PAGE, offset=offset)
        found += [(job.id, job.ended_at or job.created_at) for job in page.jobs]
        offset = page.next_offset
    return sorted(found, key=lambda one: one[1])


async def _known(jobs: Jobs) -> set[str]:
    found: set[str] = set()
    offset: int | None = 0
    while offset is not None:
        page = await jobs.list(limit=_PAGE, offset=offset)
        found |= {job.id for job in page.jobs}
        offset = page.next_offset
    return found


def _beyond(settings: Settings, ids: list[str]) -> list[str]:
    """Of ended jobs, the oldest first, those that have to go so that all jobs fit in their share of the disk."""
    if not settings.jobs_disk_mb:
        return []
    sizes = {path.name: _size(settings, path) for path in jobs_dir(settings).glob("*") if path.is_dir()}
    over = sum(sizes.values()) - (settings.jobs_disk_mb << 20)
    doomed = []
    for id in ids:
        if over <= 0:
            break
        doomed.append(id)
        over -= sizes.get(id, 0)
    return doomed


async def _sweep_orphans(jobs: Jobs, settings: Settings) -> None:
    """Folders without a job: it was never queued, or its deletion was interrupted."""
    known = await _known(jobs)
    for path in await asyncio.to_thread(_old_folders, settings):
        # Pages shift while jobs come and go, so that one may have been missed in them.
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
