"""`/metrics`: figures for Prometheus. No label says who somebody is or what they do."""

from __future__ import annotations

import shutil
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.server.errors import problems

router = APIRouter(tags=["system"], responses=problems())

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What one application counts of its requests."""

    def __init__(self) -> None:
        disable_created_metrics()  # a second series for each, with the time of its first value
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "mien_http_requests", "HTTP requests.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "mien_http_answer_seconds",
            "From a request to the beginning of its answer.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """One request was answered."""
        # Of methods and paths people can invent any number.
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)


class Measured:
    """ASGI: counts requests and their answers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = time.perf_counter()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.note(scope, message["status"], time.perf_counter() - begin)
            await send(message)

        await self._app(scope, receive, noting if scope["type"] == "http" else send)


class _Now(Collector):
    """What is so at the moment of asking.

    Args:
        live: as `LiveManager.capacity`.
        jobs: how many there are of each status.
        workers: as `Jobs.workers`.
        folder: whose disk it is.
    """

    def __init__(
        self, live: Mapping[str, Any], jobs: Mapping[str, int], workers: Iterable[Mapping[str, Any]], folder: Path
    ) -> None:
        self._live, self._jobs, self._workers, self._folder = live, jobs, workers, folder

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("mien_live_sessions", "Live sessions that are open.", self._live.get("open", 0))
        yield GaugeMetricFamily("mien_live_sessions_limit", "Live sessions at once.", self._live.get("limit", 0))
        jobs = GaugeMetricFamily("mien_jobs", "Jobs that have not ended.", labels=["status"])
        for status, count in self._jobs.items():
            jobs.add_metric([status], count)
        yield jobs
        workers = GaugeMetricFamily("mien_workers", "Processes that do jobs and are alive.", labels=["queue"])
        for queue, count in sorted(Tally(str(worker["queue"]) for worker in self._workers).items()):
            workers.add_metric([queue], count)
        yield workers
        existing = next(folder for folder in (self._folder, *self._folder.parents) if folder.exists())
        disk = shutil.disk_usage(existing)
        yield GaugeMetricFamily("mien_disk_free_bytes", "Free on the disk of the data folder.", disk.free)
        yield GaugeMetricFamily("mien_disk_bytes", "Size of the disk of the data folder.", disk.total)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(request: Request) -> Response:
    """Figures for Prometheus: requests, live sessions, jobs, workers, disk, and this process."""
    state = request.app.state
    jobs = getattr(state, "jobs", None)
    live = state.manager.capacity if state.manager else {}
    counts = await jobs.counts() if jobs else {}

    def text() -> bytes:
        now = CollectorRegistry()
        now.register(_Now(live, counts, jobs.workers() if jobs else (), state.settings.data_dir))
        return generate_latest(state.metrics.registry) + generate_latest(now)

    return Response(await run_in_threadpool(text), media_type=CONTENT_TYPE_LATEST)
