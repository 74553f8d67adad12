from __future__ import annotations

import asyncio
import errno

import pytest

from mien.jobs import supervisor
from mien.settings import Settings


def test_a_worker_that_cannot_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch):
    asked: list[list[str]] = []

    async def start(arguments: list[str]) -> asyncio.subprocess.Process:
        asked.append(arguments)
        if len(asked) < 3:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        return await asyncio.create_subprocess_exec("sleep", "60")

    async def scenario() -> None:
        workers = supervisor.Workers(Settings(job_gpus=0))
        workers.start()
        async with asyncio.timeout(10):
            while not workers._processes:
                await asyncio.sleep(0.01)
        process = workers._processes[0]
        await workers.close()
        assert process.returncode is not None

    monkeypatch.setattr(supervisor, "_start", start)
    monkeypatch.setattr(supervisor, "_PAUSE_S", (0.01,))
    asyncio.run(scenario())
    assert asked == [["cpu"]] * 3
