"""A real server, the built page, and the system's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect, sync_playwright

from mien.settings import load
from server.conftest import Server, make_dot, start, stop
from web.site import Made, make

STATIC = Path(__file__).parents[2] / "src" / "mien" / "server" / "static"
expect.set_options(timeout=15_000)  # beside other work a page may take its time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = [
        what for what, found in (("Chromium", CHROMIUM), ("the built page (make web)", STATIC.is_dir())) if not found
    ]
    if missing:
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=f"not here: {', '.join(missing)}"))


# For the whole session: where workers share the tests, those of other folders come between and would end a package's fixtures.
@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("web")
    make_dot(folder)
    server = start(folder, LIVE_MAX_SESSIONS=2, RECOGNIZER="canned", CACHE_DIR=load().cache_dir, RATE_LIMIT=0)
    yield server
    assert stop(server) == 0


@pytest.fixture(scope="session")
def made(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(server, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Not for longer: while it is there, `asyncio.run` refuses to work in its thread."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
        yield browser


@pytest.fixture
def tolerated() -> list[str]:
    """What browsers note in their console of their own accord: answers that a test provokes, such as "404"."""
    return ["503"]


Opens = Callable[..., BrowserContext]


@pytest.fixture
def opens(browser: Browser, server: Server, tolerated: list[str]) -> Iterator[Opens]:
    """New contexts. They fail the test if their pages ask any other host for anything, or complain."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def opens(**choices: Any) -> BrowserContext:
        usual = {"base_url": server.url, "locale": "en-US", "viewport": DESKTOP}
        context = browser.new_context(**usual | choices)
        context.set_default_timeout(15_000)
        context.on("request", lambda request: None if _own(request.url, server.url) else complaints.append(request.url))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        contexts.append(context)
        return context

    yield opens
    for context in contexts:
        for page in context.pages:
            _end(page)
        context.close()
    assert [one for one in complaints if not any(word in one for word in tolerated)] == []


@pytest.fixture
def context(opens: Opens) -> BrowserContext:
    return opens()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def _own(url: str, server: str) -> bool:
    return url.startswith((f"{server}/", "blob:", "data:"))


def _end(page: Page) -> None:
    """Ends the page's session, so that the next test has its place."""
    _, _, session = page.url.partition("#/live/")
    if session:
        page.evaluate("id => fetch(`/api/v1/live/sessions/${id}`, {method: 'DELETE'})", session)
