"""How many sessions this machine holds: one more after the other, until pictures come late."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mien.errors import RenderError
from mien.live.bench.crowd import Watched
from mien.live.bench.server import ServerProcess

LEAST_FPS = 24.8
MOST_P95_MS = 60.0
"""Between two pictures."""
_PATIENCE_S = 90.0


@dataclass(frozen=True, slots=True)
class Step:
    """So many sessions at once, all speaking, and how the worst of them did.

    Args:
        fps: pictures per second without those that only repeat the one before.
        p95_ms, worst_ms: between two pictures.
        server_cores, render_cores, client_cores: processor time per second of the server, of the processes that draw and speak for it,
            and of the client that watches on the same machine.
        memory_mb: of the server with its processes.
        held: pictures came in time.
    """

    sessions: int
    fps: float
    p95_ms: float
    worst_ms: float
    server_cores: float
    render_cores: float
    client_cores: float
    memory_mb: float
    held: bool


def climb(
    most: int, seconds: float, report: Callable[[Step], None], request: dict[str, Any] | None = None
) -> list[Step]:
    """Starts a server and watches 1, 2, 3 … sessions until they are too many.

    Args:
        most: no more than this are tried.
        seconds: each number is watched.
        report: told of each number.
        request: of the sessions, see `SessionRequest`; None: the usual one.

    Raises:
        RenderError: the server or the client fails.
    """
    steps: list[Step] = []
    with ServerProcess({"MIEN_LIVE_MAX_SESSIONS": str(most), "MIEN_LIVE_MEMORY_MB": "1000000"}) as server:
        for sessions in range(1, most + 1):
            steps.append(take(server, sessions, seconds, request))
            report(steps[-1])
            if not steps[-1].held:
                break
    return steps


def take(server: ServerProcess, sessions: int, seconds: float, request: dict[str, Any] | None = None) -> Step:
    """Watches so many sessions of a server."""
    command = [sys.executable, "-m", "mien.live.bench.crowd", server.url, str(sessions), str(seconds)]
    with subprocess.Popen(
        [*command, "--request", json.dumps(request or {})],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as client:
        try:
            _line(client)
            start, before = time.monotonic(), server.usage()
            found = _line(client)
            elapsed, after = time.monotonic() - start, server.usage()
            client.wait(_PATIENCE_S)
        finally:
            client.kill()
    watched = [Watched(**one) for one in found["sessions"]]
    fps, p95 = min(one.fps for one in watched), max(one.p95_ms for one in watched)
    return Step(
        sessions=sessions,
        fps=round(fps, 2),
        p95_ms=round(p95, 1),
        worst_ms=round(max(one.worst_ms for one in watched), 1),
        server_cores=round((after.server_s - before.server_s) / elapsed, 3),
        render_cores=round((after.children_s - before.children_s) / elapsed, 3),
        client_cores=round(found["client_cores"], 3),
        memory_mb=round(after.memory_mb),
        held=fps >= LEAST_FPS and p95 <= MOST_P95_MS and all(one.spoke for one in watched),
    )


def _line(client: subprocess.Popen[str]) -> dict[str, Any]:
    assert client.stdout is not None
    try:
        return json.loads(client.stdout.readline())
    except ValueError as error:
        raise RenderError("The client of the measurement failed.", hint="Look at what it says above.") from error
