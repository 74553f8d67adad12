"""The pages of the web page, and what stands on them in these tests."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, expect

from media.made import video_file
from server.conftest import Server

SETTLED = """address => document.querySelector('#app').__vue_app__?.config.globalProperties.$route.fullPath === address
    && document.querySelector('h1')
    && !document.querySelector('main [aria-busy=true], main div.animate-pulse')
    && [...document.images].every((image) => image.complete || image.loading === 'lazy')"""

TEXT = {"avatar": "dot", "size": 128, "fps": 10}


@dataclass(frozen=True)
class Made:
    """What the site holds when it is looked at; ids of jobs."""

    videos: tuple[str, str]
    failed: str
    trained: str


def make(server: Server, folder: Path) -> Made:
    """Two videos, a job that failed and an avatar that was trained; all at once."""
    ask = server.http.post
    failed = ask("/api/v1/avatars/import", files={"file": broken()})
    first = ask("/api/v1/speak", json=TEXT | {"text": "Hello, this is the first one. It has two sentences."})
    second = ask("/api/v1/speak", json=TEXT | {"text": "And this is the second.", "size": 160})
    trained = train(server, film(folder), "Film")
    ended = [server.ended(answer) for answer in (failed, first, second, trained)]
    assert [job["status"] for job in ended] == ["failed", "succeeded", "succeeded", "succeeded"], ended
    return Made((ended[1]["id"], ended[2]["id"]), ended[0]["id"], ended[3]["id"])


def train(server: Server, path: Path, name: str) -> Any:
    form = {"name": name, "engine": "sketch", "licence": "CC0", "consent": "made by the tests"}
    return server.http.post("/api/v1/train", data=form, files={"file": path.open("rb")})


def broken() -> tuple[str, bytes]:
    """An exported avatar with nothing in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("manifest.json", "{}")
    return "broken.mien", file.getvalue()


def film(folder: Path) -> Path:
    """Nine seconds of noise: enough to be learnt from."""
    path = folder / "film.mp4"
    noise = np.random.default_rng(0).integers(0, 200, (31, 48, 64, 3), dtype=np.uint8)
    path.write_bytes(video_file(list(noise), [300 * n for n in range(len(noise))]))
    return path


def addresses(made: Made) -> dict[str, tuple[tuple[str, str], tuple[str, str]]]:
    """What stands behind each address: its title and its heading, in English and in Chinese."""
    first, second = made.videos
    settings = (("Settings", "Settings"), ("设置", "设置"))
    return {
        "/": (("Home", "What shall your avatar say?"), ("首页", "让数字人说点什么？")),
        "/avatars": (("Avatars", "Avatars"), ("形象", "形象")),
        "/avatars/new": (("New avatar", "New avatar"), ("新建形象", "新建形象")),
        "/videos": (("Videos", "Videos"), ("视频", "视频")),
        f"/videos?compare={first}": (("Videos", "Videos"), ("视频", "视频")),
        "/videos/new": (("New video", "New video"), ("新建视频", "新建视频")),
        f"/videos/{first}": (("Hello, this is", "Hello, this is"), ("Hello, this is", "Hello, this is")),
        f"/compare/{first}/{second}": (("Compare", "Compare"), ("对比", "对比")),
        "/compare": (("Compare", "Compare"), ("对比", "对比")),
        "/lips": (("Check the lips", "Check the lips"), ("检查口型", "检查口型")),
        "/training": (("Training", "Training"), ("训练", "训练")),
        "/live": (("Live", "Who do you want to talk with?"), ("实时对话", "想和谁聊聊？")),
        "/jobs": (("Jobs", "Jobs"), ("任务", "任务")),
        f"/jobs/{made.trained}": (("Film", "Film"), ("Film", "Film")),
        f"/jobs/{made.failed}": (("Import", "Import"), ("导入", "导入")),
        "/settings": settings,
        "/settings/limits": settings,
        "/settings/tokens": settings,
        "/settings/weights": settings,
        "/settings/about": settings,
        "/no/such/page": (("Nothing here", "Nothing here"), ("页面不存在", "页面不存在")),
    }


def go(page: Page, address: str) -> None:
    """Opens a page of the web page and waits until nothing more is loaded."""
    page.goto(f"/#{address}")
    page.wait_for_function(SETTLED, arg=address)


def until_it_plays(page: Page, least_s: float = 0) -> None:
    """The player's picture is there and has run for so long."""
    page.wait_for_function(
        """least => {
            const video = document.querySelector('video');
            return video && video.videoWidth > 0 && video.currentTime > least;
        }""",
        arg=least_s,
        timeout=20_000,
    )


def toast(page: Page, text: str) -> None:
    """It is said at the edge of the page."""
    expect(page.get_by_role("status").filter(has_text=text).first).to_be_visible()
