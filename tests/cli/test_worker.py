"""`mien worker` in a process of its own, and what `mien job` sees of its work."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.conftest import ROOT, environment, make_dot

from mien.jobs.request import SpeakRequest
from mien.jobs.store import Jobs
from mien.settings import load

from .conftest import Mien


@pytest.fixture
def worker(home: Path) -> Iterator[subprocess.Popen[str]]:
    make_dot(home.parent)
    process = subprocess.Popen(
        [sys.executable, "-m", "mien", "worker", "--jobs", "1", "--json"],
        env=environment(home.parent),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def submit(text: str) -> str:
    async def ask() -> str:
        jobs = Jobs.open(load())
        try:
            info, _ = await jobs.submit("speak", SpeakRequest(avatar="dot", text=text, size=128), owner="local")
        finally:
            await jobs.close()
        return info.id

    return asyncio.run(ask())


def test_it_does_jobs_until_it_is_stopped(worker: subprocess.Popen[str], mien: Mien):
    good, bad = submit("Hi."), submit("…")
    assert worker.stdout
    ready = json.loads(worker.stdout.readline())
    assert ready["queue"] == "cpu"
    assert ready["pid"] == worker.pid
    done = mien("job", "wait", good)
    assert (done.code, done.out) == (0, f"The job {good} has succeeded.\n")
    assert mien("job", "show", good, "--json").json["result"]["frames"] > 5
    assert mien("job", "log", good, "--follow", "--json").json["id"] == good
    failed = mien("job", "wait", bad, "--json")
    assert (failed.code, failed.json["error"]["code"]) == (5, "text")
    assert mien("job", "retry", bad).code == 0
    worker.send_signal(signal.SIGINT)
    assert worker.wait(20) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--gpu", "0"), "--queue gpu"),
        (("--queue", "gpu", "--jobs", "2"), "one job at a time"),
        (("--queue", "tpu"), "tpu"),
        (("--jobs", "-1"), "--jobs"),
        (("--drain", "-1"), "--drain"),
        (("--drain", "nan"), "drain"),
    ],
)
def test_what_makes_no_sense(mien: Mien, arguments: tuple[str, ...], words: str):
    done = mien("worker", *arguments)
    assert done.code == 2
    assert words in done.err
