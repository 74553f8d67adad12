"""The page that asks for a token, in a real browser."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from tests.server.conftest import eventually
from tests.server.test_access import Guarded

from mien.server import pages

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

ELSEWHERE = "http://elsewhere.example/"
"""Answered by the browser itself."""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="not here: Chromium")

MY_SCOPE = "fetch('/api/v1/me').then((answer) => answer.json()).then((me) => me.scope ?? me.code)"


@dataclass
class Site:
    guarded: Guarded
    url: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    guarded = Guarded(folder)
    (folder / "index.html").write_text("<!doctype html><link rel=icon href=data:,><p>the page</p>")
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as listener:
        patch.setattr(pages, "STATIC", folder)
        server = uvicorn.Server(uvicorn.Config(guarded.app, lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started)
        yield Site(guarded, f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless=new"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 700}) as context:
        page = context.new_page()
        page.route(f"{ELSEWHERE}**", lambda route: route.fulfill(body="<p>hello</p>", content_type="text/html"))
        yield page


def enter(page: Page, token: str) -> None:
    page.get_by_label("令牌").fill(token)
    page.get_by_role("button", name="进入").click()
    page.wait_for_load_state()


def test_its_form_lets_in_and_keeps_where_one_was_going(page: Page, site: Site):
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{site.url}/?voice=x#/jobs")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") == "20px"
    enter(page, "wrong")
    page.get_by_role("alert").wait_for()
    enter(page, site.guarded.texts["read"])
    page.wait_for_url(f"{site.url}/?voice=x#/jobs")
    assert page.evaluate(MY_SCOPE) == "read"
    assert page.evaluate("document.cookie") == ""
    # The browser itself notes each 401.
    assert not [one for one in complaints if "401" not in one]
    assert page.reload()
    assert page.evaluate(MY_SCOPE) == "read"


def test_who_is_in_and_follows_a_link_from_elsewhere_is_not_asked_again(page: Page, site: Site):
    page.goto(site.url)
    enter(page, site.guarded.texts["read"])
    assert page.evaluate(MY_SCOPE) == "read"
    page.goto(ELSEWHERE)
    with page.expect_request(f"{site.url}/login?voice=x"):
        page.evaluate(f"location.href = '{site.url}/?voice=x#/jobs'")
    page.wait_for_url(f"{site.url}/?voice=x#/jobs")
    assert page.get_by_label("令牌").count() == 0


def test_another_site_can_send_nothing_in_ones_name(page: Page, site: Site):
    page.goto(site.url)
    enter(page, site.guarded.texts["admin"])
    page.goto(ELSEWHERE)
    page.evaluate(
        f"fetch('{site.url}/api/v1/tokens/x', {{ method: 'POST', mode: 'no-cors', credentials: 'include' }}).catch(() => 0)"
    )
    page.evaluate(
        f"""() => {{
            const form = document.createElement('form')
            form.method = 'post'
            form.action = '{site.url}/login?token={site.guarded.texts["read"]}'
            document.body.append(form)
            form.submit()
        }}"""
    )
    page.get_by_text("Forbidden").wait_for()
    page.goto(site.url)
    assert page.evaluate(MY_SCOPE) == "admin"


def test_the_token_leaves_the_address_at_once(page: Page, site: Site):
    page.goto(f"{site.url}/?token={site.guarded.texts['make']}&voice=x")
    page.wait_for_url(f"{site.url}/?voice=x**")
    assert page.evaluate(MY_SCOPE) == "make"
    assert page.evaluate("history.length") <= 2
