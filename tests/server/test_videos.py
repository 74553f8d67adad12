"""Videos that were made: looked at, saved, removed."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote

import av
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.server.conftest import Server
from tests.server.test_jobs import UNKNOWN, submit
from tests.server.test_uploads import refused

from mien.server.videos import file_name

TEXT = "你好 & <b>世界</b>: a/b?"


@pytest.fixture(scope="module")
def video(server: Server) -> dict[str, Any]:
    job = server.speak(text=TEXT)
    assert job["status"] == "succeeded", job
    return server.http.get(f"/api/v1/videos/{job['id']}").json()


def test_a_video_is_described(video: dict[str, Any]):
    assert (video["title"], video["text"], video["avatar"], video["voice"]) == (TEXT, TEXT, "dot", "espeak")
    assert (video["width"], video["height"], video["fps"]) == (128, 128, 10)
    assert video["subtitles"] is True
    assert video["seconds"] > 0
    assert video["made_in_s"] > 0


def test_it_plays_whole_and_in_parts(server: Server, video: dict[str, Any]):
    whole = server.http.get(video["url"])
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert "content-disposition" not in whole.headers
    assert len(whole.content) == video["bytes"]
    with av.open(io.BytesIO(whole.content), "r") as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert frames == round(video["seconds"] * video["fps"])
    part = server.http.get(video["url"], headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]


def test_it_is_saved_under_its_title(server: Server, video: dict[str, Any]):
    answer = server.http.get(video["url"], params={"download": "true"})
    kind, _, name = answer.headers["content-disposition"].partition("; filename*=utf-8''")
    assert kind == "attachment"
    assert unquote(name) == "你好 & b 世界 b a b.mp4"
    name = server.http.get(video["url"].replace("video.mp4", "subtitles.srt"), params={"download": "true"})
    assert name.headers["content-disposition"].endswith(".srt")


def test_it_has_a_poster_and_subtitles(server: Server, video: dict[str, Any]):
    poster = server.http.get(video["poster"])
    assert poster.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(poster.content)) as picture:
        assert picture.size == (128, 128)
    base = f"/api/v1/videos/{video['id']}"
    srt, vtt = server.http.get(f"{base}/subtitles.srt"), server.http.get(f"{base}/subtitles.vtt")
    assert " --> " in srt.text
    assert "你好" in srt.text
    assert vtt.headers["content-type"].startswith("text/vtt")
    assert vtt.text.startswith("WEBVTT\n")
    assert "<b>" not in vtt.text
    assert "&amp;" in vtt.text


def test_only_videos_are_listed(server: Server, video: dict[str, Any]):
    failed = server.speak(size=1080)
    page = server.http.get("/api/v1/videos", params={"limit": 100}).json()
    ids = [one["id"] for one in page["videos"]]
    assert video["id"] in ids
    assert failed["id"] not in ids
    assert page["next_offset"] is None
    assert server.http.get(f"/api/v1/videos/{failed['id']}").status_code == 404
    assert len(server.http.get("/api/v1/videos", params={"limit": 1}).json()["videos"]) == 1


def test_a_removed_video_is_gone_with_its_job(server: Server):
    id = server.speak()["id"]
    assert server.http.delete(f"/api/v1/videos/{id}").status_code == 204
    assert not (server.data_dir / "jobs" / id).exists()
    for path in (f"videos/{id}", f"videos/{id}/video.mp4", f"jobs/{id}"):
        assert server.http.get(f"/api/v1/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "/video.mp4", "/poster.jpg", "/subtitles.srt", "/subtitles.vtt"])
@pytest.mark.parametrize("what", ["unknown", "waiting", "hers"])
def test_what_is_no_video_of_ones_own_does_not_exist(desk: TestClient, path: str, what: str):
    id = {"unknown": UNKNOWN, "waiting": submit(desk), "hers": submit(desk, owner="ann")}[what]
    refused(desk.get(f"/api/v1/videos/{id}{path}"), 404, "not_found")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Hello.", "Hello"),
        ('a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j"),
        ("../../etc/passwd", "etc passwd"),
        ("line\r\nX-Evil: 1", "line X-Evil 1"),
        ("\u2028x\0", "x"),
        ("...", "video"),
        ("", "video"),
        ("字" * 100, "字" * 60),
    ],
)
def test_a_title_becomes_the_name_of_a_file(title: str, name: str):
    assert file_name(title) == name
