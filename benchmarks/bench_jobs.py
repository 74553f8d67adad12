"""Jobs under fire: how soon a job is seen to begin, how late its progress is, what killing leaves, whether many are each done once.

python -m benchmarks jobs                                     all of it, on SQLite and, where it is installed, PostgreSQL; half an hour
python -m benchmarks.bench_jobs --only kills --kills 5 --database sqlite
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from tests.jobs.postgres import binaries, postgres
from tests.jobs.site import SHORT, Site, speak, until
from tests.server.conftest import Server, start, stop

from mien.jobs.store import Jobs

PARTS = ("first_event", "progress", "many", "kills")
GOALS_S = {"first_event": 0.5, "progress": {"sqlite": 0.25, "postgresql": 0.1}}
WORDS = "The avatar speaks a few sentences, so that the job takes some seconds. " * 4


def figures(seconds: list[float], goal: float | None = None) -> dict[str, Any]:
    if not seconds:
        return {"n": 0}
    low, median, p95, high = np.percentile(seconds, [0, 50, 95, 100])
    found = {"n": len(seconds)} | {
        name: round(float(value), 3)
        for name, value in zip(("min", "median", "p95", "max"), (low, median, p95, high), strict=True)
    }
    return found | ({"goal": goal} if goal else {})


@contextlib.contextmanager
def serving(site: Site, **settings: object) -> Iterator[Server]:
    server = start(
        site.settings.data_dir.parent,
        DATABASE_URL=site.settings.database_url,
        JOB_WORKERS=settings.pop("workers", 2),
        **settings,
    )
    try:
        yield server
    finally:
        stop(server)


def events(http: httpx.Client, id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a job as a client gets them."""
    with http.stream("GET", f"/api/v1/jobs/{id}/events", timeout=120) as response:
        kind = ""
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


def submit(http: httpx.Client, text: str, size: int = 128) -> str:
    answer = http.post("/api/v1/speak", json={"avatar": "dot", "text": text, "size": size})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def first_event(site: Site, trials: int) -> dict[str, Any]:
    """Seconds from sending the request to the first event of the worker, and to the first picture drawn."""
    begun, drawn, done = [], [], []
    with serving(site) as server:
        for _ in range(trials + 1):
            at = time.perf_counter()
            seen: dict[str, float] = {}
            for kind, data in events(server.http, submit(server.http, SHORT)):
                seen.setdefault("begun", time.perf_counter() - at)
                if kind == "progress" and data["stage"] == "render":
                    seen.setdefault("drawn", time.perf_counter() - at)
            begun.append(seen["begun"])
            drawn.append(seen.get("drawn", float("nan")))
            done.append(time.perf_counter() - at)
            time.sleep(1.5)  # until the next spare process is warm
    return {  # the first one starts without a spare process
        "first_event": figures(begun[1:], 0.5),
        "first_picture": figures([value for value in drawn[1:] if value == value]),
        "done": figures(done[1:]),
    }


async def _listen(url: str, id: str, until_at: float) -> list[float]:
    late = []
    async with (
        httpx.AsyncClient(base_url=url, timeout=60) as http,
        http.stream("GET", f"/api/v1/jobs/{id}/events") as response,
    ):
        kind = ""
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind == "progress":
                late.append(time.time() - json.loads(value)["t"])
            if time.monotonic() > until_at:
                break
    return late


def progress(site: Site, seconds: float, goal: float) -> dict[str, Any]:
    """Seconds from the worker's writing to a client's reading, 20 readers of 4 jobs that draw."""

    async def listen(url: str, ids: list[str]) -> list[float]:
        until_at = time.monotonic() + seconds
        found = await asyncio.gather(*(_listen(url, ids[n % len(ids)], until_at) for n in range(20)))
        return [value for one in found for value in one[3:]]  # what had happened before they came is older

    with serving(site, workers=4) as server:
        ids = [submit(server.http, WORDS * 60) for _ in range(4)]
        while any(server.http.get(f"/api/v1/jobs/{id}").json()["progress"] is None for id in ids):
            time.sleep(0.2)
        time.sleep(3)
        late = asyncio.run(listen(server.url, ids))
        load = os.getloadavg()[0]
        for id in ids:
            server.http.post(f"/api/v1/jobs/{id}/cancel")
    return figures(late, goal) | {"load": round(load, 1)}


def many(site: Site, count: int) -> dict[str, Any]:
    """Small jobs, two workers."""

    async def run(jobs: Jobs) -> dict[str, Any]:
        at = time.perf_counter()
        submitted = [(await speak(jobs, f"Number {n}.")).id for n in range(count)]
        queued_s = time.perf_counter() - at
        with site.worker(), site.worker():
            at = time.perf_counter()
            done = [await until(jobs, id, "succeeded", "failed", timeout_s=3000) for id in submitted]
        return {
            "jobs": count,
            "succeeded": sum(job.status == "succeeded" for job in done),
            "begun_twice": sum(job.attempt != 1 for job in done),
            "workers": len({job.worker for job in done}),
            "enqueue_s": round(queued_s / count, 4),
            "seconds": round(time.perf_counter() - at, 1),
        }

    return site.use(run)


def kills(site: Site, count: int) -> dict[str, Any]:
    """kill -9 of the worker, of the server, and of both at random moments of a job."""
    found = {}
    for victim in ("worker", "server", "both"):
        found[victim] = _kills(site, victim, count)
        print(f"  {victim}: {found[victim]}", file=sys.stderr, flush=True)  # it takes long: what is known is kept
    return found


def _kills(site: Site, victim: str, count: int) -> dict[str, Any]:
    chance = random.Random(count)
    outcomes: list[dict[str, Any]] = []
    left = 0
    for _ in range(count):
        with serving(site) as server:
            id = submit(server.http, WORDS)
            time.sleep(chance.random() * 6)
            workers = [one for one in site.processes() if "mien.jobs.worker" in " ".join(one.cmdline())]
            victims = (workers if victim != "server" else []) + (
                [psutil.Process(server.process.pid)] if victim != "worker" else []
            )
            for one in victims:
                one.kill()
            if victim != "worker":
                server.process.wait()
                left += _left(site)
                with serving(site) as again:
                    outcomes.append(_wait(again, id))
            else:
                outcomes.append(_wait(server, id))
        left += _left(site)
    return {
        "kills": count,
        "right": sum(_right(site, one) for one in outcomes),
        "begun_again": sum(one["attempt"] > 1 for one in outcomes),
        "processes_left": left,
    }


def _left(site: Site) -> int:
    """How many processes outlive the others by more than 5 s."""
    end = time.monotonic() + 5
    while site.processes() and time.monotonic() < end:
        time.sleep(0.1)
    return len(site.processes())


def _wait(server: Server, id: str) -> dict[str, Any]:
    job: dict[str, Any] = {}
    end = time.monotonic() + 120
    while time.monotonic() < end:
        job = server.http.get(f"/api/v1/jobs/{id}").json()
        if job["status"] in ("succeeded", "failed", "cancelled"):
            return job
        time.sleep(0.2)
    return job


def _right(site: Site, job: dict[str, Any]) -> bool:
    """It succeeded, and its video is whole and the only one."""
    from mien.media import VideoReader

    if job["status"] != "succeeded":
        print(job, file=sys.stderr)
        return False
    result = site.settings.data_dir / "jobs" / job["id"] / "result"
    names = sorted(path.name for path in result.iterdir())
    frames = sum(1 for _ in VideoReader(result / "video.mp4"))
    return names == ["poster.jpg", "video.mp4", "video.srt", "video.vtt"] and frames == job["result"]["frames"]


def measure(options: argparse.Namespace, database: str, url: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for part in options.only:
        print(f"{database}: {part} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            site = Site(Path(folder) / "site", url)
            if part == "first_event":
                result |= first_event(site, options.trials)
            elif part == "progress":
                result[part] = progress(site, options.seconds, GOALS_S["progress"][database])
            elif part == "many":
                result[part] = many(site, options.many)
            elif part == "kills":
                result[part] = kills(site, options.kills)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS))
    parser.add_argument("--database", type=lambda text: text.split(","), default=["sqlite", "postgresql"])
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--many", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "plugin"))
    result: dict[str, Any] = {}
    if "sqlite" in options.database:
        result["sqlite"] = measure(options, "sqlite", "")
    if "postgresql" in options.database and binaries() is not None:
        with postgres() as url:
            result["postgresql"] = measure(options, "postgresql", url)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
