"""Makes the pictures of the page in docs/images anew, with the real engine and the built-in picture (public domain).

PYTHONPATH=.:tests .venv/bin/python -m web.screenshots [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, sync_playwright

from mien.avatars import builtin_picture
from mien.settings import load
from server.conftest import Server, start, stop
from web.conftest import CHROMIUM, DESKTOP, FLAGS
from web.site import go, until_it_plays

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 120_000
TEXTS = {
    "en": (
        "Welcome aboard! In one minute I will show you what you can see from up here.",
        "Good morning. This is the weather for today: sunny, with a light breeze.",
        "Thank you for your question. The answer is on page twelve.",
    ),
    "zh": (
        "欢迎登机！接下来一分钟，我带您看看从这里能看到什么。",
        "早上好，今天天气晴朗，微风。",
        "谢谢您的提问，答案在第十二页。",
    ),
}
SAID = {
    "en": "Clouds, oceans, and every hour and a half a sunrise. What shall we look at first?",
    "zh": "云、海洋，还有每一个半小时一次的日出。我们先看什么呢？",
}
LONG = {"en": "The long story of a short flight. ", "zh": "一次短途飞行的长故事。"}


def furnish(server: Server, folder: Path, language: str) -> str:
    """An avatar and videos of it and of the built-in one; gives the newest video."""
    picture = builtin_picture("astronaut")
    assert picture is not None
    photo = folder / "photo.png"
    with Image.open(picture) as image:
        ImageOps.mirror(ImageOps.grayscale(image)).convert("RGB").save(photo)
    form = {"name": "Eileen", "licence": "Public domain (NASA)", "consent": "A public portrait of NASA."}
    with photo.open("rb") as file:
        server.ended(server.http.post("/api/v1/avatars", data=form, files={"file": file}))
    made: dict[str, Any] = {}
    for avatar, text in zip(("astronaut", "Eileen", "astronaut"), TEXTS[language], strict=True):
        made = server.ended(server.http.post("/api/v1/speak", json={"avatar": avatar, "text": text}))
        assert made["status"] == "succeeded", made
    return made["id"]


def talk(page: Page, language: str) -> None:
    go(page, "/live?avatar=astronaut")
    page.get_by_role("button", name={"en": "Type only", "zh": "只打字"}[language]).click()
    until_it_plays(page, 1)
    page.get_by_text({"en": "Say exactly this", "zh": "照着念"}[language]).click()
    page.get_by_role("textbox").fill(SAID[language])
    page.get_by_role("textbox").press("Enter")
    page.locator("aside").get_by_text(SAID[language][:12]).wait_for()
    page.wait_for_timeout(2500)


def jobs(page: Page, server: Server, language: str) -> None:
    job = server.http.post("/api/v1/speak", json={"avatar": "Eileen", "text": LONG[language] * 40}).json()["id"]
    go(page, "/jobs")
    page.wait_for_function("() => /[1-9]\\d? %/.test(document.querySelector('main').innerText)", timeout=60_000)
    page.wait_for_timeout(2500)
    shoot(page, "jobs", language)
    server.http.delete(f"/api/v1/jobs/{job}")


def shoot(page: Page, name: str, language: str) -> None:
    path = IMAGES / f"{name}-{language}.jpg"
    for quality in (88, 80, 70, 60):
        path.write_bytes(page.screenshot(type="jpeg", quality=quality))
        if path.stat().st_size <= LARGEST:
            return
    raise ValueError(f"{path} is larger than {LARGEST} bytes.")


def take(browser: Browser, language: str, wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder), CACHE_DIR=load().cache_dir, RATE_LIMIT=0, JOB_WORKERS=1)
        try:
            video = furnish(server, Path(folder), language)
            locale = {"en": "en-GB", "zh": "zh-CN"}[language]
            context = browser.new_context(base_url=server.url, locale=locale, viewport=DESKTOP)
            page = context.new_page()
            shots: dict[str, Callable[[], object]] = {
                "home": lambda: still(page, "home", "/", language),
                "video": lambda: watched(page, video, language),
                "avatars": lambda: still(page, "avatars", "/avatars", language),
                "settings": lambda: still(page, "settings", "/settings", language),
                "jobs": lambda: jobs(page, server, language),
                "live": lambda: (talk(page, language), shoot(page, "live", language)),
            }
            for name in wanted or shots:
                shots[name]()
            context.close()
        finally:
            stop(server)


def still(page: Page, name: str, address: str, language: str) -> None:
    go(page, address)
    page.wait_for_timeout(500)
    shoot(page, name, language)


def watched(page: Page, video: str, language: str) -> None:
    go(page, f"/videos/{video}")
    until_it_plays(page, -1)
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; v.currentTime = 0.6 }")
    # While it seeks, the browser turns a ring over the face.
    page.wait_for_function("() => { const v = document.querySelector('video'); return !v.seeking && v.readyState > 2 }")
    page.wait_for_timeout(1500)
    shoot(page, "video", language)


if __name__ == "__main__":
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for language in TEXTS:
            take(browser, language, sys.argv[1:])
        browser.close()
