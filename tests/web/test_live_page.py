"""Talking with an avatar as a user does: the real page in a real browser, with a microphone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from live.sessions import voice
from mien.settings import Settings
from server.conftest import Server
from web.conftest import CHROMIUM, FLAGS

PLAYS = """() => {
    const video = document.querySelector('video');
    return video && video.videoWidth > 0 && video.currentTime > 1 && !video.paused;
}"""


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some silence, a question, and silence again, over and over."""
    folder = tmp_path_factory.mktemp("microphone")
    question = voice("Tell me what time it is", Settings(data_dir=folder, cache_dir=folder))
    silence = np.zeros(16000, np.int16)
    path = folder / "question.wav"
    soundfile.write(path, np.concatenate([silence, silence, question, *[silence] * 8]), 16000)
    return path


@pytest.fixture(scope="module")
def browser(playwright: Playwright, microphone: Path) -> Iterator[Browser]:
    """With a microphone that plays a recording."""
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
    with playwright.chromium.launch(executable_path=CHROMIUM, args=flags) as browser:
        yield browser


def open_page(page: Page, address: str = "/#/live", button: str = "Start talking") -> None:
    page.goto(address)
    page.get_by_text("dot", exact=True).first.click()
    page.get_by_role("button", name=button).click()


def until_it_plays(page: Page) -> None:
    page.wait_for_function(PLAYS, timeout=20_000)


def write(page: Page, text: str, exactly: bool = True) -> None:
    if exactly:
        page.get_by_text("Say exactly this").click()
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")


def session_of(page: Page) -> str:
    page.wait_for_url(re.compile(r"#/live/.+"))
    return page.url.rpartition("/")[2]


def test_it_listens_and_answers(page: Page):
    open_page(page)
    until_it_plays(page)
    talk = page.locator("aside")
    expect(talk).to_contain_text("hello there how are you", timeout=20_000)
    expect(talk).to_contain_text("Hello", timeout=20_000)
    expect(page.get_by_text("Speaking").first).to_be_visible(timeout=20_000)


def test_what_is_typed_is_said_and_can_be_interrupted(page: Page):
    open_page(page, button="Type only")
    until_it_plays(page)
    write(page, "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.")
    expect(page.get_by_text("Speaking").first).to_be_visible()
    expect(page.locator("aside")).to_contain_text("One two")
    page.get_by_role("button", name=re.compile("Interrupt")).click()
    expect(page.get_by_text("Ready").first).to_be_visible()
    expect(page.locator("aside")).to_contain_text("interrupted")
    expect(page.locator("aside")).not_to_contain_text("sixteen")


def test_the_address_can_name_the_avatar(page: Page):
    page.goto("/?avatar=dot")
    expect(page.get_by_role("radio", name="dot")).to_be_checked()


def test_the_delay_of_each_turn_is_shown(page: Page):
    open_page(page, button="Type only")
    write(page, "How long did this take?")
    page.get_by_role("tab", name="Delay").click()
    expect(page.get_by_text("Sent out").first).to_be_visible(timeout=15_000)


def test_without_webrtc_it_comes_over_a_websocket(page: Page):
    open_page(page, "/?transport=ws#/live", button="Type only")
    until_it_plays(page)
    write(page, "Hello over a socket.")
    expect(page.locator("aside")).to_contain_text("Hello over a socket.", timeout=15_000)


def test_a_reload_comes_back_to_the_same_session(page: Page, server: Server):
    open_page(page, button="Type only")
    until_it_plays(page)
    before = session_of(page)
    page.reload()
    until_it_plays(page)
    assert session_of(page) == before
    assert [one["id"] for one in server.http.get("/api/v1/live/sessions").json()] == [before]


def test_two_at_once_do_not_hear_each_other_and_a_third_is_told_why(context: BrowserContext):
    pages = [context.new_page() for _ in range(3)]
    for page in pages[:2]:
        open_page(page, button="Type only")
        until_it_plays(page)
    write(pages[0], "Only here.")
    write(pages[1], "Only there.")
    expect(pages[0].locator("aside")).to_contain_text("Only here.")
    expect(pages[1].locator("aside")).to_contain_text("Only there.")
    assert "there" not in pages[0].locator("aside").inner_text()
    open_page(pages[2], button="Type only")
    expect(pages[2].locator("aside")).to_contain_text("All places are taken.")


def test_no_permission_for_the_microphone_leaves_typing(page: Page):
    refuse = "() => Promise.reject(new DOMException('refused', 'NotAllowedError'))"
    page.add_init_script(f"navigator.mediaDevices.getUserMedia = {refuse}")
    open_page(page)
    expect(page.locator("aside")).to_contain_text("You can type", timeout=15_000)
    write(page, "I can type.")
    expect(page.locator("aside")).to_contain_text("I can type.", timeout=15_000)
