"""The real process of a job, through the real runner."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import pytest
from tests.jobs.processes import ENVIRONMENT, Heard, alive, descendants, job, picture, run, settings_in, until

from mien.errors import JobError, MediaError
from mien.jobs import child
from mien.jobs.folder import JobFolder
from mien.jobs.runner import JobFailed, Runner
from mien.settings import Settings
from mien.studio import create_avatar
from mien.types import Progress


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path)
    create_avatar("anna", picture(tmp_path / "anna.png"), settings, engine="sketch")
    return settings


def speech(settings: Settings, text: str = "Hello.") -> JobFolder:
    return job(settings, avatar="anna", text=text, size=128, fps=10)


def test_jobs_and_pictures_one_after_the_other(settings: Settings, tmp_path: Path) -> None:
    """Everything that the process can be asked for, each with the spare process that is ready by then."""

    async def scenario() -> None:
        runner = Runner(settings, ENVIRONMENT)
        await runner.start()
        folder, heard = speech(settings), Heard()
        outcome = await runner.run(folder, 1, heard)
        assert outcome == folder.outcome()
        assert heard.stages() == ["starting", "avatar", "engine", "render", "finish"]
        percents = [event["percent"] for event in heard.of("progress")]
        assert percents == sorted(percents)
        assert not folder.work.exists()
        assert await runner.run(folder, 2, Heard()) == outcome
        with pytest.raises(JobFailed) as failed:
            await runner.run(speech(settings, " "), 1, Heard())
        assert failed.value.problem.code == "text"
        (tmp_path / "hostile.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
        with pytest.raises(MediaError, match=r"^hostile\.png is"):
            await runner.inspect(tmp_path / "hostile.png")
        broken = job(settings, "create_avatar", name="berta", engine="sketch", consent="hers")
        (broken.inputs / "source.png").write_bytes(b"no picture")
        with pytest.raises(JobFailed, match=r"^source\.png is"):
            await runner.run(broken, 1, Heard())
        await runner.close()

    asyncio.run(scenario())
    assert not descendants()


@pytest.mark.parametrize("stage", ["starting", "render"])
def test_nothing_is_left_of_a_job_that_is_cancelled(settings: Settings, stage: str) -> None:
    folder = speech(settings, "This takes a while. " * 300)

    async def scenario() -> None:
        runner, heard = Runner(settings, ENVIRONMENT, spare=False), Heard()
        task = asyncio.create_task(runner.run(folder, 1, heard))
        await until(lambda: stage in heard.stages() and descendants())
        family = descendants()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not any(map(alive, family))
        await runner.close()

    asyncio.run(scenario())
    assert folder.outcome() is None
    assert not descendants()


def test_a_killed_job_is_done_by_the_next_attempt(settings: Settings) -> None:
    folder = job(settings, "train", name="carl", engine="sketch", consent="his")
    from tests.media.made import flat, video_file

    folder.inputs.joinpath("source.mp4").write_bytes(video_file([flat(90), flat(110)], [0, 40]))

    async def scenario() -> dict[str, Any]:
        runner, heard = Runner(settings, ENVIRONMENT), Heard()
        task = asyncio.create_task(runner.run(folder, 1, heard))
        await until(lambda: len(heard.of("metric")) > 1)  # the first step's checkpoint is written then
        os.kill(heard.of("started")[0]["pid"], 9)
        with pytest.raises(JobFailed) as failed:
            await task
        assert failed.value.problem.retryable
        outcome = await runner.run(folder, 2, heard)
        assert {event["attempt"] for event in heard} == {1, 2}
        await runner.close()
        return outcome

    outcome = asyncio.run(scenario())
    assert outcome["avatar"] == "carl"
    assert "step 0" not in outcome["remarks"][0]
    assert not descendants()


def test_an_unknown_error_fails_the_job_and_tells_the_log(settings: Settings) -> None:
    folder = job(settings, avatar="anna", text="Hello.", size="wide")
    with pytest.raises(JobFailed, match="ValidationError"):
        run(folder, settings)
    assert "Traceback" in folder.log.read_text()


def test_two_processes_never_work_on_one_job(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = speech(settings)
    monkeypatch.setattr(child, "_LOCK_S", 0.1)
    with (
        filelock.FileLock(folder.path / "lock"),
        pytest.raises(JobError) as busy,
        child._alone(folder),
    ):
        pytest.fail("both have the lock")
    assert busy.value.retryable
    with child._alone(folder):
        pass


@contextmanager
def wire() -> Iterator[tuple[child.Wire, int]]:
    reading, writing = os.pipe()
    try:
        yield child.Wire(writing), reading
    finally:
        os.close(reading)
        os.close(writing)


def test_what_is_said_too_often_is_left_out_but_not_the_ends() -> None:
    with wire() as (sender, file):
        for done in range(1001):
            sender.report(Progress("render", done, 1000, "frames"))
        sender.report(Progress("finish", 0))
        lines = os.read(file, 1 << 20).decode().splitlines()
    assert len(lines) < 100
    assert '"done": 0' in lines[0]
    assert '"done": 1000' in lines[-2]
    assert "finish" in lines[-1]


def test_losses_that_are_no_numbers_are_said_so() -> None:
    with wire() as (sender, file):
        sender.metric(3, loss=float("nan"), psnr=30.0)
        lines = os.read(file, 1 << 16).decode().splitlines()
    assert "step 3: not a number: loss" in lines[0]
    assert lines[1] == '{"ev": "metric", "step": 3, "values": {"psnr": 30.0}}'


def test_nobody_who_reads_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    child.Wire(writing).log("lost")
    os.close(writing)
