"""What can speak, and how it sounds."""

from __future__ import annotations

import io
import os
from pathlib import Path

import av
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.server.conftest import HERE

from mien.live.manager import LiveManager
from mien.server import voices
from mien.server.app import create_app
from mien.server.tokens import TokenStore
from mien.settings import Settings

SAMPLE = "/api/v1/voices/sample"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("voices")
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True)
    return create_app(settings, manager=LiveManager(settings))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=HERE, raise_server_exceptions=False)


def seconds(mp3: bytes) -> float:
    with av.open(io.BytesIO(mp3), "r", format="mp3") as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def test_voices_of_a_language(client: TestClient):
    found = client.get("/api/v1/voices", params={"language": "zh", "engine": "espeak"}).json()
    assert "cmn" in {voice["name"] for voice in found}
    assert {voice["engine"] for voice in found} == {"espeak"}
    assert client.get("/api/v1/voices", params={"language": "xx"}).json() == []
    assert client.get("/api/v1/voices", params={"engine": "nobody"}).status_code == 404


def test_the_list_is_remembered_as_long_as_the_settings_stay(app: FastAPI, tmp_path: Path):
    lists = voices.VoiceLists()
    settings = app.state.settings
    first = lists.get(settings, "espeak")
    assert lists.get(settings, "espeak") is first
    assert lists.get(settings.model_copy(), "espeak") is not first


def test_a_voice_says_a_sentence_of_its_language_and_says_it_once(app: FastAPI, client: TestClient):
    answer = client.get(SAMPLE, params={"voice": "espeak:cmn"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
    assert 1 < seconds(answer.content) < 5
    kept = list((app.state.settings.cache_dir / "samples").glob("*.mp3"))
    assert answer.content in [path.read_bytes() for path in kept]
    assert client.get(SAMPLE, params={"voice": "espeak:cmn"}).content == answer.content
    again = client.get(SAMPLE, params={"voice": "espeak:cmn"}, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(SAMPLE, params={"voice": "espeak:en-us"}).headers["etag"] != answer.headers["etag"]


def test_a_text_of_ones_own(client: TestClient):
    short = client.get(SAMPLE, params={"voice": "espeak:en-us", "text": "Yes."}).content
    long = client.get(SAMPLE, params={"voice": "espeak:en-us", "text": "This is a much longer sentence."}).content
    assert seconds(short) < seconds(long)


def test_who_may_only_read_hears_the_usual_sentence(tmp_path: Path):
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    _, token = TokenStore.from_settings(settings).create("reader", scope="read")
    client = TestClient(create_app(settings, manager=LiveManager(settings)), base_url=HERE)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(SAMPLE, params={"voice": "espeak"}, headers=headers).status_code == 200
    assert client.get(SAMPLE, params={"voice": "espeak", "text": "Hi"}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 422),
        ({"voice": ""}, 404),
        ({"voice": "nobody"}, 404),
        ({"voice": "espeak:../../etc/passwd"}, 404),
        ({"voice": "piper:../../etc/passwd"}, 404),
        ({"voice": "../espeak"}, 404),
        ({"voice": "espeak\0"}, 404),
        ({"voice": "espeak:en\0us"}, 404),
        ({"voice": "espeak", "text": "…!"}, 422),
        ({"voice": "espeak", "text": "\0\x1b"}, 422),
        ({"voice": "espeak", "text": "x" * 301}, 422),
        ({"voice": "x" * 201}, 422),
        ({"voice": "edge"}, 400),
    ],
)
def test_what_cannot_be_heard_leaves_no_file(app: FastAPI, client: TestClient, wanted: dict[str, str], status: int):
    folder = app.state.settings.cache_dir / "samples"
    before = set(folder.glob("*"))
    answer = client.get(SAMPLE, params=wanted)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"]
    assert set(folder.glob("*")) == before


def test_where_nothing_can_be_kept_it_is_spoken_all_the_same(tmp_path: Path):
    (tmp_path / "cache").write_text("a file")
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", offline=True)
    client = TestClient(create_app(settings, manager=LiveManager(settings)), base_url=HERE)
    assert seconds(client.get(SAMPLE, params={"voice": "espeak", "text": "Hello."}).content) > 0


def test_the_folder_of_samples_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(voices, "_SAMPLES", 3)
    for number in range(5):
        path = tmp_path / f"{number}.mp3"
        voices._keep(path, b"x")
        os.utime(path, (number, number))
    assert voices._kept(tmp_path / "2.mp3") == b"x"  # and is the newest from now on
    voices._keep(tmp_path / "5.mp3", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.mp3", "4.mp3", "5.mp3"]
