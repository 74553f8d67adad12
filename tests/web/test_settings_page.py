"""Settings, and the tokens that lock a server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from mien.server.tokens import TokenStore
from server.conftest import Server, eventually
from web.conftest import Opens
from web.site import go, toast

KEY = "sk-not-a-real-one"


@pytest.fixture
def unlocked_afterwards(server: Server) -> Iterator[None]:
    """No token is left, so that nobody else needs one."""
    yield
    tokens = TokenStore(server.data_dir)
    for token in list(tokens.list()):
        tokens.revoke(token.id)


def test_a_value_is_kept_and_goes_back_to_its_default(page: Page, server: Server):
    def kept() -> int:
        return next(one for one in server.http.get("/api/v1/settings").json() if one["name"] == "llm_history")["value"]

    go(page, "/settings")
    group = page.locator("form").filter(has=page.get_by_role("heading", name="Language model"))
    field = group.get_by_role("textbox", name="Messages remembered")
    usual = kept()
    elsewhere = page.get_by_role("combobox", name="Usual voice")
    elsewhere.fill("espeak:cmn")
    field.fill("-3")
    expect(group.get_by_role("button", name="Save")).to_be_disabled()
    field.fill("7")
    group.get_by_role("button", name="Save").click()
    toast(page, "Saved.")
    assert kept() == 7
    expect(elsewhere).to_have_value("espeak:cmn")
    page.reload()
    expect(elsewhere).to_have_value("espeak")
    expect(field).to_have_value("7")
    group.get_by_role("button", name="Messages remembered: back to the default").click()
    group.get_by_role("button", name="Save").click()
    eventually(lambda: kept() == usual)


def test_a_key_can_be_written_but_never_read(page: Page, server: Server):
    go(page, "/settings")
    group = page.locator("form").filter(has=page.get_by_role("heading", name="Language model"))
    group.get_by_label("Key", exact=True).fill(KEY)
    group.get_by_role("button", name="Save").click()
    expect(group.get_by_text("A key is set")).to_be_visible()
    page.reload()
    expect(group.get_by_text("A key is set")).to_be_visible()
    assert KEY not in page.content()
    assert KEY not in server.http.get("/api/v1/settings").text
    group.get_by_role("button", name="Remove").click()
    group.get_by_role("button", name="Save").click()
    expect(group.get_by_label("Key", exact=True)).to_have_attribute("placeholder", "Not set")


def test_a_service_is_tried_out_before_it_is_kept(page: Page):
    go(page, "/settings")
    group = page.locator("form").filter(has=page.get_by_role("heading", name="Voice", exact=True))
    group.get_by_role("button", name="Test").click()
    expect(group.get_by_text(re.compile(r"^after [\d.]+ s$"))).to_be_visible()
    group.get_by_role("combobox", name="Usual voice").fill("espeak:nobody")
    group.get_by_role("button", name="Test").click()
    expect(group.get_by_text(re.compile("nobody.+", re.DOTALL)).first).to_be_visible()
    group.get_by_role("button", name="Discard").click()


@pytest.mark.usefixtures("unlocked_afterwards")
def test_tokens_lock_the_server_and_say_what_each_may(opens: Opens, tolerated: list[str]):
    tolerated += ["401", "403"]
    owner = opens().new_page()
    go(owner, "/settings/tokens")
    new_token(owner, "mine")
    reader = new_token(owner, "reader", "Look at things")
    page = opens().new_page()
    page.goto("/")
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Token").fill(reader)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed in as reader")).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_text("Only administrators can change this.")).to_be_visible()
    expect(page.get_by_text("Your token has the scope “read”.")).to_be_visible()
    page.get_by_role("link", name="Videos", exact=True).click()
    page.get_by_role("link", name="New video").first.click()
    expect(page.get_by_role("radio", name="Astronaut")).to_be_checked()
    page.get_by_role("textbox", name="Text").fill("May I?")
    page.get_by_role("button", name="Make the video").click()
    expect(page.get_by_role("alert")).to_contain_text("token")
    row = owner.get_by_role("listitem").filter(has_text="reader").filter(has=owner.get_by_role("button", name="Revoke"))
    row.get_by_role("button", name="Revoke").click()
    owner.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    toast(owner, "The token was revoked.")
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()


def new_token(page: Page, name: str, scope: str = "") -> str:
    page.get_by_role("button", name="New token").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="User").fill(name)
    if scope:
        page.get_by_role("combobox", name="May").select_option(scope)
    page.get_by_role("button", name="Create").click()
    text = page.locator("[data-token]").inner_text()
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert text not in page.content()
    return text


def test_a_server_that_is_away_is_told_of_and_found_again(context: BrowserContext, tolerated: list[str]):
    tolerated.append("ERR_INTERNET_DISCONNECTED")
    page = context.new_page()
    go(page, "/jobs")
    context.set_offline(True)
    page.get_by_role("combobox", name="State").select_option("Failed")
    expect(page.get_by_text("Is “mien serve” running, and are you connected?")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="goes on by itself")).to_be_visible()
    with page.expect_event("requestfailed", lambda request: request.url.endswith(".js")):
        page.get_by_role("link", name="Avatars", exact=True).click()  # whose code is not here yet
    context.set_offline(False)
    expect(page.get_by_role("heading", name="dot")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
