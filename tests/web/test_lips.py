"""Measuring the lips of a video that was made here, and of one from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from evaluation.conftest import ASTRONAUT, noise, write_video
from mien.media import read_image
from server.conftest import Server
from web.conftest import Opens
from web.site import go

SAID = "My mama may buy me a blue boat."
EVIL = "<img src=x onerror=alert(1)>.mp4"


@pytest.fixture(scope="module")
def face(server: Server) -> str:
    """A video of somebody whose lips can be seen; its id."""
    job = server.speak(avatar="astronaut", text=SAID, size=192, fps=25)
    assert job["status"] == "succeeded", job
    return job["id"]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that does not move, 1.2 s, with noise."""
    picture = np.ascontiguousarray(read_image(ASTRONAUT)[:320, 64:384])
    return write_video(tmp_path_factory.mktemp("still") / EVIL, [picture] * 30, noise(1.2))


@pytest.mark.parametrize(
    ("locale", "check", "report", "row", "title"),
    [
        ("en-US", "Check the lips", "Full report", "The lips follow the sounds of the speech", "Lip sync"),
        ("zh-CN", "检查口型", "完整报告", "嘴唇跟随语音中的每个音", "口型同步"),
    ],
)
def test_lips_of_a_video_that_was_made_here(
    opens: Opens, server: Server, face: str, locale: str, check: str, report: str, row: str, title: str
):
    for job in server.http.get("/api/v1/jobs", params={"kind": "evaluate"}).json()["jobs"]:
        server.http.delete(f"/api/v1/jobs/{job['id']}")
    context = opens(locale=locale)
    page = context.new_page()
    go(page, f"/videos/{face}")
    page.get_by_role("button", name=check).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.reload()  # what was begun is found again
    link = page.get_by_role("link", name=report)
    expect(link).to_be_visible(timeout=60_000)
    expect(page.get_by_role("row", name=row)).to_contain_text(re.compile(r"0[.]\d\d"))
    with context.expect_page() as opened:
        link.click()
    full = opened.value
    expect(full.get_by_role("heading", level=1)).to_have_text(title, use_inner_text=True)
    expect(full.locator("header")).to_contain_text(SAID)
    expect(full.locator("svg").first).to_be_visible()
    # It has an origin of its own: neither cookies nor the server are in its reach.
    assert full.evaluate("origin") == "null"


def test_a_check_can_be_stopped_and_begun_again(page: Page, server: Server, face: str):
    made = server.http.get("/api/v1/jobs", params={"kind": "evaluate"}).json()["jobs"]
    for job in made:
        server.http.delete(f"/api/v1/jobs/{job['id']}")
    go(page, f"/videos/{face}")
    page.get_by_role("button", name="Check the lips").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Check the lips")).to_be_visible()
    (job,) = server.http.get("/api/v1/jobs", params={"kind": "evaluate"}).json()["jobs"]
    assert job["status"] == "cancelled"
    page.get_by_role("button", name="Check the lips").click()
    expect(page.get_by_role("link", name="Full report")).to_be_visible(timeout=60_000)


def test_a_video_from_elsewhere_with_a_name_that_is_none(page: Page, server: Server, still: Path):
    go(page, "/videos")
    page.get_by_role("link", name="Check any video").click()
    page.get_by_role("button", name="Check the lips").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a video.")
    files = page.locator("input[type=file]")
    expect(files.nth(1)).to_be_disabled()
    files.nth(0).set_input_files(still)
    files.nth(1).set_input_files(still)
    page.get_by_role("button", name="Check the lips").click()
    page.wait_for_url(re.compile(r"#/jobs/[0-9a-f]{32}"))
    link = page.get_by_role("link", name="Full report")
    expect(link).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    expect(page.get_by_text("1.2 s are little")).to_be_visible()
    with page.context.expect_page() as opened:
        link.click()
    expect(opened.value.locator("header .name")).to_have_text(EVIL)
    job = server.http.get("/api/v1/jobs", params={"kind": "evaluate"}).json()["jobs"][0]
    assert job["result"]["figures"]["reference"]["best"]["lag_ms"] is not None


def test_a_video_without_a_face_says_so(page: Page, server: Server):
    video = server.speak(text="There is no face to be seen in this picture.")["id"]
    go(page, f"/videos/{video}")
    page.get_by_role("button", name="Check the lips").click()
    expect(page.get_by_role("alert")).to_contain_text("A face is seen in 0.0", timeout=60_000)
    expect(page.get_by_role("button", name="Check the lips")).to_be_visible()
