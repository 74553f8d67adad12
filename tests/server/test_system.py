"""What the server says of itself."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.server.conftest import Server, eventually

from mien import __version__
from mien.server.machine import parse_gpus


def test_it_lists_what_it_can_do(desk: TestClient):
    system = desk.get("/api/v1/system").json()
    assert system["version"] == __version__
    assert "portrait" in {engine["name"] for engine in system["engines"]}
    assert "espeak" in {voice["name"] for voice in system["voices"]}
    assert {"scripted", "openai", "ollama"} <= {preset["name"] for preset in system["llms"]}
    assert {"limit", "open"} <= set(system["live"])
    assert system["defaults"]["avatar"] == "astronaut"


def test_it_says_how_the_machine_is(desk: TestClient):
    system = desk.get("/api/v1/system").json()
    machine = system["machine"]
    assert machine["cores"] >= 1
    assert 0 < machine["memory_used_mb"] < machine["memory_mb"]
    assert machine["disk_free_mb"] > 0
    assert {"queued", "running", "workers"} == set(system["jobs"])
    limits = system["limits"]
    assert limits["upload_mb"] == 1
    assert limits["job_time_limit_s"] > 0
    desk.post("/api/v1/speak", json={"avatar": "dot", "text": "x"})
    assert desk.get("/api/v1/system").json()["jobs"]["queued"] == system["jobs"]["queued"] + 1


def test_gpus_are_read_from_what_their_driver_says():
    said = "NVIDIA H200, 143771\nNVIDIA GeForce RTX 4090, 24564\n"
    assert [(gpu.name, gpu.memory_mb) for gpu in parse_gpus(said)] == [
        ("NVIDIA H200", 143_771),
        ("NVIDIA GeForce RTX 4090", 24_564),
    ]
    assert parse_gpus("NVIDIA-SMI has failed\n") == parse_gpus("") == parse_gpus("GPU, [N/A]\n") == ()


def test_the_workers_of_a_server_are_alive(server: Server):
    eventually(lambda: bool(server.http.get("/api/v1/system").json()["jobs"]["workers"]), 30)
    workers = server.http.get("/api/v1/system").json()["jobs"]["workers"]
    assert all(worker["alive"] and worker["queue"] in ("cpu", "gpu") for worker in workers)


def test_it_names_no_key_and_no_path(desk: TestClient, monkeypatch: pytest.MonkeyPatch):
    text = desk.get("/api/v1/system").text
    assert "key" not in text
    assert "/home" not in text


def test_voices_of_a_language(desk: TestClient):
    voices = desk.get("/api/v1/voices", params={"language": "zh", "engine": "espeak"}).json()
    assert "cmn" in {voice["name"] for voice in voices}
    assert {voice["engine"] for voice in voices} == {"espeak"}
    assert desk.get("/api/v1/voices", params={"engine": "nobody"}).status_code == 404
