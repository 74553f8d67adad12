"""The same request under the same key is one job, whatever happens on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.server.conftest import Server
from tests.server.test_uploads import FIELDS, png, refused

SPEAK = {"avatar": "dot", "text": "Once."}


def speak(client: TestClient, key: str, **fields: Any) -> Any:
    return client.post("/api/v1/speak", json=SPEAK | fields, headers={"Idempotency-Key": key})


def create(client: Any, key: str, colour: int = 0, **fields: str) -> Any:
    picture = png((64 + colour, 64))
    headers = {"Idempotency-Key": key}
    return client.post("/api/v1/avatars", data=FIELDS | fields, files={"file": ("x.png", picture)}, headers=headers)


def test_the_same_request_gives_the_same_job(desk: TestClient):
    first, second = speak(desk, "same"), speak(desk, "same")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert first.headers["location"] == second.headers["location"] == f"/api/v1/jobs/{first.json()['id']}"
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


def test_another_request_under_the_key_is_refused(desk: TestClient):
    assert speak(desk, "other").status_code == 202
    refused(speak(desk, "other", text="Twice."), 409, "conflict", "Idempotency-Key")
    refused(create(desk, "other"), 409, "conflict", "Idempotency-Key")


def test_the_file_belongs_to_the_request(desk: TestClient):
    first, second = create(desk, "file"), create(desk, "file")
    assert first.json()["id"] == second.json()["id"]
    refused(create(desk, "file", colour=1), 409, "conflict")


def test_json_and_a_form_that_say_the_same_are_the_same(desk: TestClient):
    first = speak(desk, "form", size=256)
    fields = {name: (None, str(value)) for name, value in (SPEAK | {"size": 256}).items()}
    second = desk.post("/api/v1/speak", files=fields, headers={"Idempotency-Key": "form"})
    assert second.status_code == 202, second.text
    assert first.json()["id"] == second.json()["id"]


def test_without_a_key_there_are_two_jobs(desk: TestClient):
    answers = [desk.post("/api/v1/speak", json=SPEAK) for _ in range(2)]
    assert len({answer.json()["id"] for answer in answers}) == 2


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_length(desk: TestClient, key: str):
    refused(speak(desk, key), 422, "input", "Idempotency-Key")


@pytest.mark.parametrize("key", ["x" * 200, '"quoted"', "../../x", "' OR 1=1"])
def test_a_key_may_be_anything_else(desk: TestClient, key: str):
    assert speak(desk, key).json()["id"] == speak(desk, key).json()["id"]


def test_requests_at_the_same_time_give_one_job(server: Server):
    def one(_: int) -> Any:
        return create(server.http, "race", name="Race", engine="sketch")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_different_requests_at_the_same_time_under_one_key_are_one_job_and_conflicts(server: Server):
    def one(number: int) -> Any:
        return create(server.http, "clash", colour=number, name="Clash", engine="sketch")

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(one, range(4)))
    assert statuses == [202, 409, 409, 409]


def test_what_a_job_has_made_does_not_stand_in_its_own_way(server: Server):
    first = create(server.http, "again", name="Again", engine="sketch")
    assert server.ended(first)["status"] == "succeeded"
    second = create(server.http, "again", name="Again", engine="sketch")
    assert second.status_code == 202, second.text
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["status"] == "succeeded"
