"""How requests fail."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from mien import errors
from mien.live.manager import LiveManager
from mien.server.errors import PROBLEM_JSON, of_mien

SESSIONS = "/api/v1/live/sessions"
SAY = "/api/v1/live/sessions/unknown/say"
JSON = {"Content-Type": "application/json"}


def all_errors() -> list[type[errors.MienError]]:
    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.MienError)]


@pytest.mark.parametrize("kind", all_errors())
def test_every_error_of_ours_becomes_a_problem(kind: type[errors.MienError]):
    answer = of_mien(kind("It failed.", hint="Do this."))
    body = json.loads(bytes(answer.body))
    assert answer.media_type == PROBLEM_JSON
    assert answer.status_code == kind.http_status == body["status"]
    assert body["type"] == f"urn:mien:error:{kind.code}"
    assert body["title"]
    assert (body["detail"], body["hint"], body["code"]) == ("It failed.", "Do this.", kind.code)
    assert body["retryable"] is kind.retryable


def test_who_is_to_come_again_is_told_when():
    assert of_mien(errors.BusyError("Full.", retry_after_s=7)).headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/live/sessions/unknown", 404, "not_found"),
        ("GET", "/api/v1/live/sessions/unknown/events", 404, "not_found"),
        ("GET", "/api/v1/live/sessions/unknown/recording", 404, "not_found"),
        ("GET", "/api/v1/live/sessions/..%2f..%2fetc%2fpasswd/recording", 404, "not_found"),
        ("GET", f"/api/v1/live/sessions/{'x' * 200}", 422, "input"),
        ("DELETE", "/api/v1/live/sessions/unknown", 404, "not_found"),
        ("PUT", "/api/v1/live/sessions", 405, "method_not_allowed"),
        ("GET", SAY, 405, "method_not_allowed"),
        ("GET", "/whep/unknown", 405, "method_not_allowed"),
        ("DELETE", "/whep/unknown/peer", 404, "not_found"),
        ("GET", f"/api/v1/voices?language={'x' * 200}", 422, "input"),
    ],
)
def test_what_is_not_there(client: TestClient, method: str, path: str, status: int, code: str):
    answer = client.request(method, path)
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'{"avatar": 5}', 422),
        (b'{"frame": "tail"}', 422),
        (b'{"other": 1}', 422),
        (b'{"size": 1e400}', 422),
        (b'{"temperature": NaN}', 422),
    ],
)
def test_bodies_that_make_no_sense(client: TestClient, body: bytes, status: int):
    answer = client.post(SESSIONS, content=body, headers=JSON)
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert answer.status_code == status


def test_what_was_sent_is_not_repeated_in_an_error(client: TestClient):
    answer = client.post(SESSIONS, json={"persona": "a secret word", "frame": "a secret word"})
    assert answer.status_code == 422
    assert "secret" not in answer.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_json_must_be_called_json(client: TestClient, kind: str):
    answer = client.post(SAY, content=b'{"text": "a"}', headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.headers["accept-post"] == "application/json"


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * 100_000


def test_bodies_that_are_too_large_are_stopped(client: TestClient):
    said = client.post(SAY, content=b"x" * 1_100_000, headers=JSON)
    hidden = client.post(SAY, content=pieces(11), headers=JSON)
    claimed = client.post(SAY, content=b"{}", headers={**JSON, "Content-Length": "1048577"})
    for answer in (said, hidden, claimed):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_bodies_below_the_limit_are_read(client: TestClient):
    assert client.post(SAY, content=pieces(10), headers=JSON).status_code == 400


def test_a_crash_is_logged_and_tells_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def crash(manager: LiveManager) -> None:
        raise RuntimeError("a secret of the code")

    monkeypatch.setattr(LiveManager, "list", crash)
    with caplog.at_level(logging.ERROR):
        answer = client.get(SESSIONS)
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM_JSON)
    assert "secret" not in answer.text
    assert "x-content-type-options" in answer.headers
    assert [record.message for record in caplog.records if record.name.startswith("mien")] == ["request_crashed"]
    assert "RuntimeError: a secret of the code" in caplog.text


def test_a_database_that_is_away_is_said_and_may_be_asked_again(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    def away(*_: object) -> None:
        raise OperationalError("s3cret", {}, OSError())

    monkeypatch.setattr(LiveManager, "get", away)
    answer = client.get("/api/v1/live/sessions/any")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "5")
    assert "s3cret" not in answer.text
