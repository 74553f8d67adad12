"""What can draw avatars."""

from __future__ import annotations

from starlette.testclient import TestClient


def test_each_engine_says_what_it_is_and_what_it_can_be_told(client: TestClient):
    engines = {engine["name"]: engine for engine in client.get("/api/v1/engines").json()}
    portrait = engines["portrait"]
    assert (portrait["ready"], portrait["gpu"], portrait["trains"]) == (True, False, False)
    assert portrait["creates_from"] == ["image"]
    assert portrait["options"]["properties"]["fps"] == {
        "default": 25,
        "description": "Frames per second.",
        "maximum": 60,
        "minimum": 10,
        "title": "Fps",
        "type": "number",
    }
