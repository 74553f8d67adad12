"""Jobs: which there are, what one says of itself, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from server.conftest import Server
from web.site import TEXT, Made, film, go, toast

LONG = TEXT | {"text": "It goes on and on, and on again. " * 150, "fps": 60, "size": 512}


def test_the_list_can_be_narrowed_down_and_the_address_says_how(page: Page, made: Made):
    go(page, "/jobs")
    rows = page.get_by_role("main").get_by_role("listitem")
    expect(rows.filter(has_text="Film")).to_have_count(1)
    page.get_by_role("combobox", name="Kind").select_option("Training")
    expect(rows.filter(has_text="Hello, this is the first one.")).to_have_count(0)
    expect(rows.filter(has_text="Film")).to_have_count(1)
    page.get_by_role("combobox", name="State").select_option("Failed")
    expect(page.get_by_text("No job is like that")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows.filter(has_text="Film")).to_have_count(1)
    page.get_by_role("combobox", name="State").select_option("Failed")
    expect(rows.filter(has_text="Import").first).to_be_visible()


def test_one_that_runs_is_seen_everywhere_and_can_be_cancelled_resumed_and_deleted(
    page: Page, server: Server, tolerated: list[str]
):
    tolerated.append("404")  # its log may be asked for in the moment in which it is deleted
    job = server.http.post("/api/v1/speak", json=LONG).json()["id"]
    try:
        _cancel_resume_delete(page, job)
        assert server.http.get(f"/api/v1/jobs/{job}").status_code == 404
    finally:
        server.http.delete(f"/api/v1/jobs/{job}")


def _cancel_resume_delete(page: Page, job: str) -> None:
    go(page, "/jobs")
    expect(page.get_by_role("link", name="Jobs 1 job is running")).to_be_visible()
    row = page.get_by_role("main").get_by_role("listitem").filter(has_text="It goes on and on").first
    expect(row).to_contain_text("%")
    row.get_by_role("link").first.click()
    page.wait_for_url(f"**/#/jobs/{job}")
    expect(page.get_by_text("frames").first).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    toast(page, "The job was cancelled.")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/#/jobs")


def test_a_failed_one_says_why_and_shows_its_log(page: Page, made: Made):
    go(page, f"/jobs/{made.failed}")
    expect(page.get_by_role("alert")).to_contain_text("manifest")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.get_by_role("log", name="Log")).not_to_be_empty()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the log").click()
    assert download.value.suggested_filename == f"{made.failed}.log"


def test_training_shows_its_losses_and_pictures(page: Page, tmp_path: Path):
    go(page, "/training")
    page.locator("input[type=file]").first.set_input_files(film(tmp_path))
    expect(page.get_by_text("This video cannot be used as it is.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Film one person from the front")).to_be_visible()
    page.get_by_role("checkbox", name="Try it with this video all the same").check()
    page.get_by_role("combobox", name="Engine").select_option("sketch")
    page.get_by_role("textbox", name="Name", exact=True).fill("Learnt")
    page.get_by_text("Nobody real").click()
    page.get_by_role("textbox", name="What is shown?").fill("Noise")
    page.get_by_role("checkbox", name="No living person").check()
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/#/jobs/*")
    expect(page.get_by_text("Done").first).to_be_visible(timeout=30_000)
    for name in ("loss", "psnr"):
        expect(page.get_by_role("table", name=name)).to_be_attached()
    preview = page.get_by_role("img", name="Preview at step 20")
    expect(preview).to_be_visible()
    assert preview.evaluate("(image) => image.naturalWidth") == 64
    expect(page.get_by_role("link", name="Talk", exact=True)).to_be_visible()
    page.get_by_role("link", name="Let it speak").click()
    expect(page.get_by_role("radio", name="Learnt")).to_be_checked()
