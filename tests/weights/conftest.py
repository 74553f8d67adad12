from __future__ import annotations

import hashlib
import random
import socket
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mien.weights import fingerprint
from mien.weights.tflite_to_onnx import convert

from .server import FileServer
from .tiny_model import sigmoid

WHEEL = "tinymodels-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"


@pytest.fixture
def server() -> Iterator[FileServer]:
    running = FileServer()
    yield running
    running.close()


@pytest.fixture(scope="session")
def body() -> bytes:
    return random.Random(0).randbytes(20_000)


@pytest.fixture
def closed_url() -> Iterator[str]:
    """An address of this machine where nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}/file"


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where pip looks for packages."""
    folder = tmp_path / "links"
    folder.mkdir()
    for name, value in {"CONFIG_FILE": "/dev/null", "NO_INDEX": "1", "FIND_LINKS": str(folder)}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry(name: str, body: bytes, *sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One entry of a catalog, as its TOML file would have it."""
    fixed = {"summary": "a test file", "licence": "CC0-1.0", "file": f"{name}.bin"}
    return fixed | {"name": name, "size": len(body), "sha256": sha256(body), "sources": list(sources)} | more


def url_source(url: str) -> dict[str, Any]:
    return {"kind": "url", "url": url}


def wheel_source(member: str) -> dict[str, Any]:
    return {"kind": "wheel", "wheel": "tiny", "member": member}


def converted(url: str, *, converter: int = 1) -> dict[str, Any]:
    """A catalog whose entry `net` is a real TensorFlow Lite model that is converted."""
    model = sigmoid()
    prints = [item.model_dump() for item in fingerprint.measure(convert(model))]
    net = entry("net", model, url_source(url), file="net.tflite", convert="tflite")
    return {"entry": [net], "converter": converter, "fingerprint": {"net": prints}}


def make_wheel(path: Path, members: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A wheel that pip accepts."""
    metadata = {
        "tinymodels-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tinymodels\nVersion: 1.0\n",
        "tinymodels-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n",
        "tinymodels-1.0.dist-info/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in {**members, **metadata}.items():
            archive.writestr(name, data)
    return path


def wheel_table(wheel: Path, url: str) -> dict[str, Any]:
    data = wheel.read_bytes()
    pinned = {"requirement": "tinymodels==1.0", "filename": WHEEL, "url": url}
    return {"tiny": pinned | {"sha256": sha256(data), "size": len(data)}}


def tree(folder: Path) -> dict[str, int]:
    """Every file below a folder, except locks, with its time of change."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }
