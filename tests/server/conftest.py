"""An application without sessions for what concerns all requests, and a real server with real sessions."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mien.live.manager import LiveManager
from mien.media import write_image
from mien.server.app import create_app
from mien.settings import Settings
from mien.studio import create_avatar

ROOT = Path(__file__).parents[2]
HERE = "http://127.0.0.1:8600"
LIMIT = 2
"""Sessions at once of the real server."""

OpenClient = Callable[..., TestClient]


@pytest.fixture(scope="session")
def open_client(tmp_path_factory: pytest.TempPathFactory) -> OpenClient:
    """A new client of an application with those settings; nothing is started that sessions would need."""
    folder = tmp_path_factory.mktemp("client")

    @functools.cache
    def app(**settings: Any) -> FastAPI:
        loaded = Settings(data_dir=folder / "data", cache_dir=folder / "cache", **settings)
        return create_app(loaded, manager=LiveManager(loaded))

    return lambda **settings: TestClient(app(**settings), base_url=HERE, raise_server_exceptions=False)


@pytest.fixture
def client(open_client: OpenClient) -> TestClient:
    return open_client()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of an application that takes jobs, which nobody does."""
    folder = tmp_path_factory.mktemp("desk")
    make_dot(folder)
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True, upload_mb=1)
    with TestClient(create_app(settings, manager=LiveManager(settings)), base_url=HERE) as client:
        yield client


@dataclass
class Server:
    """`mien serve` in a process of its own.

    Args:
        url: where it is.
        data_dir: its data.
        http: a client of it.
    """

    url: str
    data_dir: Path
    process: subprocess.Popen[str]
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def session(self, **request: Any) -> Session:
        """A new session with the smallest avatar."""
        answer = self.http.post("/api/v1/live/sessions", json={"avatar": "dot", "size": 128} | request)
        assert answer.status_code == 201, answer.text
        return Session(self, answer.json())

    def speak(self, **fields: Any) -> dict[str, Any]:
        """A job that makes a tiny video, once it has ended."""
        request = {"avatar": "dot", "size": 128, "fps": 10, "text": "Hi."} | fields
        return self.ended(self.http.post("/api/v1/speak", json=request))

    def ended(self, answer: httpx.Response) -> dict[str, Any]:
        """The job that was handed in, once it has ended."""
        assert answer.status_code == 202, answer.text
        path = answer.headers["location"]
        eventually(lambda: self.http.get(path).json()["status"] not in ("queued", "running"), 60)
        return self.http.get(path).json()

    def socket_url(self, path: str) -> str:
        return f"ws{self.url.removeprefix('http')}{path}"


@dataclass
class Session:
    """One of its sessions; ends with the block."""

    server: Server
    created: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/api/v1/live/sessions/{self.created['id']}"

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.http.delete(self.path)

    def post(self, what: str, **body: Any) -> httpx.Response:
        return self.server.http.post(f"{self.path}/{what}", json=body or None)

    def events(self, last: str, after: int = 0) -> list[dict[str, Any]]:
        """The events after one until the first of the kind `last`."""
        events: list[dict[str, Any]] = []
        with self.server.http.stream("GET", f"{self.path}/events", params={"after": after}) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            event: dict[str, Any] = {}
            end = time.monotonic() + 20
            for line in response.iter_lines():
                assert time.monotonic() < end, events
                name, _, value = line.partition(": ")
                if name in ("id", "event", "data"):
                    event[name] = json.loads(value) if name in ("id", "data") else value
                elif not line and event:
                    events.append(event)
                    if event["event"] == last:
                        break
                    event = {}
        return events


def make_dot(folder: Path) -> None:
    """The avatar `dot`, which is drawn at once."""
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache")
    picture = folder / "dot.png"
    write_image(picture, np.random.default_rng(0).integers(0, 200, (128, 128, 3), dtype=np.uint8))
    create_avatar("dot", picture, settings, engine="sketch")


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """Variables for a Mien of its own, with the sketch engine."""
    own = {"DATA_DIR": folder / "data", "CACHE_DIR": folder / "cache", "OFFLINE": 1, "LIVE_MAX_SESSIONS": LIMIT}
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "plugin")))
    (folder / "mien.toml").touch()
    return os.environ | {
        **{f"MIEN_{name}": str(value) for name, value in (own | settings).items()},
        "MIEN_CONFIG_FILE": str(folder / "mien.toml"),
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
    }


def start(folder: Path, *arguments: str, **settings: object) -> Server:
    """Runs `mien serve`, or another command that serves, and waits until it is ready."""
    port = () if "--port" in arguments else ("--port", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "mien", *(arguments or ("serve",)), *port, "--json"],
        env=environment(folder, **settings),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"it ended with {process.wait(10)}"
    ready = json.loads(line)
    assert "url" in ready, ready
    return Server(ready["url"].partition("?")[0].rstrip("/"), folder / "data", process)


def stop(server: Server, how: signal.Signals = signal.SIGINT) -> int:
    """ctrl-C, or `kill`; gives the exit code."""
    server.process.send_signal(how)
    try:
        return server.process.wait(20)
    finally:
        server.http.close()
        server.process.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    make_dot(folder)
    server = start(folder, LIVETALKING_AT_ROOT=1, LIVE_PEER_TIMEOUT_S=60)
    yield server
    assert stop(server) == 0


def eventually(true: Callable[[], bool], timeout_s: float = 10) -> None:
    """Waits until something that can only be asked for is so."""
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
