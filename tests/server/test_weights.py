"""The model files, and fetching them in a job."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mien.weights import Catalog

PULL = "/api/v1/weights/pull"


def test_each_says_what_it_is_where_it_comes_from_and_who_needs_it(client: TestClient):
    weights = {entry["name"]: entry for entry in client.get("/api/v1/weights").json()}
    assert set(weights) == {entry.name for entry in Catalog.packaged().entry}
    detector = weights["face-detector"]
    assert detector["files"] == ["face_detection_short_range.tflite"]
    assert (detector["bytes"], detector["present"], detector["licence"]) == (229_714, False, "Apache-2.0")
    assert detector["source"].startswith("https://storage.googleapis.com/")
    assert "portrait" in detector["needed_by"]


def test_what_is_there_is_present(desk: TestClient):
    entry = Catalog.packaged().find("face-detector")
    assert isinstance(desk.app, FastAPI)
    cache: Path = desk.app.state.settings.cache_dir
    ready = cache / "weights" / entry.name / f"{Path(entry.file).stem}.v{Catalog.packaged().converter}.onnx"
    ready.parent.mkdir(parents=True, exist_ok=True)
    ready.touch()
    try:
        listed = {one["name"]: one["present"] for one in desk.get("/api/v1/weights").json()}
    finally:
        ready.unlink()
    assert (listed["face-detector"], listed["selfie-matte"]) == (True, False)


def test_they_are_fetched_by_a_job(desk: TestClient):
    answer = desk.post(PULL, json={"name": "face-detector"}, headers={"Idempotency-Key": "pull once"})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["kind"], job["status"]) == ("pull_weights", "queued")
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    again = desk.post(PULL, json={"name": "face-detector"}, headers={"Idempotency-Key": "pull once"})
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (job["id"], "true")
    assert desk.delete(f"/api/v1/jobs/{job['id']}").status_code == 204


@pytest.mark.parametrize("name", ["nobody", "../face-detector", "face-detector\0", "x" * 200])
def test_what_is_not_in_the_catalogue_is_not_fetched(desk: TestClient, name: str):
    answer = desk.post(PULL, json={"name": name})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
