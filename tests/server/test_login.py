"""Logging in, web sessions, and tokens over HTTP."""

from __future__ import annotations

import logging
import os
import re
import stat
import time
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from tests.server.conftest import HERE, OpenClient
from tests.server.test_access import Guarded

from mien.live.manager import LiveManager
from mien.server.app import create_app
from mien.server.guard import COOKIE, Guard
from mien.server.tokens import TokenStore
from mien.settings import Settings

SESSIONS = "/api/v1/live/sessions"
LOGIN = "/api/v1/login"
OWN = {"Origin": HERE}


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


def logged_in(guarded: Guarded, scope: str = "make") -> TestClient:
    client = guarded.client()
    assert client.post(LOGIN, json={"token": guarded.texts[scope]}).status_code == 204
    return client


def test_logging_in_sets_a_cookie_that_scripts_and_other_sites_never_get(guarded: Guarded):
    client = guarded.client()
    answer = client.post(LOGIN, json={"token": guarded.texts["make"]})
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "max-age=604800", "path=/"} <= set(cookie.split("; "))
    assert "secure" not in cookie
    assert guarded.texts["make"] not in cookie
    assert client.get("/api/v1/me").json() == {"user": "anna", "scope": "make", "local": False}
    secure = client.post(f"https://mien.example{LOGIN}", json={"token": guarded.texts["make"]})
    assert "secure" in secure.headers["set-cookie"].lower()


@pytest.mark.parametrize("token", [b"wrong", "ü".encode(), b"\\udce4", b" ", b"mien_" + b"A" * 43])
def test_a_wrong_token_sets_nothing(guarded: Guarded, token: bytes):
    json = {"Content-Type": "application/json"}
    answer = guarded.client().post(LOGIN, content=b'{"token": "%s"}' % token, headers=json)
    assert answer.status_code in (400, 401, 422)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "body", [{}, {"token": ""}, {"token": 5}, {"token": "x" * 501}, {"token": "x", "user": "y"}, []]
)
def test_a_body_that_is_no_login(guarded: Guarded, body: object):
    assert guarded.client().post(LOGIN, json=body).status_code == 422


def test_a_foreign_form_cannot_log_anybody_in(guarded: Guarded):
    client = guarded.client()
    for path in (LOGIN, "/login"):
        answer = client.post(path, data={"token": guarded.texts["make"]}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
    assert client.post(LOGIN, data={"token": guarded.texts["make"]}).status_code == 415


def test_logging_out_takes_the_cookie_back(guarded: Guarded):
    client = logged_in(guarded, "read")
    assert client.post("/api/v1/logout", headers=OWN).status_code == 204
    assert client.get(SESSIONS).status_code == 401


def test_a_cookie_is_void_when_its_token_is(guarded: Guarded, monkeypatch: pytest.MonkeyPatch):
    client = logged_in(guarded)
    assert client.get(SESSIONS).status_code == 200
    token = guarded.tokens.list()[1]
    guarded.tokens.revoke(token.id)
    assert client.get(SESSIONS).status_code == 401
    _, text = guarded.tokens.create("short", days=1)
    client.post(LOGIN, json={"token": text})
    assert client.get(SESSIONS).status_code == 200
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_401)
    assert client.get(SESSIONS).status_code == 401


def test_a_cookie_ends_after_a_week(guarded: Guarded, monkeypatch: pytest.MonkeyPatch):
    guard = Guard(lambda: guarded.settings)
    cookie = guard.cookie(guard.identify(guarded.texts["make"], ""))
    assert guard.of_cookie(cookie) is not None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7 * 86_400)
    assert guard.of_cookie(cookie) is None


def test_another_token_in_the_settings_makes_its_cookies_void(tmp_path: Path):
    guarded = Guarded(tmp_path, server_token="first")
    client = guarded.client()
    assert client.post(LOGIN, json={"token": "first"}).status_code == 204
    assert client.get(SESSIONS).status_code == 200
    for changed in ("second", ""):
        guarded.app.state.settings = guarded.settings.model_copy(update={"server_token": changed})
        assert client.get(SESSIONS).status_code == 401
    guarded.app.state.settings = guarded.settings
    assert client.get(SESSIONS).status_code == 200


def test_cookies_cannot_be_made_up(guarded: Guarded):
    guard = Guard(lambda: guarded.settings)
    good = guard.cookie(guard.identify(guarded.texts["read"], ""))
    read_id, end, signature = good.split(".")
    admin_id = guarded.tokens.list()[2].id
    later = str(int(end) + 1)
    for forged in (
        f"{admin_id}.{end}.{signature}",
        f"{read_id}.{later}.{signature}",
        f".{end}.{signature}",
        f"{read_id}.{end}.",
        f"{read_id}.{end}",
        f"{read_id}.-1.{signature}",
        f"{read_id}.²{end}.{signature}",
        f"{read_id}.{'9' * 5000}.{signature}",
        f"{read_id}.{end}.ü",
        "..",
        "",
        guarded.texts["admin"],
    ):
        assert guard.of_cookie(forged) is None, forged
    raw = guarded.client().get(SESSIONS, headers={"Cookie": f"{COOKIE}={good}; {COOKIE}=x"})
    assert raw.status_code in (200, 401)


def test_cookies_of_another_data_folder_are_void(guarded: Guarded, tmp_path: Path):
    other = Guarded(tmp_path / "other")
    client = logged_in(other)
    cookie = client.cookies[COOKIE]
    assert guarded.client().get(SESSIONS, headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 401


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_the_key_is_kept_for_its_owner_only_and_survives_a_restart(guarded: Guarded):
    client = logged_in(guarded)
    key = guarded.settings.data_dir / "session.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.stat().st_size == 32
    assert Guard(lambda: guarded.settings).of_cookie(client.cookies[COOKIE]) is not None


def test_with_a_cookie_only_the_own_page_changes_anything(guarded: Guarded):
    client = logged_in(guarded)
    path = f"{SESSIONS}/unknown"
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Origin": "http://127.0.0.1:8601", "Sec-Fetch-Site": "same-site"},
    ):
        answer = client.delete(path, headers=headers)
        assert answer.status_code == 403, headers
    for headers in (OWN, {"Sec-Fetch-Site": "same-origin"}, {**OWN, "Sec-Fetch-Site": "same-origin"}):
        assert client.delete(path, headers=headers).status_code == 404, headers


def test_the_own_page_opens_live_sockets_with_its_cookie(guarded: Guarded):
    client = logged_in(guarded)
    url = f"ws{HERE.removeprefix('http')}{SESSIONS}/x/ws"
    for headers, status in ((OWN, 404), ({"Origin": "https://evil.example"}, 403), ({}, 403)):
        with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect(url, headers=headers):
            pass
        assert caught.value.status_code == status


def test_logging_in_is_tried_ten_times_a_minute(guarded: Guarded):
    client = guarded.client()
    answers = [client.post(LOGIN, json={"token": "wrong"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limit"
    assert refused.json()["retryable"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    form = client.post("/login", data={"token": guarded.texts["make"]})
    assert (form.status_code, "Too many" in form.text) == (429, True)
    elsewhere = guarded.client(client=("192.0.2.1", 5000))
    assert elsewhere.post(LOGIN, json={"token": guarded.texts["make"]}).status_code == 204


# The page


def test_the_page_asks_for_the_token_and_loads_nothing(guarded: Guarded):
    answer = guarded.client().get("/")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"(src|href)=\"(?!data:,)", answer.text)
    assert "alert" not in answer.text


@pytest.mark.parametrize(
    ("accepted", "language", "word"),
    [
        ("", "en", "Enter"),
        ("en-GB,en;q=0.9", "en", "Enter"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "进入"),
        ("fr,zh", "en", "Enter"),
    ],
)
def test_it_speaks_the_browsers_language(guarded: Guarded, accepted: str, language: str, word: str):
    text = guarded.client().get("/", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in text
    assert f"<button>{word}</button>" in text


def test_its_form_leads_to_the_page_behind_with_what_was_asked_for(guarded: Guarded):
    client = guarded.client()
    page = client.get("/", params={"avatar": '王 & "<b>', "token": "wrong"})
    match = re.search(r'action="([^"]*)"', page.text)
    assert match
    assert "wrong" not in match[1]
    answer = client.post(
        match[1].replace("&amp;", "&"), data={"token": guarded.texts["make"]}, headers=OWN, follow_redirects=False
    )
    assert answer.status_code == 303
    assert httpx.URL(answer.headers["location"]).params["avatar"] == '王 & "<b>'
    assert answer.headers["location"].startswith("/?")
    assert client.get(SESSIONS).status_code == 200


def test_a_wrong_token_shows_the_form_again(guarded: Guarded):
    for data in ({"token": "wrong"}, {"token": ""}, {}):
        answer = guarded.client().post("/login", data=data, headers=OWN)
        assert answer.status_code == 401
        assert 'role="alert"' in answer.text
        assert "set-cookie" not in answer.headers
        assert "wrong" not in re.sub(r"token is wrong", "", answer.text)


def test_who_is_in_sees_no_form(guarded: Guarded):
    assert logged_in(guarded).get("/login", follow_redirects=False).headers["location"] == "/"
    assert guarded.client().get("/login").status_code == 401


# Tokens over HTTP


def test_tokens_are_made_listed_and_revoked(guarded: Guarded):
    admin = guarded.client("admin")
    made = admin.post("/api/v1/tokens", json={"name": "phone", "user": "anna", "scope": "read", "days": 7})
    assert made.status_code == 201
    assert "set-cookie" not in made.headers
    token = made.json()
    text = token.pop("token")
    assert text.startswith("mien_")
    listed = admin.get("/api/v1/tokens")
    assert token in listed.json()
    assert text not in listed.text
    assert "sha256" not in listed.text + made.text
    assert guarded.client().get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).json()["scope"] == "read"
    assert admin.delete(f"/api/v1/tokens/{token['id']}").status_code == 204
    assert admin.delete(f"/api/v1/tokens/{token['id']}").status_code == 404
    assert guarded.client().get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"name": "read"}, 409),
        ({"name": ""}, 422),
        ({"name": "a/b"}, 400),
        ({"name": "x", "scope": "root"}, 422),
        ({"name": "x", "days": 0}, 422),
        ({"name": "x", "token": "mine"}, 422),
    ],
)
def test_tokens_that_cannot_be(guarded: Guarded, wanted: dict[str, object], status: int):
    answer = guarded.client("admin").post("/api/v1/tokens", json=wanted)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_when_a_token_was_used_is_shown(guarded: Guarded):
    guarded.client("read").get(SESSIONS)
    used = {token.name: token.last_used_at for token in guarded.tokens.list()}
    assert used["read"] is not None
    assert used["make"] is None


def test_on_an_open_server_the_first_token_is_for_its_administrator_who_stays_in(tmp_path: Path):
    guarded = Guarded(tmp_path)
    for token in list(guarded.tokens.list()):
        guarded.tokens.revoke(token.id)
    client = guarded.client()
    assert client.get("/api/v1/me").json() == {"user": "local", "scope": "admin", "local": True}
    assert client.post("/api/v1/tokens", json={"name": "phone"}, headers=OWN).status_code == 409
    assert guarded.tokens.list() == []
    first = client.post("/api/v1/tokens", json={"name": "me", "user": "local", "scope": "admin"}, headers=OWN)
    assert first.status_code == 201
    assert client.get("/api/v1/me").json() == {"user": "local", "scope": "admin", "local": False}
    assert guarded.client().get("/api/v1/me").status_code == 401
    assert client.post("/api/v1/tokens", json={"name": "phone"}, headers=OWN).status_code == 201


def test_tokens_are_never_logged(guarded: Guarded, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    text = guarded.texts["admin"]
    client = guarded.client("admin")
    client.get("/", params={"token": text})
    client.get(SESSIONS)
    client.post(LOGIN, json={"token": text})
    client.post("/login", data={"token": text}, headers=OWN)
    client.post(LOGIN, json={"token": [text]})
    client.post(f"{LOGIN}?token={text}", content=text)
    client.post("/whep/unknown", params={"token": text})
    made = client.post("/api/v1/tokens", json={"name": "x"}).json()["token"]
    # What the client of this test itself says is not the server's.
    said = "".join(str(record.__dict__) for record in caplog.records if not record.name.startswith("httpx"))
    assert text not in said
    assert made not in said
    assert client.cookies[COOKIE].split(".")[2] not in said


def test_this_machine_needs_no_login(open_client: OpenClient):
    client = open_client()
    assert client.get("/api/v1/me").json() == {"user": "local", "scope": "admin", "local": True}


def test_where_nothing_can_be_kept_logging_in_says_so(tmp_path: Path):
    (tmp_path / "data").write_text("a file")
    settings = Settings(data_dir=tmp_path / "data", server_token="secret")
    client = TestClient(create_app(settings, manager=LiveManager(settings)), HERE)
    answer = client.post(LOGIN, json={"token": "secret"})
    assert (answer.status_code, answer.json()["code"]) == (507, "output")
    assert client.get("/api/v1/me", headers={"Authorization": "Bearer secret"}).status_code == 200
    assert TokenStore(tmp_path / "data").list() == []
