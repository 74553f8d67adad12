"""Handing in a video: as JSON, and as a form with a recording."""

from __future__ import annotations

import io
import shutil
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.server.conftest import Server
from tests.server.test_uploads import png, refused

PATH = "/api/v1/speak"


def recording(seconds: float = 0.5) -> bytes:
    times = np.arange(round(seconds * 16_000)) / 16_000
    samples = (np.sin(times * 900) * np.sin(times * 20) * 20_000).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def test_a_text_is_taken_as_json(desk: TestClient):
    answer = desk.post(PATH, json={"avatar": "dot", "text": "你好，世界。", "fps": 20})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["status"], job["title"], job["owner"]) == ("speak", "queued", "你好，世界。", "local")
    assert job["request"]["fps"] == 20
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert desk.get(answer.headers["location"]).json() == job


def test_a_recording_is_taken_in_a_form(desk: TestClient):
    fields = {"avatar": "dot", "fps": "12.5", "subtitles": "false", "size": "256"}
    answer = desk.post(PATH, data=fields, files={"audio": ("x.exe", recording())})
    assert answer.status_code == 202, answer.text
    request = answer.json()["request"]
    assert (request["fps"], request["subtitles"], request["size"], request["text"]) == (12.5, False, 256, "")


@pytest.mark.parametrize(
    ("fields", "status", "code", "word"),
    [
        ({}, 422, "input", "text"),
        ({"text": ""}, 422, "input", "text"),
        ({"text": "   \n"}, 422, "text", "nothing to say"),
        ({"text": "?!…"}, 422, "text", "nothing to say"),
        ({"text": "字" * 20_000}, 422, "text", "50000 bytes"),
        ({"text": "x" * 100_001}, 422, "input", "text"),
        ({"text": 5}, 422, "input", "text"),
        ({"text": "x", "fps": 1000}, 422, "input", "fps"),
        ({"text": "x", "fps": "fast"}, 422, "input", "fps"),
        ({"text": "x", "size": 129}, 422, "input", "size"),
        ({"text": "x", "seed": -1}, 422, "input", "seed"),
        ({"text": "x", "frame": "foot"}, 422, "input", "frame"),
        ({"text": "x", "colour": "red"}, 422, "input", "colour"),
        ({"text": "x", "driver": "telepathy"}, 422, "input", "driver"),
        ({"text": "x", "transcript": "x"}, 422, "input", "recording"),
        ({"text": "x", "language": "de"}, 422, "input", "language"),
        ({"text": "x", "audio": "y"}, 422, "input", "audio"),
        ({"text": "x", "avatar": ""}, 422, "input", "avatar"),
        ({"text": "x", "avatar": "nobody"}, 404, "not_found", "nobody"),
        ({"text": "x", "avatar": "../dot"}, 400, "usage", "name"),
        ({"text": "x", "avatar": "/etc/passwd"}, 400, "usage", "name"),
        ({"text": "x", "engine": "steam"}, 400, "usage", "steam"),
        ({"text": "x", "avatar": "astronaut", "engine": "steam"}, 404, "not_found", "steam"),
        ({"text": "x", "voice": "nobody:1"}, 404, "not_found", "nobody"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(
    desk: TestClient, fields: dict[str, Any], status: int, code: str, word: str
):
    refused(desk.post(PATH, json={"avatar": "dot"} | fields), status, code, word)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 10_000, b'{"text":"\\ud800"}'])
def test_what_is_no_request_is_refused(desk: TestClient, body: bytes):
    answer = desk.post(PATH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["code"] in ("usage", "input")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "audio/wav"])
def test_other_bodies_are_refused(desk: TestClient, content_type: str):
    answer = desk.post(PATH, content=b'{"text":"x"}', headers={"content-type": content_type})
    refused(answer, 415, "unsupported_media_type")


def test_a_text_and_a_recording_are_too_much(desk: TestClient):
    answer = desk.post(PATH, data={"avatar": "dot", "text": "x"}, files={"audio": ("x.wav", recording())})
    refused(answer, 422, "input", "exactly one")


def test_a_recording_may_come_with_its_transcript(desk: TestClient):
    fields = {"avatar": "dot", "transcript": "Hello.", "language": "en", "driver": "phonemes"}
    answer = desk.post(PATH, data=fields, files={"audio": ("x.wav", recording())})
    assert answer.status_code == 202, answer.text
    request = answer.json()["request"]
    assert (request["transcript"], request["language"], request["driver"]) == ("Hello.", "en", "phonemes")


@pytest.mark.parametrize(
    ("fields", "code", "word"),
    [
        ({"driver": "phonemes"}, "input", "transcript"),
        ({"language": "de"}, "input", "transcript"),
        ({"transcript": "?!"}, "text", "nothing to say"),
        ({"transcript": "字" * 20_000}, "text", "50000 bytes"),
    ],
)
def test_a_transcript_that_cannot_be_is_refused(desk: TestClient, fields: dict[str, str], code: str, word: str):
    answer = desk.post(PATH, data={"avatar": "dot"} | fields, files={"audio": ("x.wav", recording())})
    refused(answer, 422, code, word)


def test_a_server_with_a_recogniser_of_phonemes_needs_no_transcript(
    desk: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(desk.app.state.settings, "phonemes_model", tmp_path)  # type: ignore[attr-defined]
    fields = {"avatar": "dot", "driver": "phonemes"}
    answer = desk.post(PATH, data=fields, files={"audio": ("x.wav", recording())})
    assert answer.status_code == 202, answer.text
    refused(
        desk.post(PATH, data=fields | {"phonemes_model": "/etc"}, files={"audio": ("x.wav", recording())}),
        422,
        "input",
        "phonemes_model",
    )


def test_a_picture_is_no_recording(desk: TestClient):
    answer = desk.post(PATH, data={"avatar": "dot"}, files={"audio": ("x.wav", png())})
    refused(answer, 422, "media", "recording")


def test_nothing_is_taken_while_the_disk_is_full(desk: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    refused(desk.post(PATH, json={"avatar": "dot", "text": "x"}), 507, "output", "0 MB")


def test_a_recording_becomes_a_video(server: Server):
    fields = {"avatar": "dot", "size": "128", "fps": "10"}
    job = server.ended(server.http.post(PATH, data=fields, files={"audio": ("x.wav", recording())}))
    assert job["status"] == "succeeded", job
    assert job["result"]["frames"] == 5
    video = server.http.get(f"/api/v1/videos/{job['id']}").json()
    assert (video["subtitles"], video["text"], video["voice"]) == (False, "", "")


def test_both_bodies_are_described(desk: TestClient):
    schema = desk.get("/api/v1/openapi.json").json()
    content = schema["paths"][PATH]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/SpeakRequest"}
    form = content["multipart/form-data"]["schema"]
    assert form["properties"]["audio"]["format"] == "binary"
    assert set(schema["components"]["schemas"]["SpeakRequest"]["properties"]) | {"audio"} == set(form["properties"])
