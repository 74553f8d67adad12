from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import pytest

from .server import FileServer


@pytest.fixture
def server() -> Iterator[FileServer]:
    running = FileServer()
    yield running
    running.close()


@pytest.fixture(scope="session")
def body() -> bytes:
    return random.Random(0).randbytes(20_000)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry(name: str, body: bytes, sources: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """One entry of a catalog, as its TOML file would have it."""
    fixed = {"summary": "a test file", "licence": "CC0-1.0", "file": f"{name}.bin"}
    return fixed | {"name": name, "size": len(body), "sha256": sha256(body), "sources": sources} | more


def url_source(url: str) -> dict[str, Any]:
    return {"kind": "url", "url": url}
