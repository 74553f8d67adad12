"""Real workers, killed and stopped in every way, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
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


def frames(site: Site, job: JobInfo) -> int:
    """Of the video that was made; it is whole, and the only one."""
    result = site.settings.data_dir / "jobs" / job.id / "result"
    assert sorted(path.name for path in result.iterdir()) == ["poster.jpg", "video.mp4", "video.srt", "video.vtt"]
    count = sum(1 for _ in VideoReader(result / "video.mp4"))
    assert job.result is not None
    assert job.result["frames"] == count
    return count


def test_a_job_waits_for_a_worker_and_is_followed_to_its_end(either: Site):
    async def follow(jobs: Jobs) -> tuple[JobInfo, list[str]]:
        job = await speak(jobs)
        assert job.status == "queued"
        with either.worker():
            events = [event async for event in jobs.watch(job.id)]
        assert [event.id for event in events] == [*sorted(event.id or 0 for event in events[:-1]), None]
        assert events[-1].data["status"] == "succeeded"
        assert events[-2].kind == "progress"
        again = [event async for event in jobs.watch(job.id, after=events[-3].id or 0)]
        assert [event.id for event in again] == [events[-2].id, None]
        return await jobs.get(job.id), [event.kind for event in events]

    job, kinds = either.use(follow)
    assert set(kinds) >= {"progress", "started", "state"}
    assert job.status == "succeeded"
    assert job.attempt == 1
    assert job.created_at <= (job.started_at or 0) <= (job.ended_at or 0)
    assert frames(either, job) > 5


def test_a_job_whose_worker_is_killed_goes_on_with_the_next(site: Site):
    async def kill(jobs: Jobs) -> JobInfo:
        job = await speak(jobs, LONG)
        with site.worker():
            await until(jobs, job.id, "running", stage="render")
        eventually(lambda: not site.processes())
        with site.worker():
            return await until(jobs, job.id, "succeeded")

    job = site.use(kill)
    assert job.attempt == 2
    assert frames(site, job) > 100


def test_the_jobs_of_a_dead_worker_are_taken_over(either: Site):
    async def take_over(jobs: Jobs) -> tuple[JobInfo, JobInfo]:
        with either.worker(), either.worker():
            job = await speak(jobs, LONG)
            before = await until(jobs, job.id, "running", stage="render")
            pids = {worker["name"]: worker["pid"] for worker in jobs.workers()}
            os.kill(pids[before.worker], signal.SIGKILL)
            return before, await until(jobs, job.id, "succeeded")

    before, after = either.use(take_over)
    assert before.worker != after.worker
    assert after.attempt == 2
    assert frames(either, after) > 100


def test_many_jobs_are_each_done_once(either: Site):
    async def many(jobs: Jobs) -> list[JobInfo]:
        with either.worker(), either.worker():
            submitted = [await speak(jobs, f"Number {n}.") for n in range(6)]
            return [await until(jobs, job.id, "succeeded") for job in submitted]

    done = either.use(many)
    assert len({job.id for job in done}) == 6
    assert {job.attempt for job in done} == {1}
    assert len({job.worker for job in done}) == 2


def test_each_worker_does_as_many_jobs_at_once_as_it_was_told(site: Site):
    async def share(jobs: Jobs) -> list[str]:
        with site.worker(3), site.worker(1):
            for _ in range(6):
                await speak(jobs, LONG)
            async with asyncio.timeout(20):
                while len(running := (await jobs.list(statuses=["running"])).jobs) < 4:
                    await asyncio.sleep(0.05)
            return [job.worker for job in running]

    assert sorted(Counter(site.use(share)).values()) == [1, 3]


def test_cancelling_ends_the_processes_and_resuming_goes_on(site: Site):
    async def cancel(jobs: Jobs) -> JobInfo:
        with site.worker():
            running, waiting = await speak(jobs, LONG), await speak(jobs, SHORT)
            await until(jobs, running.id, "running", stage="render")
            events = jobs.watch(running.id)
            pid = await anext(event.data["pid"] async for event in events if event.kind == "started")
            assert pid in {process.pid for process in site.processes()}
            await jobs.cancel(running.id)
            assert (await jobs.get(running.id)).status == "cancelled"
            with pytest.raises(ConflictError):
                await jobs.cancel(running.id)
            eventually(lambda: pid not in {process.pid for process in site.processes()})
            await until(jobs, waiting.id, "succeeded")
            with pytest.raises(ConflictError):
                await jobs.resume(waiting.id)
            await jobs.resume(running.id)
            return await until(jobs, running.id, "succeeded")

    job = site.use(cancel)
    assert job.attempt == 2
    assert frames(site, job) > 100


def test_resuming_at_once_leaves_the_worker_all_its_room(site: Site):
    async def hurry(jobs: Jobs) -> list[JobInfo]:
        with site.worker():
            job = await speak(jobs, LONG)
            for seen in (False, True, True):
                await until(jobs, job.id, "running", stage="render")
                before = set(site.processes())
                await jobs.cancel(job.id)
                while seen and before <= set(site.processes()):  # by the worker, but not yet by DBOS
                    await asyncio.sleep(0.05)
                await jobs.resume(job.id)
            others = [await speak(jobs), await speak(jobs)]
            return [await until(jobs, one.id, "succeeded") for one in (job, *others)]

    jobs = site.use(hurry)
    assert [job.attempt for job in jobs] == [4, 1, 1]
    assert frames(site, jobs[0]) > 100


def test_a_job_that_waits_is_cancelled_at_once_and_never_begun(site: Site):
    async def cancel(jobs: Jobs) -> JobInfo:
        job = await speak(jobs)
        await jobs.cancel(job.id)
        with site.worker():
            await until(jobs, (await speak(jobs)).id, "succeeded")
        return await jobs.get(job.id)

    job = site.use(cancel)
    assert (job.status, job.attempt) == ("cancelled", 0)


def test_a_job_that_fails_says_why_and_can_be_tried_again(site: Site):
    async def fail(jobs: Jobs) -> tuple[JobInfo, JobInfo]:
        request = SpeakRequest(avatar="dot", text="Hello.", voice="espeak:nobody", size=128)
        job, _ = await jobs.submit("speak", request, owner="local")
        with site.worker():
            failed = await until(jobs, job.id, "failed")
            await jobs.retry(job.id)
            await until(jobs, job.id, "running", "queued")
            return failed, await until(jobs, job.id, "failed")

    first, second = site.use(fail)
    assert first.error is not None
    assert first.error.code == "not_found"
    assert "nobody" in first.error.message
    assert (first.attempt, second.attempt) == (1, 2)


def test_a_stopped_worker_leaves_its_job_for_the_next(site: Site):
    async def stop(jobs: Jobs) -> JobInfo:
        with site.worker(end=signal.SIGTERM) as process:
            job = await speak(jobs, LONG)
            await until(jobs, job.id, "running", stage="render")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        assert (await jobs.get(job.id)).status == "running"
        eventually(lambda: not site.processes())
        with site.worker():
            return await until(jobs, job.id, "succeeded")

    assert site.use(stop).attempt == 2


def test_a_worker_ends_with_whoever_started_it(site: Site):
    async def orphan(jobs: Jobs) -> None:
        with site.worker() as process:
            await until(jobs, (await speak(jobs, LONG)).id, "running", stage="render")
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)
            eventually(lambda: not site.processes())

    site.use(orphan)


def test_a_deleted_job_leaves_neither_files_nor_processes(site: Site):
    async def delete(jobs: Jobs) -> JobInfo:
        with site.worker(1):
            job = await speak(jobs, LONG)
            await until(jobs, job.id, "running", stage="render")
            await jobs.delete(job.id)
            assert not (site.settings.data_dir / "jobs" / job.id).exists()
            return await until(jobs, (await speak(jobs)).id, "succeeded")  # so its place is free

    assert site.use(delete).status == "succeeded"


def test_workers_say_that_they_are_there(site: Site):
    async def names(jobs: Jobs) -> list[str]:
        with site.worker(end=signal.SIGTERM), site.worker(end=signal.SIGTERM):
            found = [worker["name"] for worker in jobs.workers()]
        assert not jobs.workers()
        return found

    found = site.use(names)
    assert found[0].endswith(":cpu")
    assert found[1] == f"{found[0]}-2"


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
