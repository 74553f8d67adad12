"""Sessions over REST, at a real server."""

from __future__ import annotations

import asyncio
import contextlib
import io
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import av
import httpx
import numpy as np
import pytest
from aiortc import RTCSessionDescription
from tests.live.edge.clients import Client
from tests.server.conftest import LIMIT, Server, eventually


def spoken(seconds: float) -> bytes:
    """A WAV file of something that can be heard."""
    file = io.BytesIO()
    samples = np.sin(np.arange(int(16_000 * seconds)) / 16_000 * 2 * np.pi * 220) * 10_000
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, 16_000, 0, "NONE", ""))
        wav.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def test_a_session_from_its_beginning_to_its_end(server: Server):
    with server.session() as session:
        created = session.created
        assert created["avatar"] == "dot"
        assert (created["width"], created["height"], created["state"]) == (128, 128, "idle")
        assert created["ice_servers"] == []
        assert server.http.get(session.path).json()["id"] == created["id"]
        assert created["id"] in {one["id"] for one in server.http.get("/api/v1/live/sessions").json()}
        said = session.post("say", text="Hello there.")
        assert said.status_code == 202
        events = session.events("avatar_done")
        assert [event["data"]["text"] for event in events if event["event"] == "avatar_text"] == ["Hello there."]
        assert events[-1]["data"]["generation"] == said.json()["generation"]
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        assert server.http.delete(session.path).status_code == 204
    for method, what in (("GET", ""), ("DELETE", ""), ("POST", "/interrupt"), ("GET", "/events")):
        assert server.http.request(method, session.path + what).status_code == 404


def test_events_go_on_where_a_reader_was_cut_off_and_end_with_the_session(server: Server):
    with server.session() as session, ThreadPoolExecutor() as pool:
        session.post("say", text="One.")
        first = session.events("avatar_done")
        with server.http.stream(
            "GET", f"{session.path}/events", headers={"Last-Event-ID": str(first[-2]["id"])}
        ) as again:
            lines = again.iter_lines()
            assert f"id: {first[-1]['id']}" in next(line for line in lines if line.startswith("id"))
            server.http.delete(session.path)
            rest = pool.submit(list, lines).result(10)
        assert "event: closed" in rest


def test_an_answer_and_an_interruption(server: Server):
    with server.session() as session:
        assert session.post("say", text="What are you?", mode="chat").status_code == 202
        session.events("avatar_text")
        assert session.post("interrupt").status_code == 204
        done = session.events("avatar_done")[-1]
        assert done["data"]["interrupted"] is True


def test_a_recording_is_spoken(server: Server):
    with server.session() as session:
        audio = {"content": spoken(0.3), "headers": {"Content-Type": "audio/wav"}}
        assert server.http.post(f"{session.path}/audio", **audio).status_code == 202
        assert session.events("avatar_done")[-1]["data"]["interrupted"] is False
        noise = server.http.post(f"{session.path}/audio", content=b"no sound", headers={"Content-Type": "audio/wav"})
        assert (noise.status_code, noise.json()["code"]) == (422, "media")
        assert (
            server.http.post(f"{session.path}/audio", content=b"x", headers={"Content-Type": "a/b"}).status_code == 415
        )
        assert server.http.post(f"{session.path}/audio?when=never", **audio).status_code == 422


def test_movements(server: Server):
    with server.session() as session:
        assert session.post("action", name=session.created["actions"][0]).status_code == 204
        assert session.post("action", name="fly").status_code == 400


def test_a_session_is_recorded_and_the_file_can_be_read_in_pieces(server: Server):
    with server.session() as session:
        assert server.http.get(f"{session.path}/recording").status_code == 404
        assert session.post("record", recording=True).json()["recording"] is True
        assert server.http.get(f"{session.path}/recording").status_code == 404
        session.post("say", text="Recorded.")
        session.events("avatar_done")
        assert session.post("record", recording=False).json()["recording"] is False
        assert session.post("record", recording=False).status_code == 400
        whole = server.http.get(f"{session.path}/recording")
        assert whole.headers["content-type"] == "video/mp4"
        with av.open(io.BytesIO(whole.content), "r") as file:
            assert {stream.type for stream in file.streams} == {"video", "audio"}
        piece = server.http.get(f"{session.path}/recording", headers={"Range": "bytes=10-19"})
        assert (piece.status_code, piece.content) == (206, whole.content[10:20])
    assert server.http.get(f"{session.path}/recording").content == whole.content, "also when the session is over"


def test_no_more_sessions_than_the_limit_even_if_all_come_at_once(server: Server):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.http.post("/api/v1/live/sessions", json={"avatar": "dot"}), range(8)))
    created = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 503]
    try:
        assert (len(created), len(refused)) == (LIMIT, 8 - LIMIT)
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        assert all(answer.json()["retryable"] for answer in refused)
    finally:
        for answer in created:
            server.http.delete(answer.headers["location"])


@pytest.mark.parametrize(
    ("request_", "status"),
    [({"avatar": "nobody"}, 404), ({"avatar": "../x"}, 400), ({"voice": "nobody"}, 404), ({"llm": "nobody"}, 400)],
)
def test_what_is_not_there_makes_no_session(server: Server, request_: dict[str, str], status: int):
    answer = server.http.post("/api/v1/live/sessions", json={"avatar": "dot"} | request_)
    assert answer.status_code == status
    assert server.http.get("/api/v1/live/sessions").json() == []


def test_a_browser_connects_and_sees_and_hears(server: Server):
    async def talk() -> None:
        client = Client(("audio", "sendrecv"), ("video", "recvonly"))
        answer = session.post("offer", sdp=await client.offer(), type="offer").json()
        await client.connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        late = {"candidate": "candidate:1 1 UDP 2122 192.0.2.7 5000 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
        for candidates in ([late], [{"candidate": "", "sdp_mid": "0"}], []):
            patch = server.http.patch(
                f"{session.path}/offer", json={"peer_id": answer["peer_id"], "candidates": candidates}
            )
            assert patch.status_code == 204, patch.text
        unknown = server.http.patch(f"{session.path}/offer", json={"peer_id": "x", "candidates": [late]})
        assert unknown.status_code == 404
        await client.until(lambda client: client.arrived["video"] and client.arrived["audio"])
        assert server.http.get(session.path).json()["peers"] == 1
        await client.close()

    with server.session() as session:
        asyncio.run(talk())
        eventually(lambda: server.http.get(session.path).json()["peers"] == 0, 20)


@pytest.mark.parametrize("sdp", ["v=0", "nonsense", "v=0\r\nm=audio 9 x 0\r\n", "x" * 200_000, "\0"])
def test_an_offer_that_makes_no_sense(server: Server, sdp: str):
    with server.session() as session:
        answer = session.post("offer", sdp=sdp, type="offer")
        assert (answer.status_code, answer.json()["code"]) == (400, "usage")
        assert session.post("offer", sdp=sdp + "x" * 200_001, type="offer").status_code == 422
        assert session.post("offer", sdp=sdp, type="answer").status_code == 422
        assert server.http.get(session.path).json()["peers"] == 0


def test_a_body_without_an_end_is_stopped(server: Server):
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65_536

    # Who never stops sending may not come to reading the answer.
    with contextlib.suppress(httpx.TransportError):
        answer = server.http.post(
            "/api/v1/live/sessions", content=endless(), headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert server.http.get("/api/v1/health").status_code == 200
