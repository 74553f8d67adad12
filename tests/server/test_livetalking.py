"""LiveTalking's calls, as its own pages make them, at a real server."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiortc import RTCSessionDescription
from starlette.testclient import TestClient
from tests.live.edge.clients import Client
from tests.server.conftest import LIMIT, OpenClient, Server, eventually
from tests.server.test_live import spoken

from mien.server.aliases import Aliases

PREFIX = "/livetalking"


async def offer(server: Server, client: Client, prefix: str = PREFIX, **fields: Any) -> dict[str, Any]:
    """What `client.js` does: the offer with all its candidates; the answer is bare, an error is enveloped."""
    body = {"sdp": await client.offer(), "type": "offer", "avatar": "dot", "refaudio": "", "reftext": ""} | fields
    answer = server.http.post(f"{prefix}/offer", json=body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"sdp", "type", "sessionid"}
    assert "a=candidate:" in answer.json()["sdp"]
    await client.connection.setRemoteDescription(RTCSessionDescription(answer.json()["sdp"], "answer"))
    return answer.json()


def call(server: Server, path: str, **fields: Any) -> dict[str, Any]:
    answer = server.http.post(f"{PREFIX}{path}", json=fields)
    assert answer.status_code == 200
    return answer.json()


OK = {"code": 0, "msg": "ok"}


@pytest.mark.parametrize("prefix", [PREFIX, ""])
def test_its_pages_work(server: Server, prefix: str):
    async def talk() -> None:
        client = Client(("audio", "recvonly"), ("video", "recvonly"))
        id = (await offer(server, client, prefix))["sessionid"]
        await client.until(lambda client: client.arrived["video"])
        # Older pages send parseInt(sessionid).
        for given in (id, int(id)):
            said = {"sessionid": given, "type": "echo", "text": "Good morning.", "interrupt": True}
            assert call(server, "/human", **said) == OK
            eventually(lambda given=given: call(server, "/is_speaking", sessionid=given) == {**OK, "data": True})
            assert call(server, "/interrupt_talk", sessionid=given) == OK
            eventually(lambda given=given: call(server, "/is_speaking", sessionid=given) == {**OK, "data": False})
        assert call(server, "/set_audiotype", sessionid=id, audiotype=2) == OK
        assert call(server, "/set_audiotype", sessionid=id, audiotype=99) == OK
        assert call(server, "/human", sessionid=id, type="unknown", text="x") == OK
        file = {"file": ("a.wav", spoken(0.2), "audio/wav")}
        assert server.http.post(f"{prefix}/humanaudio", data={"sessionid": id}, files=file).json() == OK
        listed = server.http.get(f"{prefix}/api/admin/sessions").json()["data"]["sessions"]
        assert [(one["sessionid"], one["avatar_id"], one["transport"]) for one in listed] == [(id, "dot", "webrtc")]
        await client.close()
        assert server.http.get("/api/v1/live/sessions").json()

    asyncio.run(talk())
    # As there, the session goes with its client.
    eventually(lambda: server.http.get("/api/v1/live/sessions").json() == [], 30)


def with_session(server: Server, work: Any, **fields: Any) -> None:
    """Runs something in a thread while a client is connected."""

    async def run() -> None:
        client = Client(("audio", "recvonly"), ("video", "recvonly"))
        answer = await offer(server, client, **fields)
        try:
            await asyncio.to_thread(work, answer["sessionid"])
        finally:
            for one in server.http.get("/api/v1/live/sessions").json():
                server.http.delete(f"/api/v1/live/sessions/{one['id']}")
            await client.close()

    asyncio.run(run())


def test_a_recording(server: Server):
    def work(id: str) -> None:
        assert server.http.get(f"{PREFIX}/record/{id}").status_code == 404
        assert call(server, "/record", sessionid=id, type="start_record") == OK
        assert call(server, "/record", sessionid=id, type="end_record") == OK
        file = server.http.get(f"{PREFIX}/record/{id}")
        assert (file.status_code, file.headers["content-type"]) == (200, "video/mp4")
        assert call(server, "/record", sessionid=id, type="end_record")["code"] == -1

    with_session(server, work)


def test_sentences_as_events(server: Server):
    def work(id: str) -> None:
        with ThreadPoolExecutor() as pool, server.http.stream("GET", f"{PREFIX}/sse?sessionid={id}") as response:
            lines = response.iter_lines()
            next(lines)
            pool.submit(lambda: call(server, "/human", sessionid=id, type="echo", text="One. Two."))
            data = (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
            assert [next(data) for _ in range(4)] == [
                {"status": status, "text": text} for text in ("One.", "Two.") for status in ("start", "end")
            ]

    with_session(server, work)


def test_over_the_limit(server: Server):
    sessions = [server.session() for _ in range(LIMIT)]
    try:
        answer = call(server, "/offer", sdp="v=0", type="offer", avatar="dot")
        assert answer == {"code": -1, "msg": f"Maximum session limit reached ({LIMIT}/{LIMIT})"}
    finally:
        for session in sessions:
            session.__exit__()


@pytest.mark.parametrize(
    "fields",
    [
        {"avatar": "nobody"},
        {"avatar": "/etc/passwd"},
        {"avatar": "../../etc"},
        {"avatar": 5},
        {"refaudio": "/etc/passwd"},
        {"refaudio": "http://127.0.0.1:1/x.wav"},
        {"refaudio": "zh-CN-YunxiaNeural"},
        {"custom_config": json.dumps([{"audiotype": 2, "imgpath": "/etc", "audiopath": "/etc/passwd"}])},
        {"custom_config": "rubbish"},
        {"sdp": ""},
        {"sdp": 5},
        {"sdp": "nonsense"},
        {"type": "answer"},
    ],
)
def test_offers_that_are_refused(server: Server, fields: dict[str, Any]):
    body = {"sdp": "v=0", "type": "offer", "avatar": "dot"} | fields
    answer = server.http.post(f"{PREFIX}/offer", json=body)
    assert answer.status_code == 200
    assert answer.json()["code"] == -1
    assert answer.json()["msg"]
    assert server.http.get("/api/v1/live/sessions").json() == []


@pytest.mark.parametrize("path", ["/human", "/interrupt_talk", "/is_speaking", "/record", "/set_audiotype"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"sessionid": 0}', b'{"sessionid": null}', b'{"sessionid": "../x"}']
)
def test_calls_that_make_no_sense(client: TestClient, path: str, body: bytes):
    answer = client.post(PREFIX + path, content=body)
    assert (answer.status_code, answer.json()["code"]) == (200, -1)


def test_what_names_a_file_in_a_call_is_refused(server: Server):
    def work(id: str) -> None:
        said = {"sessionid": id, "type": "echo", "text": "x"}
        assert call(server, "/human", **said, tts={"ref_file": "/etc/passwd", "ref_text": "x"})["code"] == -1
        assert call(server, "/human", **said, tts={"ref_file": "espeak:de"})["code"] == -1
        assert call(server, "/human", **said, tts={"ref_file": "", "speed": 1}) == OK
        assert call(server, "/human", **(said | {"text": ""}))["code"] == -1
        assert call(server, "/human", **(said | {"text": "x" * 20_000}))["code"] == -1
        assert call(server, "/set_audiotype", sessionid=id, audiotype="2")["code"] == -1
        assert server.http.post(f"{PREFIX}/humanaudio", data={"sessionid": id}).json()["code"] == -1
        noise = server.http.post(f"{PREFIX}/humanaudio", data={"sessionid": id}, files={"file": b"noise"})
        assert noise.json()["code"] == -1

    with_session(server, work)


def test_the_settings_are_shown_without_secrets_and_paths(open_client: OpenClient):
    client = open_client(
        server_token="secret-1", llm_api_key="secret-2", turn_credential="secret-3", llm_base_url="http://secret-4"
    )
    answer = client.get(f"{PREFIX}/api/admin/config", headers={"Authorization": "Bearer secret-1"})
    assert answer.json()["data"]["config"]["voice"] == "espeak"
    assert "secret" not in answer.text
    assert "/data" not in answer.text


def test_training_is_not_pretended(client: TestClient):
    task = client.post(
        f"{PREFIX}/api/avatar/task", json={"video_path": "/etc/passwd", "notifyurl": "http://127.0.0.1:1"}
    )
    assert (task.status_code, task.json()["code"]) == (200, -1)
    assert client.get(f"{PREFIX}/api/avatar/tasks").json() == {**OK, "data": {"tasks": []}}
    for method in ("GET", "DELETE"):
        assert client.request(method, f"{PREFIX}/api/avatar/task/1").json() == {"code": 404, "msg": "Task not found"}
    assert client.get(f"{PREFIX}/api/asr").json()["code"] == -1
    with client.websocket_connect(f"{PREFIX}/api/asr", headers={"Host": "127.0.0.1"}) as socket:
        assert socket.receive_json()["code"] == -1


def test_an_unknown_session_has_no_events_and_no_recording(client: TestClient):
    assert client.get(f"{PREFIX}/sse").json()["code"] == -1
    for id in ("1", "..%2f..%2fetc%2fpasswd"):
        assert client.get(f"{PREFIX}/record/{id}").status_code == 404


def test_its_routes_are_at_the_root_only_if_asked_for(open_client: OpenClient):
    assert open_client().post("/human", content=b"{}").status_code in (404, 405)
    assert open_client(livetalking_at_root=True).post("/human", content=b"{}").json()["code"] == -1


def test_numbers_for_sessions_survive_javascript():
    aliases = Aliases()
    numbers = [aliases.add(f"id{index}") for index in range(20)]
    assert len(set(numbers)) == 20
    assert all(str(int(float(number))) == number for number in numbers)
    assert aliases.resolve(numbers[3]) == "id3"
    assert aliases.of("id3") == numbers[3]
    assert aliases.resolve("other") == aliases.of("other") == "other"
