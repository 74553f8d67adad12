"""Making, watching and comparing videos."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, Route, expect

from media.made import tone
from mien.settings import load
from mien.speech import Speaker
from server.conftest import Server
from web.site import Made, go, until_it_plays

LONG = "This takes a while to be drawn, since it is said again and again. " * 20
"""A minute and a half: time enough to look at it, leave, come back and stop it."""


SAID = "Das ist nicht die ganze Geschichte, und ich sage es mit Freude."


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "my voice.wav"
    soundfile.write(path, tone(1.5, 16000, 200), 16000)
    return path


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spoken") / "gesagt.wav"
    with Speaker(load(), "espeak:de") as speaker:
        chunks = list(speaker.speak(SAID))
    soundfile.write(path, np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate)
    return path


def form(page: Page, avatar: str = "dot") -> None:
    go(page, f"/videos/new?avatar={avatar}")
    expect(page.get_by_role("radio", name=avatar)).to_be_checked()


def small(page: Page) -> None:
    page.get_by_text("Options", exact=True).click()
    page.get_by_role("combobox", name="Frames per second").select_option("15")
    page.get_by_role("combobox", name="Size").select_option("256")


def job_of(page: Page) -> str:
    page.wait_for_url(re.compile(r"#/videos/[0-9a-f]{32}"))
    return page.url.rpartition("/")[2]


def test_a_text_becomes_a_video_with_subtitles_that_can_be_taken_home(page: Page, server: Server, tmp_path: Path):
    form(page)
    small(page)
    page.get_by_role("textbox", name="Text").fill("Hello from the page. It has two sentences.")
    page.get_by_role("button", name="Make the video").click()
    video = job_of(page)
    until_it_plays(page, -1)
    page.evaluate("document.querySelector('video').play()")
    until_it_plays(page)
    cues = (
        "() => [...document.querySelector('video').textTracks].flatMap((t) => [...(t.cues ?? [])].map((c) => c.text))"
    )
    page.wait_for_function(f"() => ({cues})().length > 0")
    assert " ".join(page.evaluate(cues)) == "Hello from the page. It has two sentences."
    for name, suffix, begins in (("Video (MP4)", ".mp4", b"ftyp"), ("SRT", ".srt", b"1"), ("VTT", ".vtt", b"WEBVTT")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename.endswith(suffix)
        download.value.save_as(tmp_path / name)
        assert begins in (tmp_path / name).read_bytes()[:12]
    assert server.http.get(f"/api/v1/jobs/{video}").json()["request"]["size"] == 256


def test_making_can_be_watched_left_stopped_and_gone_on_with(page: Page, server: Server):
    form(page)
    small(page)
    page.get_by_role("textbox", name="Text").fill(LONG)
    page.get_by_role("button", name="Make the video").click()
    job = job_of(page)
    expect(page.get_by_text("Drawing the pictures")).to_be_visible()
    page.reload()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[1-9]\d? %$")).first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible()
    assert server.http.get(f"/api/v1/jobs/{job}").json()["status"] == "cancelled"
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    # Elsewhere on the page its end is told of.
    page.get_by_role("link", name="Avatars", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="is done")).to_be_visible(timeout=100_000)
    page.get_by_role("link", name="Show", exact=True).click()
    until_it_plays(page, -1)
    assert page.url.endswith(job)


def test_a_sound_of_ones_own_keeps_its_length_and_has_no_subtitles(page: Page, recording: Path):
    form(page)
    small(page)
    page.get_by_text("Audio file").click()
    page.locator("input[type=file]").set_input_files(recording)
    expect(page.get_by_text("my voice.wav")).to_be_visible()
    page.reload()
    expect(page.get_by_role("status").filter(has_text="my voice.wav")).to_contain_text("has to be chosen again")
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("alert")).to_have_text("Choose an audio file.")
    page.locator("input[type=file]").set_input_files(recording)
    page.get_by_role("button", name="Make the video").click()
    job_of(page)
    until_it_plays(page, -1)
    assert page.evaluate("document.querySelector('video').duration") == pytest.approx(1.5, abs=0.1)
    expect(page.get_by_role("link", name="SRT")).to_have_count(0)


def test_what_a_recording_says_makes_subtitles_and_can_be_read(page: Page, server: Server, spoken: Path):
    form(page)
    small(page)
    page.get_by_text("Audio file").click()
    page.locator("input[type=file]").set_input_files(spoken)
    said = page.get_by_role("textbox", name="What is said in it (optional)")
    said.fill("x" * 50_001)
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("alert")).to_contain_text("1 characters too many")
    said.fill(SAID)
    expect(page.get_by_text("looks like German")).to_be_visible()
    page.get_by_role("button", name="Make the video").click()
    video = job_of(page)
    until_it_plays(page, -1)
    request = server.http.get(f"/api/v1/jobs/{video}").json()["request"]
    assert (request["transcript"], request["language"], request["text"]) == (SAID, "de", "")
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.get_by_role("link", name="SRT")).to_be_visible()
    assert "Geschichte" in server.http.get(f"/api/v1/videos/{video}/subtitles.srt").text
    # Another one like it has the words, but not the sound.
    page.get_by_role("link", name="Make another").click()
    expect(said).to_have_value(SAID)


def test_a_video_is_made_without_a_mouse(page: Page):
    go(page, "/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skips to the content
    tab_to(page, "Make a video")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/videos/new")
    expect(page.get_by_role("radio", name="astronaut")).to_be_attached()
    tab_to(page, "")
    while page.evaluate("document.activeElement.value") != "dot":
        page.keyboard.press("ArrowDown")
    tab_to(page, "Text")
    page.keyboard.type("No mouse.")
    tab_to(page, "Make the video")
    page.keyboard.press("Enter")
    job_of(page)
    until_it_plays(page, -1)
    tab_to(page, "Video: No mouse.")
    page.keyboard.press("Space")
    until_it_plays(page)


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what has the focus is called so; "": until it is a choice of avatars."""
    called = """() => {
        const now = document.activeElement;
        if (now.type === 'radio') return now.name.endsWith('-avatar') ? '' : now.value;
        return now.getAttribute('aria-label') ?? now.labels?.[0]?.innerText ?? now.innerText;
    }"""
    now = None
    for _ in range(40):
        page.keyboard.press("Tab")
        now = page.evaluate(called)
        if now == name or (name and (now or "").startswith(name)):
            return
    raise AssertionError(f"Tab never came to {name!r}, but to {now!r}.")


BOTH_PLAY = "() => [...document.querySelectorAll('video')].every((video) => video.currentTime > 0.2)"


def test_two_are_chosen_and_compared_on_one_clock(page: Page, made: Made):
    go(page, "/videos")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name=re.compile("Hello, this is")).click()
    page.get_by_role("button", name=re.compile("And this is")).first.click()
    page.wait_for_url(f"**/#/compare/{made.videos[0]}/{made.videos[1]}")
    expect(page.get_by_role("row", name=re.compile("^Size"))).to_contain_text("160 × 160")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(BOTH_PLAY)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Swap A and B").click()
    page.wait_for_url(f"**/#/compare/{made.videos[1]}/{made.videos[0]}")


def test_two_play_together_though_asked_to_before_they_have_come(page: Page, made: Made):
    held: list[Route] = []
    page.route(f"**/{made.videos[0]}/video.mp4", lambda route: held.append(route), times=1)
    go(page, f"/compare/{made.videos[0]}/{made.videos[1]}")
    page.get_by_role("button", name="Play").click()
    held[0].continue_()
    page.wait_for_function(BOTH_PLAY)


def test_what_is_not_there_is_said_and_leads_on(page: Page, tolerated: list[str]):
    tolerated.append("404")
    page.goto("/#/videos/00000000000000000000000000000000")
    expect(page.get_by_text("There is no such video")).to_be_visible()
    page.get_by_role("link", name="All videos").click()
    expect(page).to_have_title("Videos · Mien")
