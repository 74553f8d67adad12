"""Handing in a video whose lips shall be measured, and looking at the page that comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.media.made import flat, video_file
from tests.server.conftest import Server
from tests.server.test_jobs import folder, submit
from tests.server.test_uploads import png, refused

PATH = "/api/v1/evaluate/sync"
FILM = video_file([flat(90)] * 5, [200 * index for index in range(5)])


def test_a_video_and_a_reference_are_taken_in_a_form(desk: TestClient):
    fields = {"name": "my film.mp4", "text": "你好", "lag_ms": "-40.5", "language": "zh"}
    answer = desk.post(PATH, data=fields, files={"video": ("x.exe", FILM), "reference": ("y", FILM)})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["kind"], job["status"], job["title"]) == ("evaluate", "queued", "my film.mp4")
    assert (job["request"]["lag_ms"], job["request"]["language"]) == (-40.5, "zh")
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    inputs = folder(desk, job["id"]).inputs
    assert {path.name for path in inputs.iterdir()} == {"video.mp4", "reference.mp4"}
    assert (inputs / "video.mp4").read_bytes() == FILM


def test_the_same_key_is_the_same_request_only_with_the_same_files_in_the_same_places(desk: TestClient):
    other = FILM + bytes(8)

    def send(video: bytes, reference: bytes) -> Any:
        files = {"video": ("v", video), "reference": ("r", reference)}
        return desk.post(PATH, files=files, headers={"Idempotency-Key": "films"})

    first = send(FILM, other)
    assert first.status_code == 202, first.text
    assert send(FILM, other).json()["id"] == first.json()["id"]
    assert send(other, FILM).status_code == 409


@pytest.mark.parametrize(
    ("fields", "files", "status", "code", "word"),
    [
        ({}, {}, 422, "input", "video_id"),
        ({"video_id": "0" * 32}, {}, 404, "not_found", "no such job"),
        ({"video_id": "../../etc"}, {}, 404, "not_found", "no such job"),
        ({"video_id": "0" * 32}, {"video": FILM}, 422, "input", "video_id"),
        ({}, {"reference": FILM}, 422, "input", "video_id"),
        ({}, {"video": png()}, 422, "media", "video"),
        ({}, {"video": FILM, "reference": b"no film" * 20}, 422, "media", "video"),
        ({"lag_ms": 201}, {"video": FILM}, 422, "input", "lag_ms"),
        ({"lag_ms": "nan"}, {"video": FILM}, 422, "input", "lag_ms"),
        ({"language": "fr"}, {"video": FILM}, 422, "input", "language"),
        ({"spoken": "de"}, {"video": FILM}, 422, "input", "spoken"),
        ({"text": "?!"}, {"video": FILM}, 422, "text", "nothing to say"),
        ({"name": "x" * 201}, {"video": FILM}, 422, "input", "name"),
        ({"syncnet": "/etc/passwd"}, {"video": FILM}, 422, "input", "syncnet"),
    ],
)
def test_what_cannot_be_is_refused(
    desk: TestClient, fields: dict[str, Any], files: dict[str, bytes], status: int, code: str, word: str
):
    parts = {name: (name, data) for name, data in files.items()}
    answer = desk.post(PATH, data=fields, files=parts) if files else desk.post(PATH, json=fields)
    refused(answer, status, code, word)


def test_only_ones_own_finished_videos_are_measured(desk: TestClient):
    for video in (submit(desk), submit(desk, owner="somebody else")):
        refused(desk.post(PATH, json={"video_id": video}), 404, "not_found")


def test_two_files_together_are_no_larger_than_one_may_be(desk: TestClient):
    half = FILM + bytes(700_000)
    assert desk.post(PATH, files={"video": ("v", half)}).status_code == 202
    refused(desk.post(PATH, files={"video": ("v", half), "reference": ("r", half)}), 413, "too_large", "1 MB")


def test_a_page_of_a_job_can_be_looked_at_and_reaches_nothing(desk: TestClient):
    id = submit(desk)
    result: Path = folder(desk, id).result
    result.mkdir()
    (result / "lips.html").write_text("<!doctype html><script>fetch('/api/v1/jobs')</script>好", encoding="utf-8")
    answer = desk.get(f"/api/v1/jobs/{id}/files/lips.html")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-disposition" not in answer.headers
    (policy,) = answer.headers.get_list("content-security-policy")
    directives = {part.strip() for part in policy.split(";")}
    assert directives >= {"sandbox allow-scripts", "default-src 'none'", "frame-ancestors 'none'"}
    # What is sandboxed is shown only without it: HTML, "navigate", step on cross-origin opener policies.
    assert answer.headers["cross-origin-opener-policy"] == "unsafe-none"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_video_without_a_face_says_so_without_saying_where_it_lies(server: Server):
    video = server.speak()
    answer = server.http.post(PATH, json={"video_id": video["id"]})
    job = server.ended(answer)
    assert job["title"] == video["title"]
    assert job["status"] == "failed"
    assert str(server.data_dir) not in job["error"]["message"]
