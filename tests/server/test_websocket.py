"""A session over a WebSocket, at a real server."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.server.conftest import Server, Session, eventually
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from mien.live.manager import LiveManager
from mien.server import websocket


def opened(session: Session, query: str = "") -> ClientConnection:
    return connect(session.server.socket_url(f"{session.path}/ws{query}"), max_size=None)


def until_text(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next text message of that type."""
    while True:
        message = socket.recv(10)
        if isinstance(message, str) and json.loads(message)["type"] == kind:
            return json.loads(message)


def end_of(socket: ClientConnection) -> int | None:
    """Reads until it is closed; gives the code."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(10)
    return socket.close_code


def test_fragments_after_the_hello_are_one_video_with_sound(server: Server):
    with server.session() as session, opened(session) as socket:
        hello = json.loads(socket.recv(10))
        assert (hello["type"], hello["fps"], hello["size"], hello["sound_rate"]) == ("hello", 25, [128, 128], 48_000)
        assert hello["mime"].startswith("video/mp4; codecs=")
        pieces = b""
        while len(pieces) < 40_000:
            piece = socket.recv(10)
            pieces += piece if isinstance(piece, bytes) else b""
        with av.open(io.BytesIO(pieces), "r") as file:
            assert {stream.type for stream in file.streams} == {"video", "audio"}
            assert len(list(file.decode(video=0))) > 2
        assert server.http.get(session.path).json()["peers"] == 1
        socket.close()
        eventually(lambda: server.http.get(session.path).json()["peers"] == 0)


def test_pictures_and_samples_for_those_who_cannot_play_fragments(server: Server):
    with server.session() as session, opened(session, "?format=jpeg") as socket:
        assert json.loads(socket.recv(10))["mime"]
        assert isinstance(socket.recv(10), bytes)


def test_what_the_client_asks_for(server: Server):
    with server.session() as session, opened(session) as socket:
        socket.send('{"type": "ping"}')
        assert until_text(socket, "pong")
        socket.send('{"type": "say", "text": "Over the socket."}')
        assert "Over the socket." in [event["data"].get("text") for event in session.events("avatar_text")]
        socket.send('{"type": "interrupt"}')
        assert session.events("avatar_done")
        socket.send('{"type": "action", "name": "nod"}')
        assert session.events("action")[-1]["data"]["name"] == "nod"
        socket.send('{"type": "action", "name": "fly"}')
        assert until_text(socket, "error")["code"] == "usage"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"type": "say"}', '{"type": "x"}', "[" * 5000])
def test_requests_that_make_no_sense_are_answered_and_survived(server: Server, text: str):
    with server.session() as session, opened(session) as socket:
        socket.send(text)
        assert until_text(socket, "error")["code"] == "input"
        socket.send('{"type": "ping"}')
        assert until_text(socket, "pong")


def test_the_microphone_is_heard(server: Server):
    with server.session() as session, opened(session) as socket:
        for _ in range(10):
            socket.send(np.zeros(320, "<i2").tobytes())
        socket.send('{"type": "ping"}')
        assert until_text(socket, "pong")


@pytest.mark.parametrize(("sound", "code"), [(b"odd", 1007), (b"xx" * 40_000, 1009)])
def test_sound_that_is_none_ends_the_connection(server: Server, sound: bytes, code: int):
    with server.session() as session, opened(session) as socket:
        socket.send(sound)
        assert end_of(socket) == code
        assert session.post("interrupt").status_code == 204


def test_the_end_of_the_session_ends_the_connection(server: Server):
    with server.session() as session, opened(session) as socket:
        socket.recv(10)
        server.http.delete(session.path)
        assert end_of(socket) == 1001


def test_an_unknown_session_or_format_is_refused(server: Server):
    with pytest.raises(InvalidStatus) as caught:
        connect(server.socket_url("/api/v1/live/sessions/unknown/ws"))
    assert caught.value.response.status_code == 404
    with server.session() as session, pytest.raises(InvalidStatus) as caught:
        opened(session, "?format=gif")
    assert caught.value.response.status_code == 403


def test_a_page_of_another_origin_is_refused(server: Server):
    with server.session() as session, pytest.raises(InvalidStatus) as caught:
        connect(server.socket_url(f"{session.path}/ws"), origin=Origin("https://evil.example"))
    assert caught.value.response.status_code == 403


def test_who_says_nothing_is_pinged_and_at_last_given_up(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(websocket, "PING_S", 0.1)
    monkeypatch.setattr(websocket, "SILENCE_S", 0.35)
    session = SilentSession()
    monkeypatch.setattr(LiveManager, "get", lambda manager, id: session)
    with client.websocket_connect("/api/v1/live/sessions/x/ws", headers={"Host": "127.0.0.1"}) as socket:
        assert socket.receive_json()["type"] == "hello"
        kinds = []
        while (message := socket.receive())["type"] == "websocket.send":
            kinds.append(json.loads(message["text"])["type"])
    assert set(kinds) == {"ping"}
    assert len(kinds) >= 2
    assert message["code"] == 1001
    assert session.left


class SilentSession:
    """A session that sends nothing, so that only the connection's own clock runs."""

    id, mime, left = "x", "video/mp4", False

    def info(self) -> Any:
        return SimpleNamespace(fps=25, width=2, height=2)

    async def stream(self, format: str) -> SilentSession:
        return self

    async def messages(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def end_stream(self, sink: object) -> None:
        self.left = True
