"""Everybody's own jobs: listed, followed, stopped, begun again, removed; and the files that they make."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from tests.server.conftest import Server
from tests.server.test_uploads import refused

from mien.errors import NotFoundError
from mien.jobs.folder import JobFolder
from mien.jobs.request import SpeakRequest
from mien.server import jobs as routes
from mien.server.jobs import find_file, read_log
from mien.settings import Settings

UNKNOWN = "0" * 32


def submit(desk: TestClient, text: str = "Hello.", owner: str = "local") -> str:
    """A job that waits."""
    store = desk.app.state.jobs  # type: ignore[attr-defined]
    call = functools.partial(store.submit, "speak", SpeakRequest(avatar="dot", text=text), owner=owner)
    assert desk.portal is not None
    return desk.portal.call(call)[0].id


def folder(desk: TestClient, id: str) -> JobFolder:
    return desk.app.state.jobs.folder(id)  # type: ignore[attr-defined]


def get(desk: TestClient, path: str = "", **query: Any) -> Any:
    return desk.get(f"/api/v1/jobs{path}", params=query)


def test_the_newest_are_listed_first_by_pages(desk: TestClient):
    made = [submit(desk, f"Number {number}") for number in range(3)]
    page = get(desk, limit=2).json()
    assert [job["id"] for job in page["jobs"]] == made[:0:-1]
    assert page["next_offset"] == 2
    assert get(desk, limit=2, offset=2).json()["jobs"][0]["id"] == made[0]


def test_they_are_listed_by_kind_and_status(desk: TestClient):
    id = submit(desk)
    cancelled = submit(desk)
    assert desk.post(f"/api/v1/jobs/{cancelled}/cancel").json()["status"] == "cancelled"

    def listed(**query: Any) -> set[str]:
        return {job["id"] for job in get(desk, limit=100, **query).json()["jobs"]}

    assert {id, cancelled} <= listed(kind=["speak", "train"], status=["queued", "cancelled"])
    assert id not in listed(status="cancelled")
    assert cancelled in listed(status="cancelled")
    assert not {id, cancelled} & listed(kind="train")


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "dance"},
        {"status": "tired"},
        {"limit": 0},
        {"limit": 101},
        {"offset": -1},
        {"offset": "x"},
        {"offset": 10**30},
    ],
)
def test_a_wrong_filter_is_refused(desk: TestClient, query: dict[str, Any]):
    refused(get(desk, **query), 422, "input", next(iter(query)))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("POST", "/resume"),
        ("POST", "/retry"),
        ("GET", "/log"),
        ("GET", "/events"),
        ("GET", "/files/video.mp4"),
    ],
)
@pytest.mark.parametrize("whose", ["nobody", "hers", "no id"])
def test_what_is_not_ones_own_does_not_exist(desk: TestClient, method: str, path: str, whose: str):
    id = {"nobody": UNKNOWN, "hers": submit(desk, owner="ann"), "no id": "..%2f..%2fx"}[whose]
    answer = desk.request(method, f"/api/v1/jobs/{id}{path}")
    refused(answer, 404, "not_found")
    if whose == "hers":
        assert folder(desk, id).path.is_dir()


def test_others_are_not_listed(desk: TestClient):
    hers = submit(desk, owner="ann")
    assert hers not in get(desk, limit=100).text


def test_a_job_that_waits_is_cancelled_resumed_and_deleted(desk: TestClient):
    id = submit(desk)
    assert desk.post(f"/api/v1/jobs/{id}/cancel").json()["status"] == "cancelled"
    refused(desk.post(f"/api/v1/jobs/{id}/cancel"), 409, "conflict", "cancelled")
    refused(desk.post(f"/api/v1/jobs/{id}/retry"), 409, "conflict")
    assert desk.post(f"/api/v1/jobs/{id}/resume").json()["status"] == "queued"
    refused(desk.post(f"/api/v1/jobs/{id}/resume"), 409, "conflict")
    assert desk.delete(f"/api/v1/jobs/{id}").status_code == 204
    assert not folder(desk, id).path.exists()
    refused(desk.delete(f"/api/v1/jobs/{id}"), 404, "not_found")


def test_a_log_is_read_on_from_where_it_was(desk: TestClient):
    id = submit(desk)
    assert get(desk, f"/{id}/log").text == ""
    log = folder(desk, id).log
    log.write_bytes("Erste Zeile: schön\n".encode())
    first = get(desk, f"/{id}/log")
    assert first.text == "Erste Zeile: schön\n"
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    with log.open("ab") as file:
        file.write("二\n".encode())
    second = get(desk, f"/{id}/log", offset=first.headers["x-next-offset"])
    assert second.text == "二\n"
    assert int(second.headers["x-next-offset"]) == log.stat().st_size


def test_no_character_of_a_log_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(routes, "MAX_LOG_BYTES", 4)
    log, text = tmp_path / "log.txt", "a你好🙂ö\nz"
    log.write_bytes(text.encode())
    read, offset = "", 0
    while True:
        piece, following = read_log(log, offset)
        assert len(piece.encode()) == following - offset
        if not piece:
            break
        read, offset = read + piece, following
    assert read == text


def test_half_a_character_waits_for_its_other_half(tmp_path: Path):
    log = tmp_path / "log.txt"
    log.write_bytes("x你".encode()[:-1])
    assert read_log(log, 0) == ("x", 1)
    log.write_bytes("x你".encode())
    assert read_log(log, 1) == ("你", 4)


def test_a_log_that_began_anew_is_read_from_its_end(tmp_path: Path):
    log = tmp_path / "log.txt"
    log.write_bytes(b"short")
    assert read_log(log, 1000) == ("", 5)
    assert read_log(tmp_path / "none.txt", 1000) == ("", 0)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00bad", b"\x80\x80", b"\xf0\x9f"])
def test_what_is_no_text_in_a_log_is_no_error(tmp_path: Path, data: bytes):
    (tmp_path / "log.txt").write_bytes(data + b" end")
    assert read_log(tmp_path / "log.txt", 0)[0].endswith(" end")


@pytest.mark.parametrize("offset", [-1, 2**60, "x"])
def test_an_offset_is_a_number_of_bytes(desk: TestClient, offset: Any):
    refused(get(desk, f"/{submit(desk)}/log", offset=offset), 422, "input", "offset")


@pytest.fixture
def filled(tmp_path: Path) -> JobFolder:
    """A job's folder with files, beside one that is none of its own."""
    folder = JobFolder(Settings(data_dir=tmp_path), UNKNOWN)
    previews = folder.work / "previews"
    for place in (folder.result, previews, folder.inputs):
        place.mkdir(parents=True)
    (folder.path / "job.json").write_text("{}")
    (folder.inputs / "audio.wav").write_text("x")
    (folder.work / "state.npz").write_text("x")
    (folder.result / "video.mp4").write_text("result")
    (folder.result / ".hidden").write_text("x")
    (folder.result / "inner").mkdir()
    (folder.result / "link.json").symlink_to(folder.path / "job.json")
    (previews / "step-10.jpg").write_text("preview")
    return folder


def test_results_and_previews_can_be_had(filled: JobFolder):
    assert find_file(filled, "video.mp4").read_text() == "result"
    assert find_file(filled, "step-10.jpg").read_text() == "preview"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../job.json",
        "inner",
        ".hidden",
        "link.json",
        "job.json",
        "audio.wav",
        "state.npz",
        "inner/../video.mp4",
        "video.mp4\0",
        "VIDEO.MP4",
        "/etc/passwd",
    ],
)
def test_nothing_else_can(filled: JobFolder, name: str):
    with pytest.raises(NotFoundError):
        find_file(filled, name)


@pytest.mark.parametrize(
    "name", ["..%2fjob.json", "%2e%2e%2fjob.json", "..%5cjob.json", "job.json%00.mp4", "%2fetc%2fpasswd"]
)
def test_no_path_leads_out_of_the_result(desk: TestClient, name: str):
    id = submit(desk)
    folder(desk, id).result.mkdir()
    assert get(desk, f"/{id}/files/{name}").status_code in (404, 405)


def test_files_say_what_they_are(desk: TestClient):
    id = submit(desk)
    result = folder(desk, id).result
    result.mkdir()
    for name in ("a.mp4", "a.vtt", "a.svg", "数据.npz"):
        (result / name).write_text("0123456789")
    part = desk.get(f"/api/v1/jobs/{id}/files/a.mp4", headers={"range": "bytes=2-4"})
    assert (part.status_code, part.text) == (206, "234")
    assert (part.headers["content-type"], part.headers["content-range"]) == ("video/mp4", "bytes 2-4/10")
    assert get(desk, f"/{id}/files/a.vtt").headers["content-type"].startswith("text/vtt")
    assert desk.get(f"/api/v1/jobs/{id}/files/a.mp4", headers={"range": "bytes=50-"}).status_code == 416
    for name in ("a.svg", "数据.npz"):
        answer = get(desk, f"/{id}/files/{name}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")


def read_events(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.split("\n\n") if block]
    return [block | {"data": json.loads(block["data"])} for block in blocks if "event" in block]


def test_what_a_job_said_is_told_again_with_its_latest_progress_only(server: Server):
    job = server.speak(text="Followed.")
    path = f"/api/v1/jobs/{job['id']}/events"
    events = read_events(server.http.get(path))
    numbers = [int(event["id"]) for event in events if "id" in event]
    assert numbers == sorted(set(numbers))
    progress = [event["data"] for event in events if event["event"] == "progress"]
    assert [(one["stage"], one["attempt"]) for one in progress] == [("finish", 1)]
    assert events[-1]["event"] == "state"
    assert events[-1]["data"]["status"] == "succeeded"
    assert events[-1]["data"]["result"]["video"] == "video.mp4"

    again = read_events(server.http.get(path, headers={"Last-Event-ID": str(numbers[0])}))
    assert [event.get("id") for event in again] == [event.get("id") for event in events[1:]]
    assert read_events(server.http.get(path, params={"after": numbers[-1]})) == events[-1:]
    assert read_events(server.http.get(path, params={"after": 10_000})) == events[-1:]
    assert read_events(server.http.get(path, headers={"Last-Event-ID": "nonsense"})) == events


def test_a_running_job_is_cancelled_and_resumed(server: Server):
    request = {"avatar": "dot", "text": "A sentence that takes its time. " * 60, "size": 512}
    id = server.http.post("/api/v1/speak", json=request).json()["id"]
    path = f"/api/v1/jobs/{id}"
    with server.http.stream("GET", f"{path}/events") as response:
        for line in response.iter_lines():
            if '"render"' in line:
                break
    assert server.http.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert read_events(server.http.get(f"{path}/events"))[-1]["data"]["status"] == "cancelled"
    assert server.http.post(f"{path}/resume").json()["status"] in ("queued", "running")
    assert server.http.delete(path).status_code == 204
    assert server.http.get(path).status_code == 404
    assert not (server.data_dir / "jobs" / id).exists()


def test_a_job_that_fails_says_why_and_can_be_tried_again(server: Server):
    # The sketch engine draws nothing larger than 512 pixels.
    job = server.speak(size=1080)
    assert job["status"] == "failed"
    assert job["error"]["code"] == "usage"
    assert job["error"]["hint"]
    path = f"/api/v1/jobs/{job['id']}"
    assert server.http.post(f"{path}/retry").json()["status"] in ("queued", "running")
    events = read_events(server.http.get(f"{path}/events"))
    assert events[-1]["data"]["status"] == "failed"
    assert server.http.get(path).json()["attempt"] == 2
