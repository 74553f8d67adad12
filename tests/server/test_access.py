"""Who may use the server."""

from __future__ import annotations

import pytest
from starlette.websockets import WebSocketDisconnect
from tests.server.conftest import HERE, OpenClient

from mien.errors import AccessError
from mien.server.access import COOKIE, check_listening, is_loopback
from mien.settings import Settings

SESSIONS = "/api/v1/live/sessions"
SOCKET = f"{SESSIONS}/unknown/ws"
TOKEN = "a-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("host", ["127.0.0.1:8600", "localhost:8600", "localhost", "[::1]:8600", "127.1.2.3"])
def test_without_a_token_this_machine_is_let_in(open_client: OpenClient, host: str):
    assert open_client().get(SESSIONS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["rebound.example:8600", "192.168.1.2:8600", "localhost.example", "", "[", "a@127.0.0.1.x"]
)
def test_a_name_that_was_made_to_mean_this_machine_is_refused(open_client: OpenClient, host: str):
    answer = open_client().get(SESSIONS, headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["code"] == "access"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:3000", "null", "http://[", "127.0.0.1:8600"]
)
@pytest.mark.parametrize("token", ["", TOKEN])
def test_pages_of_other_origins_are_refused(open_client: OpenClient, origin: str, token: str):
    client = open_client(server_token=token)
    if token:
        client.get("/", params={"token": TOKEN})
    for method in ("GET", "POST", "DELETE"):
        assert client.request(method, SESSIONS, headers={"Origin": origin}).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(SOCKET, headers={"Host": "127.0.0.1:8600", "Origin": origin}),
    ):
        pass


def test_its_own_page_is_let_in(open_client: OpenClient):
    headers = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert open_client().get(SESSIONS, headers=headers).status_code == 200


def test_what_a_foreign_page_embeds_is_refused_but_a_link_may_lead_here(open_client: OpenClient):
    client = open_client()
    for site in ("cross-site", "same-site"):
        assert client.get(SESSIONS, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}).status_code == 403
        assert client.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Cookie": f"{COOKIE}={TOKEN}"}]
)
def test_with_a_token_nobody_else_is_let_in(open_client: OpenClient, headers: dict[str, str]):
    client = open_client(server_token=TOKEN)
    for path in (
        SESSIONS,
        "/api/v1/system",
        "/api/v1/openapi.json",
        "/whep/x",
        "/livetalking/api/admin/config",
        "/assets/x.js",
    ):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "access"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(SOCKET, headers={"Host": "127.0.0.1:8600", **headers}),
    ):
        pass


def test_the_bearer_of_the_token_comes_in_from_anywhere(open_client: OpenClient):
    client = open_client(server_token=TOKEN)
    headers = {**BEARER, "Host": "mien.example", "Origin": "https://other.example"}
    assert client.get(SESSIONS, headers=headers).status_code == 200


def test_opening_the_page_with_the_token_once_sets_a_cookie_that_is_not_the_token(open_client: OpenClient):
    client = open_client(server_token=TOKEN)
    assert client.get("/").status_code == 401
    assert client.get("/", params={"token": "wrong"}).status_code == 401
    answer = client.get("/", params={"token": TOKEN})
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 200
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert TOKEN not in answer.text
    assert client.get(SESSIONS).status_code == 200
    assert client.get("/").status_code == 200


def test_the_cookie_of_a_page_over_https_is_never_sent_without(open_client: OpenClient):
    client = open_client(server_token=TOKEN)
    assert "secure" in client.get("https://mien.example/", params={"token": TOKEN}).headers["set-cookie"].lower()


def test_a_token_in_an_address_opens_the_page_and_players_only(open_client: OpenClient):
    client = open_client(server_token=TOKEN)
    query = {"token": TOKEN}
    assert client.get(SESSIONS, params=query).status_code == 401
    assert client.post("/livetalking/human", params=query).status_code == 401
    assert client.post("/whep/unknown", params=query, headers={"Content-Type": "application/sdp"}).status_code == 404


def test_players_on_other_pages_may_watch_with_the_token(open_client: OpenClient):
    client = open_client(server_token=TOKEN)
    origin = {"Origin": "https://player.example"}
    asked = client.options("/whep/x", headers={**origin, "Access-Control-Request-Method": "POST"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    refused = client.post("/whep/x", headers=origin)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
    assert "access-control-allow-origin" not in client.get(SESSIONS, headers={**BEARER, **origin}).headers


def test_without_a_token_players_on_other_pages_may_not(open_client: OpenClient):
    answer = open_client().options("/whep/x", headers={"Origin": "https://player.example"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["", "rebound.example"])
@pytest.mark.parametrize("token", ["", TOKEN])
def test_health_is_open_to_everybody_and_tells_nothing(open_client: OpenClient, host: str, token: str):
    answer = open_client(server_token=token).get("/api/v1/health", headers={"Host": host})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_may_be_listened_to_without_a_token(host: str):
    check_listening(host, Settings())
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "mien.example", ""])
def test_others_may_be_listened_to_with_a_token_only(host: str):
    with pytest.raises(AccessError) as caught:
        check_listening(host, Settings())
    assert "MIEN_SERVER_TOKEN" in caught.value.hint
    check_listening(host, Settings(server_token=TOKEN))
