"""What a file is, by its first bytes, of files as real programs write them."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from mien.avatars import _sources
from mien.media import images
from mien.server import filetypes
from mien.server.filetypes import HEAD_BYTES, sniff


def picture(form: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, form)
    return file.getvalue()


def sound(path: Path, codec: str, form: str | None = None) -> bytes:
    with av.open(path, "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        samples = np.zeros((1, 9600), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:  # type: ignore[attr-defined]
            container.mux(packet)
    return path.read_bytes()


def film(path: Path, form: str | None = None) -> bytes:
    with av.open(path, "w", format=form) as container:
        stream = container.add_stream("mpeg4" if path.suffix != ".webm" else "libvpx", rate=25)
        stream.width = stream.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("form", "suffix"),
    [
        ("JPEG", ".jpg"),
        ("PNG", ".png"),
        ("WEBP", ".webp"),
        ("BMP", ".bmp"),
        ("GIF", ".gif"),
        ("TIFF", ".tiff"),
        ("AVIF", ".avif"),
    ],
)
def test_pictures_are_known_and_their_headers_read(form: str, suffix: str, tmp_path: Path):
    data = picture(form)
    assert sniff(data[:HEAD_BYTES]) == suffix
    file = tmp_path / f"x{suffix}"
    file.write_bytes(data)
    filetypes.check_file(file)


def test_heic_is_known(tmp_path: Path):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = tmp_path / "x.heic"
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(file)
    assert sniff(file.read_bytes()[:HEAD_BYTES]) == ".heic"
    filetypes.check_file(file)


@pytest.mark.parametrize(
    ("name", "codec", "form", "suffix"),
    [
        ("x.wav", "pcm_s16le", None, ".wav"),
        ("x.mp3", "libmp3lame", None, ".mp3"),
        ("x.flac", "flac", None, ".flac"),
        ("x.ogg", "libopus", "ogg", ".ogg"),
        ("x.aac", "aac", "adts", ".aac"),
        ("x.m4a", "aac", "ipod", ".m4a"),
        ("x.webm", "libopus", "webm", ".webm"),
    ],
)
def test_sounds_are_known(name: str, codec: str, form: str | None, suffix: str, tmp_path: Path):
    data = sound(tmp_path / name, codec, form)
    assert sniff(data[:HEAD_BYTES]) == suffix
    assert suffix in filetypes.SUFFIXES["sound"]


def test_mp3_without_tags_is_known(tmp_path: Path):
    data = sound(tmp_path / "x.mp3", "libmp3lame")
    assert sniff(data[data.index(b"\xff\xfb") :][:HEAD_BYTES]) == ".mp3"


@pytest.mark.parametrize(
    ("name", "form", "suffix"),
    [
        ("x.mp4", None, ".mp4"),
        ("x.mov", None, ".mp4"),
        ("x.mkv", None, ".mkv"),
        ("x.webm", None, ".webm"),
    ],
)
def test_videos_are_known(name: str, form: str | None, suffix: str, tmp_path: Path):
    assert sniff(film(tmp_path / name, form)[:HEAD_BYTES]) == suffix
    assert suffix in filetypes.SUFFIXES["video"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"MZ\x90\0",
        b"\x7fELF",
        b"#!/bin/sh\n",
        b"#EXTM3U\nfile:///etc/passwd",
        b"ffconcat version 1.0\nfile /etc/passwd",
        b"RIFF\0\0\0\0AVI LIST",
        b"PK\5\6" + bytes(18),
        b"\xff\xff\xff\xff",
        b"Rar!\x1a\7",
        b"\x1f\x8b\x08",
    ],
)
def test_nothing_else_is(data: bytes):
    assert sniff(data) == ""


def test_the_limits_are_those_of_whoever_opens_it():
    assert images.MAX_PIXELS == filetypes.MAX_PIXELS
    assert _sources.MAX_FILES == filetypes.MAX_PACKAGE_FILES
