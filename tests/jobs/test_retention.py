from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.processes import settings_in

from mien.jobs import retention
from mien.jobs.folder import JobFolder, new_id
from mien.jobs.request import JobInfo, JobPage, SpeakRequest
from mien.jobs.retention import sweep
from mien.jobs.store import Jobs


async def cancelled(jobs: Jobs, size: int) -> str:
    job, _ = await jobs.submit("speak", SpeakRequest(text="Hello."), owner="ann")
    await jobs.cancel(job.id)
    (jobs.folder(job.id).path / "film.bin").write_bytes(bytes(size))
    return job.id


def test_the_oldest_jobs_go_when_their_disk_is_full(tmp_path: Path):
    async def scenario() -> None:
        loaded = settings_in(tmp_path, jobs_disk_mb=1)
        jobs = Jobs.open(loaded)
        old = await cancelled(jobs, 700_000)
        kept = [await cancelled(jobs, 700_000), (await jobs.submit("speak", SpeakRequest(text="Hi."), owner="a"))[0].id]
        assert await sweep(jobs, loaded) == [old]
        assert await sweep(jobs, loaded) == []
        assert sorted(job.id for job in (await jobs.list()).jobs) == sorted(kept)
        await jobs.close()

    asyncio.run(scenario())


def test_what_goes_because_it_is_old_makes_room_for_the_rest(tmp_path: Path):
    loaded = settings_in(tmp_path, jobs_disk_mb=1, jobs_keep_days=1)
    days_ago = {new_id(): 2, new_id(): 0.5}
    jobs = []
    for id, days in days_ago.items():
        folder = JobFolder(loaded, id)
        folder.path.mkdir(parents=True)
        (folder.path / "film.bin").write_bytes(bytes(700_000))
        job = JobInfo(id=id, kind="speak", status="failed", title="", owner="ann", request={}, created_at=0)
        jobs.append(job.model_copy(update={"ended_at": time.time() - 86_400 * days}))
    assert retention._doomed(loaded, jobs) == [jobs[0].id]


def test_without_a_limit_nothing_goes(tmp_path: Path):
    async def scenario() -> None:
        loaded = settings_in(tmp_path, jobs_disk_mb=0, jobs_keep_days=0)
        jobs = Jobs.open(loaded)
        await cancelled(jobs, 2_000_000)
        assert await sweep(jobs, loaded) == []
        await jobs.close()

    asyncio.run(scenario())


def test_folders_without_a_job_go_after_a_while(tmp_path: Path):
    async def scenario() -> None:
        loaded = settings_in(tmp_path)
        jobs = Jobs.open(loaded)
        job, _ = await jobs.submit("speak", SpeakRequest(text="Hello."), owner="ann")
        orphan, young = jobs.folder(new_id()).path, jobs.folder(new_id()).path
        for folder in (orphan, young):
            folder.mkdir()
        long_ago = time.time() - 7200
        os.utime(orphan, (long_ago, long_ago))
        os.utime(jobs.folder(job.id).path, (long_ago, long_ago))
        await sweep(jobs, loaded)
        assert (orphan.exists(), young.exists(), jobs.folder(job.id).path.exists()) == (False, True, True)
        await jobs.close()

    asyncio.run(scenario())


def test_a_sweep_spares_jobs_while_others_are_deleted_or_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def scenario() -> None:
        loaded = settings_in(tmp_path, jobs_keep_days=1)
        jobs = Jobs.open(loaded)
        made = [await cancelled(jobs, 1) for _ in range(3)]
        long_ago = time.time() - 7200
        for id in made:
            os.utime(jobs.folder(id).path, (long_ago, long_ago))
        listed = jobs.list

        async def changing(*args: Any, **filters: Any) -> JobPage:
            page = await listed(*args, **filters)
            if len(made) == 3:
                await jobs.delete(made.pop())  # the newest: what comes after it moves up
            return page

        monkeypatch.setattr(retention, "_PAGE", 1)
        monkeypatch.setattr(jobs, "list", changing)
        await sweep(jobs, loaded)
        assert [jobs.folder(id).path.exists() for id in made] == [True, True]

        async def resumed(*args: Any, **filters: Any) -> JobPage:
            page = await listed(*args, **filters)
            if (await jobs.get(made[0])).status == "cancelled":
                await jobs.resume(made[0])
            return page

        monkeypatch.setattr(jobs, "list", resumed)
        monkeypatch.setattr("time.time", lambda: long_ago + 2 * 86_400)
        assert await sweep(jobs, loaded) == made[1:]
        assert (await jobs.get(made[0])).status == "queued"
        await jobs.close()

    asyncio.run(scenario())
