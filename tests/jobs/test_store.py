from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tests.jobs.processes import settings_in

from mien.errors import ConflictError, NotFoundError, SettingsError
from mien.jobs.database import database_url, prepare
from mien.jobs.folder import JobFolder, jobs_dir
from mien.jobs.request import ImportAvatarRequest, JobInfo, PullWeightsRequest, SpeakRequest
from mien.jobs.store import Jobs
from mien.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def jobs(settings: Settings) -> Jobs:
    return Jobs.open(settings)


def speak(text: str = "Hello.") -> SpeakRequest:
    return SpeakRequest(avatar="astronaut", text=text)


def test_a_job_is_told_as_it_was_asked_for(jobs: Jobs):
    async def scenario() -> None:
        job, replayed = await jobs.submit("speak", speak("  Hello,\n my   friend. "), owner="ann")
        assert (job.kind, job.status, job.owner, job.attempt, replayed) == ("speak", "queued", "ann", 0, False)
        assert job.title == "Hello, my friend."
        assert job.request["text"] == "  Hello,\n my   friend. "
        assert await jobs.get(job.id, "ann") == job
        long, _ = await jobs.submit("speak", speak("x" * 100), owner="ann")
        assert long.title == "x" * 79 + "…"
        await jobs.close()

    asyncio.run(scenario())


def test_nobody_sees_the_jobs_of_others(jobs: Jobs):
    async def scenario() -> None:
        job, _ = await jobs.submit("speak", speak(), owner="ann")
        for what in (jobs.get, jobs.cancel, jobs.resume, jobs.retry, jobs.delete):
            with pytest.raises(NotFoundError):
                await what(job.id, "bob")
        with pytest.raises(NotFoundError):
            await anext(jobs.watch(job.id, "bob"))
        assert (await jobs.list("bob")).jobs == []
        assert [one.id for one in (await jobs.list("ann")).jobs] == [job.id]
        assert [one.id for one in (await jobs.list(None)).jobs] == [job.id]
        await jobs.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("id", ["", "../../etc/passwd", "0" * 31, "0" * 33, "G" * 32, "0" * 31 + "\n", "%2e%2e"])
def test_what_cannot_be_an_id_is_no_job(jobs: Jobs, id: str):
    with pytest.raises(NotFoundError):
        asyncio.run(jobs.get(id))
    with pytest.raises(NotFoundError):
        jobs.folder(id)


def test_lists_are_filtered_and_come_in_pages(jobs: Jobs):
    async def scenario() -> None:
        made = [(await jobs.submit("speak", speak(str(n)), owner="ann"))[0].id for n in range(5)]
        weights, _ = await jobs.submit("pull_weights", PullWeightsRequest(), owner="ann")
        await jobs.cancel(made[1])
        page = await jobs.list("ann", kinds=["speak"], limit=2)
        assert page.next_offset == 2
        rest = await jobs.list("ann", kinds=["speak"], limit=3, offset=2)
        assert rest.next_offset is None
        assert sorted(job.id for job in page.jobs + rest.jobs) == sorted(made)
        assert [job.id for job in (await jobs.list(statuses=["cancelled"])).jobs] == [made[1]]
        assert [job.id for job in (await jobs.list(kinds=["pull_weights"])).jobs] == [weights.id]
        assert await jobs.counts() == {"queued": 5, "running": 0}
        await jobs.close()

    asyncio.run(scenario())


def test_the_same_key_makes_one_job(jobs: Jobs):
    async def scenario() -> None:
        first, replayed = await jobs.submit("speak", speak(), owner="ann", key="k")
        again, replayed_again = await jobs.submit("speak", speak(), owner="ann", key="k")
        assert (first.id, replayed, replayed_again) == (again.id, False, True)
        with pytest.raises(ConflictError):
            await jobs.submit("speak", speak("Something else."), owner="ann", key="k")
        other, _ = await jobs.submit("speak", speak("Something else."), owner="bob", key="k")
        assert other.id != first.id
        await jobs.close()

    asyncio.run(scenario())


def test_a_file_travels_with_its_request(jobs: Jobs, settings: Settings, tmp_path: Path):
    async def scenario() -> None:
        file = settings.data_dir / "upload.mien"
        file.write_bytes(b"a package")
        job, _ = await jobs.submit(
            "import_avatar", ImportAvatarRequest(), owner="ann", files={"package": file}, key="k"
        )
        assert not file.exists()
        kept = jobs.folder(job.id).input("package")
        assert kept is not None
        assert kept.read_bytes() == b"a package"
        file.write_bytes(b"another package")
        with pytest.raises(ConflictError):
            await jobs.submit("import_avatar", ImportAvatarRequest(), owner="ann", files={"package": file}, key="k")
        await jobs.close()

    asyncio.run(scenario())


def test_a_deleted_job_is_gone_with_its_files(jobs: Jobs, settings: Settings):
    async def scenario() -> None:
        job, _ = await jobs.submit("speak", speak(), owner="ann")
        await jobs.delete(job.id, "ann")
        assert list(jobs_dir(settings).iterdir()) == []
        with pytest.raises(NotFoundError):
            await jobs.get(job.id)
        await jobs.close()

    asyncio.run(scenario())


def test_following_a_job_that_was_cancelled_ends_at_once(jobs: Jobs):
    async def scenario() -> None:
        job, _ = await jobs.submit("speak", speak(), owner="ann")
        following = asyncio.create_task(_all(jobs, job.id))
        await asyncio.sleep(0.05)
        await jobs.cancel(job.id)
        assert await following == [("state", "cancelled")]
        await jobs.close()

    asyncio.run(scenario())


def test_a_job_that_is_resumed_while_its_end_is_told_is_followed_on(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    async def scenario() -> None:
        job, _ = await jobs.submit("speak", speak(), owner="ann")
        await jobs.cancel(job.id)
        get, asked = jobs.get, asyncio.Event()

        async def resumed_first(id: str) -> JobInfo:
            if not asked.is_set():
                asked.set()
                await jobs.resume(id)
            return await get(id)

        with monkeypatch.context() as patched:
            following = asyncio.create_task(_all(jobs, job.id))
            patched.setattr(jobs, "get", lambda id, owner=None: resumed_first(id))
            await asked.wait()
        await asyncio.sleep(0.3)
        assert not following.done()
        await jobs.cancel(job.id)
        assert await following == [("state", "cancelled")]
        await jobs.close()

    asyncio.run(scenario())


def test_following_a_job_ends_when_it_is_deleted_or_the_server_closes(jobs: Jobs):
    async def scenario() -> None:
        gone, kept = [(await jobs.submit("speak", speak(), owner="ann"))[0].id for _ in range(2)]
        following = [asyncio.create_task(_all(jobs, id)) for id in (gone, kept, kept)]
        await asyncio.sleep(0.2)
        await jobs.delete(gone)
        assert await asyncio.wait_for(following[0], 5) in ([], [("state", "cancelled")])
        await jobs.close()
        assert await asyncio.wait_for(asyncio.gather(*following[1:]), 5) == [[], []]

    asyncio.run(scenario())


def test_a_job_that_does_not_exist_any_more_has_no_events(jobs: Jobs):
    async def scenario() -> None:
        job, _ = await jobs.submit("speak", speak(), owner="ann")
        following = jobs.watch(job.id)
        first = asyncio.ensure_future(anext(following, None))
        await asyncio.sleep(0.2)
        await jobs._client.delete_workflow_async(job.id)  # as fast as no cancelling before it could be seen
        assert await asyncio.wait_for(first, 5) is None
        await jobs.close()

    asyncio.run(scenario())


async def _all(jobs: Jobs, id: str) -> list[tuple[str, str]]:
    return [(event.kind, event.data["status"]) async for event in jobs.watch(id)]


def test_what_is_impossible_is_refused_before_it_is_queued(jobs: Jobs):
    async def scenario() -> None:
        with pytest.raises(NotFoundError, match="nobody"):
            await jobs.submit("speak", SpeakRequest(avatar="nobody", text="Hi."), owner="ann")
        assert (await jobs.list()).jobs == []
        await jobs.close()

    asyncio.run(scenario())


def test_sqlite_lets_readers_and_writers_work_at_once(settings: Settings):
    prepare(settings)
    with sqlite3.connect(settings.data_dir / "jobs.sqlite") as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgresql://u@h:5433/db", "postgresql+psycopg://u@h:5433/db"),
        ("postgresql+psycopg://h/db", "postgresql+psycopg://h/db"),
    ],
)
def test_postgresql_is_addressed_as_usual(settings: Settings, given: str, used: str):
    assert database_url(settings.model_copy(update={"database_url": given})) == used


@pytest.mark.parametrize("wrong", ["mysql://h/db", "jobs.sqlite", "http://h"])
def test_other_databases_are_refused(settings: Settings, wrong: str):
    with pytest.raises(SettingsError, match="database_url"):
        database_url(settings.model_copy(update={"database_url": wrong}))


def test_a_database_that_cannot_be_reached_is_said_without_its_password(settings: Settings):
    wrong = settings.model_copy(update={"database_url": "postgresql://mien:s3cret@127.0.0.1:1/none?connect_timeout=2"})
    with pytest.raises(SettingsError) as caught:
        prepare(wrong)
    assert "s3cret" not in str(caught.value.as_dict())


def test_the_folder_of_a_job_is_whole_or_not_there(settings: Settings):
    folder = JobFolder(settings, "0" * 32)
    assert folder.outcome() is None
    assert folder.attempts() == 0
    folder.path.mkdir(parents=True)
    assert [folder.begin(), folder.begin()] == [1, 2]
    folder.finish({"video": "video.mp4"})
    assert folder.outcome() == {"video": "video.mp4"}
    assert folder.bytes() > 0
    folder.delete()
    folder.delete()
    assert not folder.path.exists()


def test_a_file_that_a_power_cut_has_torn_says_nothing(settings: Settings):
    folder = JobFolder(settings, "0" * 32)
    folder.path.mkdir(parents=True)
    for torn in (b"", b'{"stage": "ren', b"\xff\0\0"):
        (folder.path / "progress.json").write_bytes(torn)
        assert folder.progress() is None


def test_what_a_killed_server_left_under_a_key_is_taken_up(jobs: Jobs, settings: Settings):
    async def scenario() -> None:
        job, _ = await jobs.submit("speak", speak(), owner="ann", key="k")
        await jobs._client.delete_workflow_async(job.id)  # as if it had never been queued
        with pytest.raises(ConflictError):
            await jobs.submit("speak", speak("Something else."), owner="ann", key="k")
        again, replayed = await jobs.submit("speak", speak(), owner="ann", key="k")
        assert (again.id, replayed, again.status) == (job.id, False, "queued")
        assert [path.name for path in jobs_dir(settings).iterdir()] == [job.id]
        await jobs.close()

    asyncio.run(scenario())
