"""`mien serve` and `mien live`, in processes of their own."""

from __future__ import annotations

import importlib.util
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path

import httpx
import psutil
import pytest
from tests.cli.conftest import Mien
from tests.server.conftest import eventually, make_dot, start, stop


def test_live_opens_the_page_and_ends_everything_when_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_dot(tmp_path)
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!{sys.executable}\nimport sys\nopen({str(opened)!r}, "w").write(sys.argv[1])\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    server = start(tmp_path, "live", "--avatar", "dot")
    try:
        assert server.http.get("/api/v1/health").status_code == 200
        eventually(lambda: opened.exists() and opened.read_text() == f"{server.url}/?avatar=dot")
        children = psutil.Process(server.process.pid).children(recursive=True)
        with ThreadPoolExecutor() as pool:
            reader = pool.submit(ended_stream, server.url)
            eventually(lambda: bool(server.http.get("/api/v1/live/sessions").json()), 30)
            assert stop(server, signal.SIGTERM) == 0
            assert "event: closed" in reader.result(10)
        assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    finally:
        server.process.kill()


def ended_stream(url: str) -> list[str]:
    """Begins a session and reads its events to their end."""
    with httpx.Client(base_url=url, timeout=30) as http:
        session = http.post("/api/v1/live/sessions", json={"avatar": "dot", "size": 128})
        assert session.status_code == 201, session.text
        with http.stream("GET", f"{session.headers['location']}/events") as response:
            return list(response.iter_lines())


def test_whoever_follows_a_job_hears_its_stream_end_with_the_server(tmp_path: Path):
    make_dot(tmp_path)
    server = start(tmp_path, "serve", "--no-workers")
    try:
        job = server.http.post("/api/v1/speak", json={"avatar": "dot", "text": "Hello."}).json()
        with server.http.stream("GET", f"/api/v1/jobs/{job['id']}/events") as response:
            lines = response.iter_lines()
            assert next(lines).startswith("retry")
            server.process.send_signal(signal.SIGTERM)
            list(lines)  # breaks off with an error if the connection is just cut
        assert server.process.wait(20) == 0
    finally:
        server.process.kill()


def test_a_port_that_is_taken(mien: Mien):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = mien("serve", "--port", taken.getsockname()[1], "--json")
    assert outcome.code == 11
    assert "taken" in outcome.json["error"]["message"]
    assert "--port" in outcome.json["error"]["hint"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_others_are_not_let_in_without_a_token(mien: Mien, host: str):
    outcome = mien("serve", "--host", host, "--port", 0, "--json")
    assert outcome.code == 15
    assert "MIEN_SERVER_TOKEN" in outcome.json["error"]["hint"]


@pytest.mark.parametrize("arguments", [("--host", "192.0.2.1"), ("--host", "nobody.invalid"), ("--port", "70000")])
def test_an_address_that_is_none(mien: Mien, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]):
    monkeypatch.setenv("MIEN_SERVER_TOKEN", "a-token-of-the-tests")
    assert mien("serve", *arguments, "--json").code == 2


@pytest.mark.parametrize("command", ["serve", "live"])
def test_what_is_missing_is_named_with_the_line_that_installs_it(
    mien: Mien, monkeypatch: pytest.MonkeyPatch, command: str
):
    found = importlib.util.find_spec

    def without_pipecat(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "pipecat" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_pipecat)
    outcome = mien(command, "--json")
    assert outcome.code == 7
    assert "pipecat" in outcome.json["error"]["message"]
    assert "pip install 'mien[serve]'" in outcome.json["error"]["hint"]
