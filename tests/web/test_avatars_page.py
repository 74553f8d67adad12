"""An avatar from a photo, with the real engine, and what can be done with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mien.avatars import builtin_picture
from mien.engines.portrait.spec import SPEC
from mien.settings import load
from mien.weights import WeightStore
from server.conftest import Server
from web.conftest import Opens
from web.site import broken, go, toast, until_it_plays


@pytest.fixture(scope="module")
def photo() -> Path:
    if not all(one.path for one in WeightStore.from_settings(load()).list() if one.name in SPEC.weights):
        pytest.skip("not here: the model files (mien weights pull)")
    path = builtin_picture("astronaut")
    assert path is not None
    return path


def test_a_photo_becomes_an_avatar_that_says_hello(page: Page, server: Server, photo: Path):
    go(page, "/avatars/new")
    create = page.get_by_role("button", name="Create avatar")
    page.locator("input[type=file]").first.set_input_files(photo)
    expect(page.get_by_text("One face was found.")).to_be_visible()
    page.get_by_role("textbox", name="Name", exact=True).fill("Eileen")
    page.get_by_text("Someone else").click()
    page.get_by_role("textbox", name="Who agreed").fill("A picture of NASA, public domain")
    expect(create).to_be_disabled()
    page.get_by_role("checkbox", name=re.compile("has agreed")).check()
    create.click()
    expect(page.get_by_role("heading", name="Eileen is ready")).to_be_visible(timeout=60_000)
    assert "A picture of NASA" in server.http.get("/api/v1/avatars/Eileen").json()["consent"]
    page.get_by_role("button", name="Say hello").click()
    page.wait_for_url("**/#/videos/*")
    page.wait_for_selector("video", timeout=90_000)
    page.evaluate("document.querySelector('video').play()")
    until_it_plays(page, 0.5)
    expect(page.get_by_text("portrait")).to_be_visible()


def test_a_picture_without_a_face_is_refused_before_it_is_sent(page: Page, server: Server, photo: Path):
    go(page, "/avatars/new")
    page.locator("input[type=file]").first.set_input_files(server.data_dir.parent / "dot.png")
    expect(page.get_by_text("No face was found.").first).to_be_visible()
    expect(page.get_by_text("Choose another photo to go on.")).to_be_visible()
    expect(page.get_by_role("button", name="Create avatar")).to_be_disabled()


def test_an_avatar_is_exported_deleted_and_imported_again(page: Page, server: Server, tmp_path: Path):
    source = server.data_dir.parent / "dot.png"
    form = {"name": "guest", "engine": "sketch", "consent": "a test's"}
    with source.open("rb") as file:
        server.ended(server.http.post("/api/v1/avatars", data=form, files={"file": file}))
    go(page, "/avatars")
    page.get_by_role("button", name="guest: Details").click()
    expect(page.get_by_role("dialog")).to_contain_text("a test's")
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("link", name="Export").click()
    package = tmp_path / download.value.suggested_filename
    assert package.name == "guest.mien"
    download.value.save_as(package)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete", exact=True).last.click()
    toast(page, "guest was deleted.")
    expect(page.get_by_role("heading", name="guest")).to_have_count(0)
    page.locator("input[type=file]").set_input_files(package)
    toast(page, "guest was imported.")
    expect(page.get_by_role("heading", name="guest")).to_be_visible()
    assert server.http.get("/api/v1/avatars/guest").json()["consent"] == "a test's"


def test_a_broken_package_says_what_to_do_in_the_pages_language(opens: Opens, tmp_path: Path):
    page = opens(locale="zh-CN").new_page()
    name, content = broken()
    (tmp_path / name).write_bytes(content)
    go(page, "/avatars")
    page.locator("input[type=file]").set_input_files(tmp_path / name)
    expect(page.get_by_role("alert")).to_contain_text("包")
