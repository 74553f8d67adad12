"""A server of raw bytes on 127.0.0.1, which answers each request as a test says, and breaks connections where it says."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mien.client import Client

ID = "0123456789abcdef0123456789abcdef"


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Break(Exception):
    """The connection is closed without an answer."""


@dataclass
class Hostile:
    """Args:
    answer: gives the bytes to send; the connection is closed after them.
    asked: all requests until now.
    """

    url: str = ""
    answer: Callable[[Asked], bytes] = lambda asked: b""
    asked: list[Asked] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            request = _read(connection)
            if request is None:
                return
            self.asked.append(request)
            try:
                connection.sendall(self.answer(request))
            except (Break, OSError):
                # Reset, not closed in order.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    @property
    def paths(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.asked]


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    method, path, _ = first.split(" ")
    return Asked(method, path.removeprefix("/api/v1"), headers, body)


def raw(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An answer whose headers say only what is named."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def told(value: Any, status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    body = json.dumps(value).encode()
    return raw(body, status, content_type=kind, content_length=str(len(body)), **headers)


def problem(status: int, code: str, **more: Any) -> bytes:
    return told(
        {"status": status, "code": code, "detail": "It is wrong."} | more, f"{status} Wrong", "application/problem+json"
    )


def job(status: str = "running", **more: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "kind": "speak",
        "status": status,
        "title": "Hi",
        "owner": "local",
        "request": {},
        "created_at": 1.0,
    } | more


def events(*each: tuple[int | None, str, dict[str, Any]], rest: bytes = b"") -> bytes:
    """A stream of events that ends, with its connection, after them."""
    texts = []
    for id, kind, data in each:
        text = f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        texts.append(text if id is None else f"id: {id}\n{text}")
    return raw("".join(texts).encode() + rest, content_type="text/event-stream")


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Hostile(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        yield server


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked again is asked at once."""
    monkeypatch.setattr("mien.client.connection._PAUSES_S", (0.01, 0.01, 0.0))
    monkeypatch.setattr("mien.client.events._PAUSES_S", (0.01,))


@pytest.fixture
def client(hostile: Hostile) -> Iterator[Client]:
    with Client(hostile.url, "secret-token", timeout_s=5) as client:
        yield client
