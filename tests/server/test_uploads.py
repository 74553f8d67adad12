"""Forms with files, above all those that nobody would send in good faith: each is refused with a reason, and nothing of it stays."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import socket
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import Request
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient
from tests.server.conftest import Server, eventually

from mien.errors import OutputError
from mien.server import disk, uploads
from mien.server.errors import PROBLEM_JSON
from mien.server.uploads import NoFields
from mien.settings import Settings

FIELDS = {"name": "Ann", "consent": "She said yes."}
BOUNDARY = "frontier"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def png(size: tuple[int, int] = (64, 64)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, "PNG")
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A picture of that size, by what it says."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def bmp_header(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info + bytes(64)


def package(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (files or {"manifest.json": b"{}"}).items():
            archive.writestr(name, data)
    return file.getvalue()


def part(headers: str, body: bytes) -> bytes:
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + body + b"\r\n"


def field(name: str, value: str | bytes) -> bytes:
    body = value if isinstance(value, bytes) else value.encode()
    return part(f'Content-Disposition: form-data; name="{name}"', body)


def file_part(data: bytes, name: str = "x.png") -> bytes:
    return part(f'Content-Disposition: form-data; name="file"; filename="{name}"', data)


END = f"--{BOUNDARY}--\r\n".encode()


def kept(client: TestClient) -> list[str]:
    """What lies in the folder of uploads, and the jobs."""
    data_dir: Path = client.app.state.settings.data_dir  # type: ignore[attr-defined]
    folders = (data_dir / "uploads", data_dir / "jobs")
    return [path.name for folder in folders if folder.is_dir() for path in folder.iterdir()]


@pytest.fixture
def clean(desk: TestClient) -> Iterator[TestClient]:
    """The client, after whose use nothing more lies there than before."""
    before = kept(desk)
    yield desk
    assert kept(desk) == before


def refused(answer: Any, status: int, code: str, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM_JSON
    problem = answer.json()
    assert problem["code"] == code
    assert word in problem["detail"]
    assert "/uploads" not in answer.text


def send(client: TestClient, path: str, data: bytes, called: str = "x", fields: dict[str, str] = FIELDS) -> Any:
    return client.post(f"/api/v1/{path}", data=fields, files={"file": (called, data)})


def send_raw(client: TestClient, body: bytes, content_type: str = FORM) -> Any:
    return client.post("/api/v1/avatars", content=body, headers={"content-type": content_type})


@pytest.mark.parametrize(
    "data",
    [
        png_header(1, 1_000_000_000),
        png_header(1_000_000_000, 1),
        png_header(2**31 - 1, 2**31 - 1),
        png_header(8001, 8001),
        bmp_header(1, 1_000_000_000),
    ],
    ids=["tall", "wide", "all", "just", "bmp"],
)
@pytest.mark.parametrize("path", ["avatars", "avatars/inspect"])
def test_more_pixels_than_memory_are_refused_by_the_header(clean: TestClient, path: str, data: bytes):
    answer = clean.post(
        f"/api/v1/{path}", data=FIELDS if path == "avatars" else None, files={"file": ("small.png", data)}
    )
    refused(answer, 422, "media", "pixels")
    assert answer.json()["hint"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"GIF89a" + b"\xff" * 4,
        b"RIFF\x40\0\0\0WEBPVP8 " + bytes(64),
        b"II*\0\xff\xff\xff\xff" + bytes(64),
        b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(64),
        b"BM",
        png()[:40],
    ],
    ids=["png", "jpeg", "gif", "webp", "tiff", "heic", "bmp", "cut"],
)
def test_beginnings_of_pictures_with_nothing_behind_are_refused(clean: TestClient, data: bytes):
    refused(send(clean, "avatars", data, "x.jpg"), 422, "media")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.png", b"<html><script>alert(1)</script>" + bytes(100)),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>" + bytes(100)),
        ("print.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n" + bytes(100)),
        ("program.png", b"\x7fELF" + bytes(100)),
        ("zip.png", package()),
        ("sound.png", b"RIFF\x40\0\0\0WAVEfmt " + bytes(100)),
        ("prefixed.png", b" " + png()),
        ("one.png", b"\x89"),
    ],
)
def test_a_name_makes_no_picture(clean: TestClient, name: str, data: bytes):
    refused(send(clean, "avatars", data, name), 422, "media", "The file is not a JPEG")


def test_a_picture_is_one_whatever_it_is_called(desk: TestClient):
    answer = desk.post(
        "/api/v1/avatars", data=FIELDS, files={"file": ("notes.txt", png(), "text/html")}, params={"x": "1"}
    )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/cron.d/evil.png",
        "..\\..\\evil.png",
        "/etc/passwd",
        "C:\\Windows\\evil.png",
        "CON.png",
        "nul",
        "evil\0.png",
        "a" * 4000,
        "",
        ".",
        "..",
        "x.png\r\nX-Evil: 1",
        "快乐.png",
    ],
)
def test_the_name_of_a_file_is_no_path(desk: TestClient, name: str):
    data_dir: Path = desk.app.state.settings.data_dir  # type: ignore[attr-defined]
    body = field("name", "Ann") + field("consent", "yes") + file_part(png(), name.replace('"', "%22")) + END
    answer = send_raw(desk, body)
    if answer.status_code == 202:
        inputs = list((data_dir / "jobs" / answer.json()["id"] / "inputs").iterdir())
        assert [path.name for path in inputs] == ["source.png"]
    else:
        refused(answer, 400, "usage")  # a header that is broken by its line break
    assert not list(data_dir.parent.rglob("*evil*"))
    assert not list((data_dir / "uploads").iterdir())


@pytest.mark.parametrize("kind", ["picture", "page", "program"])
def test_what_is_a_package_and_something_else_is_refused(clean: TestClient, kind: str):
    before = {"picture": png(), "page": b"<html>", "program": b"#!/bin/sh\n"}[kind]
    refused(send(clean, "avatars/import", before + package(), "x.mien", {}), 422, "media", "exported avatar")


@pytest.mark.parametrize(
    "data",
    [
        package()[:-1],
        package() + b"\0",
        package()[:40],
        b"PK\3\4" + bytes(100),
    ],
    ids=["cut", "longer", "head", "empty"],
)
def test_what_is_no_whole_zip_file_is_refused(clean: TestClient, data: bytes):
    refused(send(clean, "avatars/import", data, "x.mien", {}), 422, "package")


def test_a_zip_file_of_too_many_files_is_refused_before_it_is_opened(clean: TestClient):
    data = package(**{f"f{number}": b"" for number in range(1001)})
    refused(send(clean, "avatars/import", data, "x.mien", {}), 422, "package", "more than 1000 files")


@pytest.mark.parametrize(
    "tail",
    [
        struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 0xFFFFFFFF, 0, 0),
        struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 46, 0, 0),
        b"PK\6\7" + bytes(16) + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 46, 0, 0),
    ],
    ids=["directory of 4 GB", "65535 files", "zip64"],
)
def test_a_directory_that_would_fill_the_memory_is_not_read(clean: TestClient, tail: bytes):
    refused(send(clean, "avatars/import", b"PK\3\4" + bytes(100) + tail, "x.mien", {}), 422, "package")


def test_files_beyond_the_limit_are_refused_while_they_come(clean: TestClient):
    data = png() + bytes(1 << 20)
    refused(send(clean, "avatars", data), 413, "too_large", "1 MB")


def test_a_body_without_a_length_is_counted(clean: TestClient):
    def body() -> Iterator[bytes]:
        yield field("name", "Ann") + field("consent", "yes") + file_part(png())[:-2]
        for _ in range(100):
            yield bytes(100_000)
        yield b"\r\n" + END

    answer = clean.post("/api/v1/avatars", content=body(), headers={"content-type": FORM})
    refused(answer, 413, "too_large")


def test_a_length_beyond_the_limit_is_believed(clean: TestClient):
    headers = {"content-type": FORM, "content-length": str(10 << 30)}
    refused(clean.post("/api/v1/avatars", content=b"--", headers=headers), 413, "too_large")


def test_fields_have_a_small_limit_of_their_own(clean: TestClient):
    body = field("name", b"x" * (1 << 20)) + field("consent", "yes" * 1000)
    refused(send_raw(clean, body + END), 413, "too_large", "fields")


def test_only_routes_that_take_files_have_the_large_limit(clean: TestClient):
    body = field("x", b"x" * (3 << 20)) + END
    answer = clean.post("/api/v1/live/sessions", content=body, headers={"content-type": FORM})
    assert answer.status_code in (413, 415)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "cut off"),
        (field("name", "Ann"), "cut off"),
        (file_part(png())[:-30], "cut off"),
        (b"nonsense", ""),
        (field("", "x") + END, "no name"),
        (part("Content-Type: text/plain", b"x") + END, "no name"),
        (field("name", "Ann") + field("name", "Bob") + END, "twice"),
        (file_part(png()) + file_part(png()) + END, "twice"),
        (field("name", b"\xff\xfe") + END, "UTF-8"),
        (b"".join(field(f"f{number}", "x") for number in range(60)) + END, "fields"),
        (part("\r\n".join(f"X-{number}: y" for number in range(100)), b"x") + END, ""),
        (part("X-Long: " + "y" * 100_000, b"x") + END, ""),
        (part("no colon", b"x") + END, ""),
    ],
)
def test_what_is_no_form_is_refused(clean: TestClient, body: bytes, word: str):
    refused(send_raw(clean, body), 400, "usage", word)


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 300}"],
)
def test_a_form_needs_a_boundary(clean: TestClient, content_type: str):
    refused(send_raw(clean, b"x", content_type), 400, "usage")


@pytest.mark.parametrize("content_type", ["", "image/png", "application/json", "application/x-www-form-urlencoded"])
def test_anything_but_a_form_is_refused(clean: TestClient, content_type: str):
    refused(send_raw(clean, png(), content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "files", [{}, {"file": ("x.png", b"")}, {"other": ("x.png", png())}], ids=["none", "empty", "other"]
)
def test_a_missing_file_is_named(clean: TestClient, files: dict[str, Any]):
    body = b"".join(field(name, value) for name, value in FIELDS.items())
    body += b"".join(file_part(data).replace(b'"file"', f'"{name}"'.encode()) for name, (_, data) in files.items())
    answer = send_raw(clean, body + END)
    assert answer.status_code in (400, 422), answer.text


def test_a_wrong_field_is_named(clean: TestClient):
    refused(send(clean, "avatars", png(), fields={"name": "Ann"}), 422, "input", "consent")
    refused(send(clean, "avatars", png(), fields=FIELDS | {"colour": "red"}), 422, "input", "colour")
    refused(send(clean, "avatars", png(), fields=FIELDS | {"name": "x" * 65}), 422, "input", "name")


def test_a_full_disk_is_told_before_anything_is_taken(clean: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    answer = send(clean, "avatars", png())
    refused(answer, 507, "output", "500 MB")
    assert answer.json()["hint"]
    assert answer.json()["retryable"]


def test_a_folder_that_cannot_be_written_is_told_without_its_path(tmp_path: Path):
    (tmp_path / "uploads").write_text("a file")
    with pytest.raises(OutputError) as caught:
        disk.new_path(Settings(data_dir=tmp_path), ".png")
    assert str(tmp_path) not in caught.value.message


def test_what_a_killed_server_left_is_swept(tmp_path: Path):
    settings = Settings(data_dir=tmp_path)
    old, young = disk.new_path(settings, ".png"), disk.new_path(settings, ".png")
    old.touch()
    young.touch()
    folder = old.with_name("somebody's folder")
    folder.mkdir()
    for path in (old, folder):
        os.utime(path, (0, time.time() - 100_000))
    disk.new_path(settings, ".png")
    assert not old.exists()
    assert young.exists()
    assert folder.exists()


def test_a_sender_who_falls_silent_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "SILENCE_S", 0.05)
    messages: list[Any] = [{"type": "http.request", "body": file_part(png() * 100)[:-5], "more_body": True}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await asyncio.sleep(60)

    async def take() -> None:
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", FORM.encode())]}
        async with uploads.receive(Request(scope, receive), Settings(data_dir=tmp_path), NoFields, {"file": "picture"}):
            raise AssertionError("it is not whole")

    with pytest.raises(HTTPException) as caught:
        asyncio.run(take())
    assert caught.value.status_code == 408
    assert not list((tmp_path / "uploads").glob("*"))


def test_nothing_stays_of_a_sender_who_goes(server: Server):
    url = httpx.URL(server.url)
    head = f"POST /api/v1/avatars HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Type: {FORM}\r\n"
    body = field("name", "Gone") + file_part(png() + bytes(3 << 20))
    folder = server.data_dir / "uploads"
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(head.encode() + b"Content-Length: 100000000\r\n\r\n" + body)
        eventually(lambda: folder.is_dir() and any(folder.iterdir()))
    eventually(lambda: not any(folder.iterdir()))
    assert server.http.get("/api/v1/health").status_code == 200


def test_uploads_are_not_held_in_memory(server: Server):
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss

    def body() -> Iterator[bytes]:
        yield field("name", "Ann") + field("consent", "yes") + field("engine", "portrait")
        yield file_part(b"\0\0\0\x18ftypisom")[:-2]
        for _ in range(64):
            yield bytes(1 << 20)
        yield b"\r\n" + END

    answer = server.http.post("/api/v1/train", content=body(), headers={"content-type": FORM})
    assert answer.status_code == 400, answer.text  # portrait learns nothing
    assert process.memory_info().rss - before < 32 << 20
