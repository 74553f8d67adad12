from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from server.conftest import Server


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/avatars", "/api/v1/avatars/astronaut/preview.jpg"])
def test_it_tells_what_get_would(client: TestClient, path: str):
    told, got = client.head(path), client.get(path)
    assert told.status_code == got.status_code
    assert told.headers["content-type"] == got.headers["content-type"]
    assert told.headers["content-length"] == got.headers["content-length"]
    assert told.content == b""


def test_what_is_not_there_is_not_there(client: TestClient):
    assert client.head("/api/v1/avatars/nobody").status_code == 404
    assert client.head("/api/v1/login").status_code == 405


def test_a_real_server_goes_on_after_it(server: Server):
    for path in ("/api/v1/health", "/api/v1/avatars/astronaut/preview.jpg") * 3:
        assert server.http.head(path).status_code == 200
    assert server.http.get("/api/v1/health").json() == {"status": "ok"}
