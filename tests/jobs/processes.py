"""Helpers of the tests about jobs' processes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from mien.jobs.folder import JobFile, JobFolder, new_id
from mien.jobs.request import Kind
from mien.jobs.runner import Runner
from mien.media import write_image
from mien.settings import Settings

_MARK = "JOB_OF_A_TEST"
"""Other tests of this process may have left processes of theirs."""
ENVIRONMENT = {"MIEN_OFFLINE": "1", "OMP_NUM_THREADS": "1", _MARK: "1"}


def settings_in(folder: Path, **fields: Any) -> Settings:
    return Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True, **fields)


def job(settings: Settings, kind: Kind = "speak", **request: Any) -> JobFolder:
    folder = JobFolder(settings, new_id())
    folder.create(JobFile(kind=kind, owner="local", request=request, created_at=time.time()))
    return folder


def picture(path: Path, seed: int = 0) -> Path:
    """Something that the sketch engine takes for a face."""
    write_image(path, np.random.default_rng(seed).integers(0, 200, (96, 96, 3), dtype=np.uint8))
    return path


def instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Jobs are done by this program, which starts at once, instead of `mien.jobs.child`."""
    head = (
        "import json, os, signal, subprocess, sys, time\n"
        "say = lambda ev, **fields: print(json.dumps({'ev': ev, **fields}), flush=True)\n"
        "order = json.loads(sys.stdin.readline())\n"
    )
    monkeypatch.setattr("mien.jobs.process.COMMAND", (sys.executable, "-S", "-c", head + program))


class Heard(list[dict[str, Any]]):
    """The events of a run; to be given as `on_event`."""

    async def __call__(self, event: dict[str, Any]) -> None:
        self.append(event)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self if event["kind"] == kind]

    def lines(self) -> list[str]:
        return [line for event in self.of("log") for line in event["lines"]]

    def stages(self) -> list[str]:
        return list(dict.fromkeys(event["stage"] for event in self.of("progress")))


def run(folder: JobFolder, settings: Settings, heard: Heard | None = None) -> dict[str, Any]:
    """A whole run, and that nothing is left of it."""

    async def whole() -> dict[str, Any]:
        runner = Runner(settings, ENVIRONMENT, spare=False)
        try:
            return await runner.run(folder, 1, heard if heard is not None else Heard())
        finally:
            await runner.close()

    try:
        return asyncio.run(whole())
    finally:
        assert not descendants()


def descendants(pid: int | None = None) -> list[psutil.Process]:
    """The jobs' processes among those of a process, that still run; None: of this one."""
    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [process for process in found if alive(process) and _is_of_a_job(process)]


def _is_of_a_job(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return _MARK in process.environ()
    return False


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
