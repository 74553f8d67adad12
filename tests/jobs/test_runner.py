from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.processes import ENVIRONMENT, Heard, alive, descendants, instead, job, run, settings_in, until

from mien.errors import JobError, MediaError
from mien.jobs import watch
from mien.jobs.folder import JobFolder
from mien.jobs.runner import JobFailed, Runner
from mien.settings import SECRETS, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def folder(settings: Settings) -> JobFolder:
    return job(settings, text="Hello.")


FAMILY = (
    "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\n"
    "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "say('start', pid=os.getpid())\n"
)
"""A child and one in a session of its own; none of them listens to SIGTERM."""


def failure(folder: JobFolder, settings: Settings) -> JobFailed:
    with pytest.raises(JobFailed) as failed:
        run(folder, settings)
    return failed.value


def test_a_run_tells_what_happens_and_gives_the_result(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(
        monkeypatch,
        "say('start', pid=os.getpid())\n"
        "say('progress', stage='render', done=1, total=2, unit='frames')\n"
        "say('metric', step=1, values={'loss': 0.5})\n"
        "say('artifact', name='preview.png', step=1)\n"
        "say('log', text='hello'); print('plain'); print('wrong', file=sys.stderr)\n"
        "say('result', result={'order': order})\n",
    )
    heard = Heard()
    assert run(folder, settings, heard) == {"order": {"folder": folder.id, "attempt": 1}}
    assert heard.stages() == ["starting", "render"]
    assert heard.of("started")[0]["pid"] > 0
    assert {"step": 1, "values": {"loss": 0.5}}.items() <= heard.of("metric")[0].items()
    assert {"name": "preview.png", "step": 1}.items() <= heard.of("artifact")[0].items()
    assert sorted(heard.lines()) == ["hello", "plain", "wrong"]
    assert sorted(folder.log.read_text().splitlines()) == ["hello", "plain", "step 1 loss=0.5", "wrong"]
    assert all(event["attempt"] == 1 and abs(event["t"] - time.time()) < 60 for event in heard)
    progress = folder.progress()
    assert progress is not None
    assert (progress["stage"], progress["done"], progress["total"]) == ("render", 1, 2)


def test_an_error_is_told_as_it_was(settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "say('error', code='media', message='Broken.', hint='Mend it.', retryable=True); sys.exit(1)")
    assert failure(folder, settings).problem.model_dump() == {
        "code": "media",
        "message": "Broken.",
        "hint": "Mend it.",
        "retryable": True,
    }


def test_what_is_said_last_is_told_however_slow_the_database_is(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Heard):
        async def __call__(self, event: dict[str, Any]) -> None:
            await asyncio.sleep(0.02)
            self.append(event)

    instead(
        monkeypatch,
        "for number in range(20): say('artifact', name=str(number), step=number)\nsay('result', result={})",
    )
    heard = Slow()
    run(folder, settings, heard)
    assert [event["step"] for event in heard.of("artifact")] == list(range(20))


def test_bad_bytes_and_endless_lines_are_only_lines(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(
        monkeypatch,
        "out = sys.stdout.buffer\n"
        "out.write(b'caf\\xe9\\n' + b'x' * 3_000_000 + b'\\n'); out.flush()\n"
        "sys.stderr.buffer.write(b'y' * 3_000_000); sys.stderr.flush()\n"
        "say('result', result={})",
    )
    heard = Heard()
    assert run(folder, settings, heard) == {}
    assert [len(line) for line in sorted(heard.lines())] == [4, 65_537, 65_537]
    assert folder.log.stat().st_size < 200_000


def test_a_flood_of_lines_is_told_in_few_events(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(
        monkeypatch,
        "for number in range(20_000): print(number)\n"
        "for number in range(2000): say('progress', stage='render', done=number, total=2000)\n"
        "for number in range(2000): say('metric', step=number, values={'loss': number})\n"
        "say('result', result={})",
    )
    heard = Heard()
    began = time.monotonic()
    run(folder, settings, heard)
    rounds = (time.monotonic() - began) / 0.2 + 3
    assert len(heard.of("log")) <= rounds / 2 + 1
    assert all(len(event["lines"]) <= 50 for event in heard.of("log"))
    assert heard.lines()[-1] == "19999"
    assert any("more lines are in the log" in line for line in heard.lines())
    assert len(heard.of("progress")) <= rounds
    assert heard.of("progress")[-1]["done"] == 1999
    assert len(heard.of("metric")) <= 4 * rounds
    assert heard.of("metric")[-1]["step"] == 1999
    assert len(folder.log.read_text().splitlines()) == 22_000


@pytest.mark.parametrize(
    ("program", "message", "retryable"),
    [
        ("print('last words'); sys.exit(3)", "exit code 3", False),
        ("print('last words', flush=True); os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", True),
        ("print('last words', flush=True); os.kill(os.getpid(), signal.SIGTERM)", "SIGTERM", True),
        ("print('last words', flush=True); os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV", False),
        ("print('last words', flush=True); say('error', code='cancelled', message='')", "exit code 0", True),
    ],
)
def test_a_death_is_told_with_its_last_words(
    settings: Settings,
    folder: JobFolder,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    message: str,
    retryable: bool,
) -> None:
    instead(monkeypatch, program)
    problem = failure(folder, settings).problem
    assert (problem.code, problem.hint, problem.retryable) == (JobError.code, "last words", retryable)
    assert message in problem.message


def test_a_death_after_the_work_was_done_is_none(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.finish({"video": "video.mp4"})
    instead(monkeypatch, "os.kill(os.getpid(), signal.SIGKILL)")
    assert run(folder, settings) == {"video": "video.mp4"}


def test_nothing_is_left_of_a_job_that_succeeds(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, FAMILY + "say('result', result={})")
    run(folder, settings)


@pytest.mark.parametrize("times", [1, 2])
def test_nothing_is_left_of_a_run_that_is_cancelled(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    instead(monkeypatch, FAMILY + "time.sleep(60)")

    async def scenario() -> None:
        runner, heard = Runner(settings, ENVIRONMENT, spare=False), Heard()
        task = asyncio.create_task(runner.run(folder, 1, heard))
        await until(lambda: heard.of("started"))
        assert len(descendants()) == 3
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        await runner.close()
        assert not descendants()

    asyncio.run(scenario())


def test_nothing_is_left_when_nobody_can_be_told(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, FAMILY + "time.sleep(60)")

    async def lost(event: dict[str, Any]) -> None:
        if event["kind"] == "started":
            raise ConnectionError("the database is gone")

    async def scenario() -> None:
        runner = Runner(settings, ENVIRONMENT, spare=False)
        with pytest.raises(ConnectionError):
            await runner.run(folder, 1, lost)
        assert not descendants()
        await runner.close()

    asyncio.run(scenario())


def test_orphans_in_other_sessions_are_ended_too(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grandchild whose parent has ended long before the job."""
    orphan = "import subprocess, sys; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid)"
    monkeypatch.setattr(
        "mien.jobs.process.COMMAND",
        (
            sys.executable,
            "-c",
            "import json, subprocess, sys\n"
            "from mien.jobs import child\n"
            "child._adopt_orphans()\n"
            f"pid = int(subprocess.check_output([sys.executable, '-c', {orphan!r}], stderr=2))\n"
            "print(json.dumps({'ev': 'result', 'result': {'pid': pid}}), flush=True)\n"
            "sys.stdin.read()",
        ),
    )

    async def scenario() -> None:
        runner, orphans = Runner(settings, ENVIRONMENT, spare=False), []
        task = asyncio.create_task(runner.run(folder, 1, Heard()))

        def found() -> bool:
            orphans[:] = [process for process in descendants() if process.name() == "sleep"]
            return bool(orphans)

        await until(found)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.close()
        assert not any(map(alive, orphans))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("limit", "program", "setting"),
    [
        ({"job_time_limit_s": 1}, "time.sleep(60)", "MIEN_JOB_TIME_LIMIT_S"),
        (
            {"job_memory_mb": 100},
            "subprocess.run([sys.executable, '-S', '-c', 'import time; a = b\"x\" * 200_000_000; time.sleep(60)'])",
            "MIEN_JOB_MEMORY_MB",
        ),
        (
            {"job_disk_mb": 1},
            "os.makedirs(WORK); open(WORK + '/big', 'wb').write(bytes(2 << 20)); time.sleep(60)",
            "MIEN_JOB_DISK_MB",
        ),
    ],
)
def test_a_job_beyond_a_limit_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: dict[str, int], program: str, setting: str
) -> None:
    settings = settings_in(tmp_path, **limit)
    folder = job(settings, text="Hello.")
    instead(monkeypatch, f"WORK = {str(folder.work)!r}\n{program}")
    problem = failure(folder, settings).problem
    assert (problem.code, problem.retryable) == (JobError.code, False)
    assert setting in problem.hint


def test_a_disk_that_is_nearly_full_ends_a_job(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(watch, "MIN_FREE_MB", 1 << 40)
    assert failure(folder, settings).problem.retryable


def test_a_deleted_job_is_ended(settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, f"import shutil; shutil.rmtree({str(folder.path)!r}); time.sleep(60)")
    assert "deleted" in failure(folder, settings).problem.message
    assert not folder.path.exists()


def test_several_jobs_run_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "time.sleep(0.3); say('result', result=order)")
    folders = [job(settings, text="Hello.") for _ in range(4)]

    async def scenario() -> list[dict[str, Any]]:
        runner = Runner(settings, ENVIRONMENT)
        await runner.start()
        results = await asyncio.gather(*(runner.run(folder, n, Heard()) for n, folder in enumerate(folders)))
        await runner.close()
        return results

    assert asyncio.run(scenario()) == [{"folder": folder.id, "attempt": n} for n, folder in enumerate(folders)]
    assert not descendants()


def test_a_spare_process_that_died_is_replaced(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, "say('result', result={})")

    async def scenario() -> None:
        runner = Runner(settings, ENVIRONMENT)
        await runner.start()
        await until(descendants)
        for spare in descendants():
            spare.kill()
        await until(lambda: not descendants())
        await asyncio.sleep(0.1)
        assert await runner.run(folder, 1, Heard()) == {}
        await runner.close()

    asyncio.run(scenario())
    assert not descendants()


@pytest.mark.parametrize("spare", [False, True])
def test_nothing_is_left_of_a_worker_that_is_killed(settings: Settings, spare: bool, tmp_path: Path) -> None:
    """The real process, in the middle of a job."""
    folder = job(
        settings, avatar="astronaut", text="This takes a while. " * 200, engine="sketch", size=128, frame="head"
    )
    program = (
        "import asyncio, sys\n"
        "from tests.jobs.processes import *\n"
        "from pathlib import Path\n"
        "class Printed(Heard):\n"
        "    async def __call__(self, event):\n"
        "        if event['kind'] == 'progress': print(event['stage'], flush=True)\n"
        "async def main():\n"
        f"    settings = settings_in(Path({str(tmp_path)!r}))\n"
        f"    runner = Runner(settings, ENVIRONMENT, spare={spare})\n"
        f"    await runner.run(JobFolder(settings, {folder.id!r}), 1, Printed())\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment, cwd=Path.cwd()
    ) as worker:
        assert worker.stdout is not None
        assert "render\n" in iter(worker.stdout.readline, "")
        family = descendants(worker.pid)
        assert len(family) >= 2 + spare  # the job and its voice
        worker.kill()
        worker.wait()
        asyncio.run(until(lambda: not any(map(alive, family))))
    assert folder.outcome() is None


def test_a_picture_is_looked_at_in_a_process(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, "say('result', result=order)")

    async def inspected() -> dict[str, Any]:
        return await Runner(settings, ENVIRONMENT, spare=False).inspect(tmp_path / "a.png")

    assert asyncio.run(inspected()) == {"inspect": str(tmp_path / "a.png")}
    instead(monkeypatch, "say('error', code='media', message='Broken.')")
    with pytest.raises(MediaError, match="Broken"):
        asyncio.run(inspected())
    monkeypatch.setattr("mien.jobs.runner.INSPECT_S", 0.2)
    instead(monkeypatch, "time.sleep(60)")
    with pytest.raises(JobError, match="seconds"):
        asyncio.run(inspected())
    instead(monkeypatch, "os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr("mien.jobs.runner.INSPECT_S", 20)
    with pytest.raises(JobError, match="SIGSEGV"):
        asyncio.run(inspected())
    assert not descendants()


def test_settings_reach_the_process_but_not_the_keys_of_the_server(
    settings: Settings, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.setenv(f"MIEN_{name.upper()}", "secret")
    monkeypatch.setenv("MIEN_OPENAI_API_KEY", "needed")
    instead(
        monkeypatch, "say('result', result={name: v for name, v in os.environ.items() if name.startswith('MIEN_')})"
    )
    seen = run(folder, settings)
    assert seen["MIEN_DATA_DIR"] == str(settings.data_dir)
    assert seen["MIEN_OPENAI_API_KEY"] == "needed"
    assert seen["MIEN_OFFLINE"] == "1"
    assert "MIEN_SERVER_TOKEN" not in seen
    assert json.dumps(seen).count("secret") == 0
