"""Players of WHEP, at a real server."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCSessionDescription
from tests.live.edge.clients import Client
from tests.server.conftest import Server, eventually

from mien.server.whep import read_fragment

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


@pytest.mark.parametrize("kinds", [("audio", "video"), ("video", "audio"), ("video",)])
def test_a_player_watches_a_session(server: Server, kinds: tuple[str, ...]):
    async def watch() -> None:
        client = Client(*((kind, "recvonly") for kind in kinds))
        answer = server.http.post(path, content=await client.offer(), headers=SDP)
        assert answer.status_code == 201
        assert answer.headers["content-type"] == "application/sdp"
        await client.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await client.until(lambda client: all(client.arrived[kind] for kind in kinds))
        where, tag = answer.headers["location"], answer.headers["etag"]
        fragment = "a=ice-ufrag:x\r\na=ice-pwd:y\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        fragment += "a=candidate:1 1 UDP 2122 192.0.2.7 5000 typ host\r\na=end-of-candidates\r\n"
        assert server.http.patch(where, content=fragment, headers=FRAGMENT).status_code == 204
        for match, status in ((tag, 204), ('"other"', 412), ("*", 422)):
            assert (
                server.http.patch(where, content=fragment, headers={**FRAGMENT, "If-Match": match}).status_code
                == status
            )
        assert server.http.patch(where, content=fragment, headers=SDP).status_code == 415
        assert server.http.delete(where).status_code == 200
        assert server.http.delete(where).status_code == 404
        assert server.http.get(session.path).json()["peers"] == 0
        await client.close()

    with server.session() as session:
        path = f"/whep/{session.created['id']}"
        asyncio.run(watch())


def test_a_player_may_begin_a_session_of_its_own(server: Server):
    async def watch() -> str:
        client = Client(("video", "recvonly"), ("audio", "recvonly"))
        answer = server.http.post(
            "/whep", params={"avatar": "dot", "greeting": "Hello."}, content=await client.offer(), headers=SDP
        )
        assert answer.status_code == 201, answer.text
        await client.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await client.until(lambda client: client.arrived["video"])
        await client.close()
        return answer.headers["location"]

    where = asyncio.run(watch())
    id = where.split("/")[2]
    try:
        assert [one["id"] for one in server.http.get("/api/v1/live/sessions").json()] == [id]
    finally:
        server.http.delete(f"/api/v1/live/sessions/{id}")


def test_a_session_whose_player_cannot_connect_is_ended(server: Server):
    assert server.http.post("/whep", params={"avatar": "dot"}, content="nonsense", headers=SDP).status_code == 400
    assert server.http.post("/whep", params={"avatar": "nobody"}, content="x", headers=SDP).status_code == 404
    assert server.http.post("/whep", params={"size": "9999"}, content="x", headers=SDP).status_code == 422
    assert server.http.get("/api/v1/live/sessions").json() == []


@pytest.mark.parametrize("offer", [b"", b"nonsense", b"v=0\r\n", b"\xff\xfe", b"m=video 9 x 0\r\n" * 1000])
def test_an_offer_that_makes_no_sense(server: Server, offer: bytes):
    with server.session() as session:
        path = f"/whep/{session.created['id']}"
        assert server.http.post(path, content=offer, headers=SDP).status_code == 400
        assert server.http.post(path, content=offer).status_code == 415
        assert server.http.post(path, content=b"x" * 2_000_000, headers=SDP).status_code == 413
        eventually(lambda: server.http.get(session.path).json()["peers"] == 0)


def test_a_fragment_names_the_lines_of_its_candidates():
    text = "a=candidate:0 lost\nm=audio 9 x 0\na=mid:a\na=candidate:1 one\nm=video 9 x 0\na=candidate:2 two\na=mid:v\n"
    found = [(one.candidate, one.mid, one.index) for one in read_fragment(text)]
    assert found == [("candidate:0 lost", None, None), ("candidate:1 one", "a", 0), ("candidate:2 two", None, 1)]
