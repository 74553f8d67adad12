from __future__ import annotations

import asyncio

import pytest

from mien.errors import RenderError
from mien.live.bench.crowd import gaps_ms
from mien.live.bench.hold import take
from mien.live.bench.server import ServerProcess


def test_gaps_are_counted_from_the_moment_on() -> None:
    assert gaps_ms([0.0, 0.5, 1.0, 1.04, 1.1], since=1.0).round(3).tolist() == [40.0, 60.0]


def test_a_server_that_cannot_start_is_told() -> None:
    with pytest.raises(RenderError, match="did not start"):
        ServerProcess({"MIEN_LIVE_MAX_SESSIONS": "no number"})


def test_a_speaking_session_of_a_real_server_is_measured_and_ends() -> None:
    with ServerProcess({"MIEN_LIVE_MAX_SESSIONS": "2"}) as server:
        step = take(server, 1, 2.0, {"size": 128})

        async def left() -> list[object]:
            async with server.client() as api:
                return (await api.get("/api/v1/live/sessions")).json()

        assert asyncio.run(left()) == []
        with pytest.raises(RenderError, match="client"):
            take(server, 3, 2.0, {"size": 128})
    assert step.sessions == 1
    assert step.fps > 1
    assert step.p95_ms > 10
    assert step.server_cores > 0
    assert step.client_cores > 0
    assert step.memory_mb > 50
