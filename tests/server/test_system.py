"""What the server says of itself."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.server.conftest import Server

from mien import __version__


def test_it_lists_what_it_can_do(client: TestClient):
    system = client.get("/api/v1/system").json()
    assert system["version"] == __version__
    assert "portrait" in {engine["name"] for engine in system["engines"]}
    assert "espeak" in {voice["name"] for voice in system["voices"]}
    assert {"scripted", "openai", "ollama"} <= {preset["name"] for preset in system["llms"]}
    assert {"limit", "open"} <= set(system["live"])
    assert system["defaults"]["avatar"] == "astronaut"


def test_it_names_no_key_and_no_path(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    text = client.get("/api/v1/system").text
    assert "key" not in text
    assert "/home" not in text


def test_avatars_are_listed_with_their_pictures(server: Server):
    avatars = server.http.get("/api/v1/avatars").json()
    assert [(avatar["name"], avatar["builtin"]) for avatar in avatars] == [("astronaut", True), ("dot", False)]
    for avatar in avatars:
        answer = server.http.get(avatar["preview"])
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.format == "JPEG"
            assert max(picture.size) <= 512


@pytest.mark.parametrize("name", ["nobody", "..%2f..%2fsecret", "%2e%2e", "..%5cx", "x%00", "con", "a" * 100])
def test_no_other_file_is_a_preview(server: Server, name: str):
    assert server.http.get(f"/api/v1/avatars/{name}/preview.jpg").status_code in (400, 404)


def test_voices_of_a_language(client: TestClient):
    voices = client.get("/api/v1/voices", params={"language": "zh", "engine": "espeak"}).json()
    assert "cmn" in {voice["name"] for voice in voices}
    assert {voice["engine"] for voice in voices} == {"espeak"}
    assert client.get("/api/v1/voices", params={"engine": "nobody"}).status_code == 404
