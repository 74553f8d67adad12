"""Real workers, killed and stopped in every way, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.jobs.postgres import binaries, postgres
from tests.jobs.site import LONG, SHORT, Site, speak, until
from tests.server.conftest import eventually

from mien.errors import ConflictError
from mien.jobs import presence
from mien.jobs.request import JobInfo, SpeakRequest
from mien.jobs.store import Jobs
from mien.media import VideoReader


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    if binaries() is None:
        pytest.skip("PostgreSQL's server is not here")
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def either(tmp_path: Path, request: pytest.FixtureRequest) -> Site:
    """On both databases, where they do something in different ways: tell of news, lock names, give jobs away."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    return Site(tmp_path / "site", url)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With one worker, which does one job at a time."""
    site = Site(tmp_path_factory.mktemp("office"))
    with site.worker(1):
        yield site


def frames(site: Site, job: JobInfo) -> int:
    """Of the video that was made; it is whole, and the only one."""
    result = site.settings.data_dir / "jobs" / job.id / "result"
    assert sorted(path.name for path in result.iterdir()) == ["poster.jpg", "video.mp4", "video.srt", "video.vtt"]
    count = sum(1 for _ in VideoReader(result / "video.mp4"))
    assert job.result is not None
    assert job.result["frames"] == count
    return count


def test_workers_share_the_jobs_and_take_over_those_of_one_that_dies(either: Site):
    async def follow(jobs: Jobs, job: JobInfo) -> None:
        events = [event async for event in jobs.watch(job.id)]
        assert [event.id for event in events] == [*sorted(event.id or 0 for event in events[:-1]), None]
        assert {event.kind for event in events} >= {"progress", "started", "state"}
        assert events[-1].data["status"] == "succeeded"
        assert events[-2].kind == "progress"
        again = [event async for event in jobs.watch(job.id, after=events[-3].id or 0)]
        assert [event.id for event in again] == [events[-2].id, None]

    async def work(jobs: Jobs) -> tuple[list[JobInfo], JobInfo, JobInfo]:
        submitted = [await speak(jobs, f"Number {n}.") for n in range(4)]
        assert {job.status for job in submitted} == {"queued"}
        with either.worker(), either.worker():
            await follow(jobs, submitted[0])
            done = [await until(jobs, job.id, "succeeded") for job in submitted]
            job = await speak(jobs, LONG)
            before = await until(jobs, job.id, "running", stage="render")
            pids = {worker["name"]: worker["pid"] for worker in jobs.workers()}
            os.kill(pids[before.worker], signal.SIGKILL)
            return done, before, await until(jobs, job.id, "succeeded")

    done, before, after = either.use(work)
    assert {job.attempt for job in done} == {1}
    assert all(job.created_at <= (job.started_at or 0) <= (job.ended_at or 0) for job in done)
    assert all(frames(either, job) > 5 for job in done)
    assert before.worker != after.worker
    assert after.attempt == 2
    assert frames(either, after) > 100


def test_a_job_goes_on_with_the_next_worker_however_its_worker_ends(site: Site):
    def kill(process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait(10)

    def stop(process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    def leave(process: subprocess.Popen[str]) -> None:
        """Whoever started it is gone."""
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)

    async def pass_on(jobs: Jobs) -> JobInfo:
        job = await speak(jobs, LONG)
        for attempt, end in enumerate((kill, stop, leave), 1):
            with site.worker() as process:
                await until(jobs, job.id, "running", stage="render", attempt=attempt)
                end(process)
            assert (await jobs.get(job.id)).status == "running"
            eventually(lambda: not site.processes())
        with site.worker():
            return await until(jobs, job.id, "succeeded")

    job = site.use(pass_on)
    assert job.attempt == 4
    assert frames(site, job) > 100


def test_each_worker_does_as_many_jobs_at_once_as_it_was_told_and_says_that_it_is_there(site: Site):
    async def share(jobs: Jobs) -> tuple[list[str], list[str]]:
        with site.worker(3, end=signal.SIGTERM), site.worker(1, end=signal.SIGTERM):
            names = [worker["name"] for worker in jobs.workers()]
            for _ in range(6):
                await speak(jobs, LONG)
            async with asyncio.timeout(20):
                while len(running := (await jobs.list(statuses=["running"])).jobs) < 4:
                    await asyncio.sleep(0.05)
        assert not jobs.workers()
        return names, [job.worker for job in running]

    names, busy = site.use(share)
    assert names[0].endswith(":cpu")
    assert names[1] == f"{names[0]}-2"
    assert Counter(busy) == {names[0]: 3, names[1]: 1}


def test_cancelling_ends_the_processes_and_resuming_goes_on(office: Site):
    async def cancel(jobs: Jobs) -> JobInfo:
        running, waiting = await speak(jobs, LONG), await speak(jobs, SHORT)
        await until(jobs, running.id, "running", stage="render")
        events = jobs.watch(running.id)
        pid = await anext(event.data["pid"] async for event in events if event.kind == "started")
        assert pid in {process.pid for process in office.processes()}
        await jobs.cancel(running.id)
        assert (await jobs.get(running.id)).status == "cancelled"
        with pytest.raises(ConflictError):
            await jobs.cancel(running.id)
        eventually(lambda: pid not in {process.pid for process in office.processes()})
        await until(jobs, waiting.id, "succeeded")
        with pytest.raises(ConflictError):
            await jobs.resume(waiting.id)
        await jobs.resume(running.id)
        return await until(jobs, running.id, "succeeded")

    job = office.use(cancel)
    assert job.attempt == 2
    assert frames(office, job) > 100


def test_resuming_at_once_leaves_the_worker_all_its_room(office: Site):
    async def hurry(jobs: Jobs) -> list[JobInfo]:
        job = await speak(jobs, LONG)
        for attempt, seen in enumerate((False, True, True), 1):
            await until(jobs, job.id, "running", stage="render", attempt=attempt)
            before = set(office.processes())
            await jobs.cancel(job.id)
            async with asyncio.timeout(20):
                while seen and before <= set(office.processes()):  # by the worker, but not yet by DBOS
                    await asyncio.sleep(0.05)
            await jobs.resume(job.id)
        other = await speak(jobs)
        return [await until(jobs, one.id, "succeeded") for one in (job, other)]

    jobs = office.use(hurry)
    assert [job.attempt for job in jobs] == [4, 1]
    assert frames(office, jobs[0]) > 100


def test_a_job_that_waits_is_cancelled_at_once_and_a_deleted_one_leaves_nothing(office: Site):
    async def cancel(jobs: Jobs) -> tuple[JobInfo, JobInfo]:
        running, waiting, last = await speak(jobs, LONG), await speak(jobs), await speak(jobs)
        await until(jobs, running.id, "running", stage="render")
        await jobs.cancel(waiting.id)
        busy = set(office.processes())
        await jobs.delete(running.id)
        assert not (office.settings.data_dir / "jobs" / running.id).exists()
        eventually(lambda: not busy <= set(office.processes()))
        last = await until(jobs, last.id, "succeeded")  # so the place is free
        return await jobs.get(waiting.id), last

    waiting, last = office.use(cancel)
    assert (waiting.status, waiting.attempt) == ("cancelled", 0)
    assert last.attempt == 1


def test_a_job_that_fails_says_why_and_can_be_tried_again(office: Site):
    async def fail(jobs: Jobs) -> tuple[JobInfo, JobInfo]:
        request = SpeakRequest(avatar="dot", text="Hello.", voice="espeak:nobody", size=128)
        job, _ = await jobs.submit("speak", request, owner="local")
        failed = await until(jobs, job.id, "failed")
        await jobs.retry(job.id)
        await until(jobs, job.id, "running", "queued")
        return failed, await until(jobs, job.id, "failed")

    first, second = office.use(fail)
    assert first.error is not None
    assert first.error.code == "not_found"
    assert "nobody" in first.error.message
    assert (first.attempt, second.attempt) == (1, 2)


def test_workers_and_their_jobs_outlive_a_database_that_drops_its_connections(tmp_path: Path, postgresql: str):
    def claims(jobs: Jobs) -> set[int]:
        """The connections that hold the workers' names; DBOS has locks of its own."""
        keys = [presence._DatabaseClaim(postgresql, worker["name"])._key for worker in jobs.workers()]
        holders = (
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND (classid::bigint << 32) + objid::bigint = ANY(%s)"
        )
        with psycopg.connect(postgresql) as admin:
            return {pid for (pid,) in admin.execute(holders, (keys,))}

    async def drop(jobs: Jobs) -> JobInfo:
        with site.worker() as one, site.worker() as other:
            job = await speak(jobs, LONG)
            await until(jobs, job.id, "running", stage="render")
            before = claims(jobs)
            assert len(before) == 2
            with psycopg.connect(postgresql) as admin:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
            done = await until(jobs, job.id, "succeeded")
            eventually(lambda: len(claims(jobs) - before) == 2)
            assert (one.poll(), other.poll()) == (None, None)
            await until(jobs, (await speak(jobs)).id, "succeeded")
            return done

    site = Site(tmp_path / "site", postgresql)
    assert site.use(drop).attempt == 1
