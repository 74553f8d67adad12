"""All pages, as anyone walks through them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from web.conftest import DESKTOP, PHONE, Opens
from web.site import Made, addresses, go

TOO_WIDE = """async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    return [document.documentElement, document.querySelector('main')]
        .filter((box) => box.scrollWidth > box.clientWidth)
        .map((box) => `${box.tagName}: ${box.scrollWidth} in ${box.clientWidth}`);
}"""


@pytest.mark.parametrize(("locale", "lang"), [("en-GB", "en"), ("zh-CN", "zh-CN")])
def test_every_page_says_where_one_is_and_fits_a_desk_and_a_phone(opens: Opens, made: Made, locale: str, lang: str):
    page = opens(locale=locale).new_page()
    too_wide: dict[str, list[str]] = {}
    for address, texts in addresses(made).items():
        title, heading = texts[lang != "en"]
        go(page, address)
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            expect(page).to_have_title(re.compile(rf"^{re.escape(title)}.* · Mien$"))
            expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
            too_wide[f"{address} {size['width']}"] = page.evaluate(TOO_WIDE)
        expect(page.locator("html")).to_have_attribute("lang", lang)
    assert {where: boxes for where, boxes in too_wide.items() if boxes} == {}


def test_language_and_theme_survive_a_reload(page: Page):
    go(page, "/")
    page.get_by_text("中文", exact=True).click()
    page.get_by_role("radio", name="深色").check(force=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("让数字人说点什么？")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(18, 20, 22)"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("让数字人说点什么？")
    expect(page).to_have_title("首页 · Mien")
    assert page.evaluate(paper) == "rgb(18, 20, 22)"


def test_the_menus_lead_everywhere(page: Page):
    go(page, "/")
    for name in ("Avatars", "Videos", "Training", "Live", "Jobs", "Settings", "Home"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_title(f"{name} · Mien")
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")


def test_a_phones_menu_has_the_rest(opens: Opens):
    page = opens(viewport=PHONE, is_mobile=True, has_touch=True).new_page()
    go(page, "/")
    page.get_by_role("button", name="More").tap()
    page.get_by_role("dialog").get_by_role("link", name="Jobs").tap()
    expect(page).to_have_title("Jobs · Mien")
    expect(page.get_by_role("dialog")).to_be_hidden()
