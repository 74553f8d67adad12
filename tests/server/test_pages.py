"""The page and what it may do."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mien.server import pages


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built page; a file beside it is not part of it."""
    folder = tmp_path / "static"
    (folder / "assets" / "deeper").mkdir(parents=True)
    (folder / "index.html").write_text("the page")
    (folder / "robots.txt").write_text("none")
    (folder / "assets" / "index-1a2b.js").write_text("the script")
    (folder / "assets" / "deeper" / "x.js").write_text("deep")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(pages, "STATIC", folder)
    return folder


def test_the_page_may_load_from_here_only(client: TestClient, static: Path):
    answer = client.get("/")
    assert answer.text == "the page"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["permissions-policy"].startswith("microphone=(self), camera=(self),")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_its_parts_are_kept_for_ever(client: TestClient, static: Path):
    answer = client.get("/assets/index-1a2b.js")
    assert (answer.text, answer.headers["content-type"]) == ("the script", "text/javascript; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/robots.txt").text == "none"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/assets//etc/passwd",
        "/assets/deeper%2fx.js",
        "/assets/deeper",
        "/assets",
        "/assets/%00",
        "/%2e",
    ],
)
def test_nothing_else_is_served(client: TestClient, static: Path, path: str):
    assert client.get(path).status_code == 404


def test_a_page_that_was_not_built_says_how_to_build_it(client: TestClient, static: Path):
    (static / "index.html").unlink()
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.text.count("make web") == 2
    assert "网页" in answer.text
    assert client.get("/assets/none.js").status_code == 404


def test_answers_of_the_api_are_not_kept(client: TestClient):
    assert client.get("/api/v1/live/sessions").headers["cache-control"] == "no-store"
