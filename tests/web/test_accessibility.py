"""Nothing that axe calls serious: on all pages, in both themes and languages, on a desk and on a phone, with dialogs open."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from web.conftest import DESKTOP, PHONE, Opens
from web.site import Made, addresses, go, until_it_plays

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.skipif(not AXE.is_file(), reason="not here: axe-core (make web)")

# The policy of the page forbids foreign scripts, so that axe is not loaded but evaluated from outside.
# What it would fetch before (`preload`) is only for rules that are not serious.
FINDINGS = """async only => {
    const run = only ? { runOnly: { type: 'rule', values: only } } : {};
    const { violations } = await axe.run(document, { ...run, resultTypes: ['violations'], preload: false });
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary}`));
}"""
STILL = """() => {
    document.getAnimations().forEach((one) => { try { one.finish() } catch { one.cancel() } });
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def findings(page: Page, only: list[str] | None = None) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(STILL)
    return page.evaluate(FINDINGS, only)


def in_both_themes(page: Page) -> dict[str, list[str]]:
    """Only colours change with the theme."""
    page.emulate_media(color_scheme="light")
    light = findings(page)
    page.emulate_media(color_scheme="dark")
    return {"light": light, "dark": findings(page, ["color-contrast"])}


NONE: dict[str, list[str]] = {"light": [], "dark": []}


@pytest.mark.parametrize(
    ("locale", "size"), [("en-GB", DESKTOP), ("zh-CN", PHONE)], ids=["english desk", "chinese phone"]
)
def test_every_page(opens: Opens, made: Made, locale: str, size: ViewportSize):
    page = opens(locale=locale, viewport=size).new_page()
    found = {}
    for address in addresses(made):
        go(page, address)
        page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
        found[address] = in_both_themes(page)
    assert {address: one for address, one in found.items() if one != NONE} == {}


def details(page: Page, _: Made) -> None:
    go(page, "/avatars")
    page.get_by_role("button", name="dot: Details").click()
    page.get_by_role("dialog").wait_for()


def question(page: Page, _: Made) -> None:
    go(page, "/avatars")
    page.get_by_role("button", name="More about dot").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").wait_for()


def menu(page: Page, _: Made) -> None:
    go(page, "/jobs")
    page.get_by_role("button", name="Actions").first.click()
    page.get_by_role("menu").wait_for()


def token(page: Page, _: Made) -> None:
    go(page, "/settings/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_role("dialog").wait_for()


def services(page: Page, _: Made) -> None:
    go(page, "/live")
    page.get_by_role("button", name="Services").click()
    page.get_by_role("dialog").wait_for()


def voices(page: Page, _: Made) -> None:
    go(page, "/videos/new")
    page.get_by_role("textbox", name="Text").fill("Guten Tag, wie geht es Ihnen heute?")
    page.get_by_role("combobox", name="Voice").click()
    page.get_by_role("listbox").wait_for()


def mistakes(page: Page, _: Made) -> None:
    go(page, "/videos/new")
    page.get_by_text("Audio file").click()
    page.get_by_role("button", name="Make the video").click()
    page.get_by_role("alert").wait_for()


def wrong_setting(page: Page, _: Made) -> None:
    go(page, "/settings/limits")
    page.get_by_role("textbox", name="Largest upload, MB").fill("-1")
    page.locator("[aria-invalid=true]").wait_for()


def wipe(page: Page, made: Made) -> None:
    go(page, f"/compare/{made.videos[0]}/{made.videos[1]}")
    page.get_by_text("Wipe").click()
    page.get_by_role("slider", name="Where the two videos meet").wait_for()


def talking(page: Page, _: Made) -> None:
    go(page, "/live")
    page.get_by_text("dot", exact=True).first.click()
    page.get_by_role("button", name="Type only").click()
    until_it_plays(page, 0.2)


# The conversation last: with the page that it is on, it ends.
OPENED = [details, question, menu, token, services, voices, mistakes, wrong_setting, wipe, talking]


def test_whatever_can_be_opened(page: Page, made: Made):
    found = {}
    for steps in OPENED:
        steps(page, made)
        found[steps.__name__] = in_both_themes(page)
        page.keyboard.press("Escape")
        expect(page.locator("[role=dialog], [role=menu], [role=listbox]")).to_have_count(0)
    assert {name: one for name, one in found.items() if one != NONE} == {}
