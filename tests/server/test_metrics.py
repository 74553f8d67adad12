"""Figures for Prometheus."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from tests.server.conftest import HERE
from tests.server.test_access import Guarded

from mien.jobs import presence
from mien.jobs.request import SpeakRequest
from mien.jobs.store import Jobs


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


def figures(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return parsed(answer.text)


def parsed(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def requests(found: dict[Any, float], **labels: str) -> float:
    return found.get(("mien_http_requests_total", tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_route_not_by_path(guarded: Guarded):
    client = guarded.client("admin")
    for name in ("anna", "berta"):
        client.delete(f"/api/v1/tokens/{name}")
    client.get("/nothing/at/all")
    client.get("/api/v1/me", headers={"Authorization": "Bearer wrong"})
    client.request("INVENTED", "/api/v1/me")
    found = figures(client)
    assert requests(found, method="DELETE", route="/api/v1/tokens/{token_id}", status="404") == 2
    assert requests(found, method="GET", route="none", status="404") == 1
    assert requests(found, method="GET", route="none", status="401") == 1
    assert requests(found, method="other", route="/api/v1/me", status="405") == 1
    labels = str(list(found))
    assert "anna" not in labels
    assert "INVENTED" not in labels
    durations = ("mien_http_answer_seconds_count", (("method", "DELETE"), ("route", "/api/v1/tokens/{token_id}")))
    assert found[durations] == 2


def test_what_is_so_now(guarded: Guarded):
    async def asked() -> str:
        jobs = guarded.app.state.jobs = await asyncio.to_thread(Jobs.open, guarded.settings)
        worker = presence.Claim(guarded.settings, "cpu-0")
        try:
            assert worker.take()
            presence.beat(guarded.settings, "cpu-0", "cpu")
            await jobs.submit("speak", SpeakRequest(text="A secret."), owner="anna")
            headers = {"Authorization": f"Bearer {guarded.texts['read']}"}
            async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded.app), base_url=HERE) as client:
                return (await client.get("/metrics", headers=headers)).text
        finally:
            worker.release()
            await jobs.close()

    text = asyncio.run(asked())
    found = parsed(text)
    assert found["mien_live_sessions", ()] == 0
    assert found["mien_jobs", (("status", "queued"),)] == 1
    assert found["mien_jobs", (("status", "running"),)] == 0
    assert found["mien_workers", (("queue", "cpu"),)] == 1
    assert found["mien_disk_bytes", ()] > found["mien_disk_free_bytes", ()] > 0
    assert found["process_resident_memory_bytes", ()] > 0
    assert "anna" not in text
    assert "secret" not in text


def test_without_jobs_there_are_none(guarded: Guarded):
    guarded.app.state.jobs = None
    assert not [key for key in figures(guarded.client("read")) if key[0] == "mien_jobs"]


def test_strangers_learn_nothing(guarded: Guarded):
    assert guarded.client().get("/metrics").status_code == 401
