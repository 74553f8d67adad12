"""Who may use the server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from tests.server.conftest import HERE, OpenClient

from mien.errors import AccessError
from mien.live.manager import LiveManager
from mien.server.access import check_listening, is_loopback
from mien.server.app import create_app
from mien.server.guard import COOKIE
from mien.server.tokens import Scope, TokenStore
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


# Tokens of the store


class Guarded:
    """A server with tokens of each scope.

    Args:
        folder: for its data.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.settings = Settings.model_validate(
            {"data_dir": folder / "data", "cache_dir": folder / "cache", "livetalking_at_root": True} | settings
        )
        self.app = create_app(self.settings, manager=LiveManager(self.settings))
        self.tokens = TokenStore(folder / "data")
        self.texts: dict[str, str] = {}
        scopes: tuple[Scope, ...] = ("read", "make", "admin")
        for scope in scopes:
            _, self.texts[scope] = self.tokens.create(scope, user="anna", scope=scope)

    def client(self, scope: str = "", **options: object) -> TestClient:
        headers = {"Authorization": f"Bearer {self.texts[scope]}"} if scope else {}
        return TestClient(self.app, HERE, raise_server_exceptions=False, headers=headers, **options)  # type: ignore[arg-type]

    def routes(self) -> Iterator[tuple[str, str]]:
        """Method and path of each; methods of WebSockets are "WS"."""
        for route in iter_route_contexts(self.app.routes):
            path = (route.path or "").replace("{", "").replace("}", "")
            for method in route.methods or {"WS"}:
                yield method, path


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


OPEN = {("GET", "/api/v1/health"), ("POST", "/api/v1/login"), ("POST", "/login")}


def test_no_route_but_health_and_login_is_reachable_without_a_token(guarded: Guarded):
    client = guarded.client()
    routes = set(guarded.routes())
    assert len(routes) > 80
    assert routes >= OPEN
    assert {("WS", "/api/v1/live/sessions/session_id/ws"), ("GET", "/metrics"), ("POST", "/v1/audio/speech")} <= routes
    for method, path in sorted(routes):
        if method == "WS":
            with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
                pass
            continue
        # A browser asks about a foreign player before it sends the token; the answer says nothing.
        expected = {204} if method == "OPTIONS" and path.startswith("/whep") else {401}
        if (method, path) in OPEN:
            expected = {200, 401, 422, 415}
        answer = client.request(method, path)
        assert answer.status_code in expected, (method, path, answer.status_code)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "INVENTED"):
        for path in ("/", "/assets/x.js", "/nothing", "/api/v1/nothing", "//api/v1/health", "/api/v1/health/"):
            assert client.request(method, path, follow_redirects=False).status_code == 401, (method, path)


def test_who_may_only_read_changes_nothing(guarded: Guarded):
    client = guarded.client("read")
    for method, path in sorted(set(guarded.routes())):
        if method in ("GET", "OPTIONS", "HEAD") or path in ("/login", "/api/v1/login", "/api/v1/logout"):
            continue
        if method == "WS":
            with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
                pass
            continue
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, path)
    assert client.get(SESSIONS).status_code == 200


@pytest.mark.parametrize("scope", ["read", "make"])
def test_settings_tokens_and_weights_are_the_administrators(guarded: Guarded, scope: str):
    client = guarded.client(scope)
    for method, path in (
        ("GET", "/api/v1/settings"),
        ("PATCH", "/api/v1/settings"),
        ("POST", "/api/v1/settings/test"),
        ("POST", "/api/v1/weights/pull"),
        ("GET", "/api/v1/tokens"),
        ("POST", "/api/v1/tokens"),
        ("DELETE", "/api/v1/tokens/x"),
    ):
        answer = client.request(method, path, json={} if method in ("PATCH", "POST") else None)
        assert answer.status_code in (403, 422), (method, path)
        assert answer.status_code == 403 or scope == "make"
    assert guarded.client("admin").get("/api/v1/tokens").status_code == 200


def test_a_revoked_or_expired_token_is_void_at_once(guarded: Guarded, monkeypatch: pytest.MonkeyPatch):
    client = guarded.client("make")
    assert client.get(SESSIONS).status_code == 200
    guarded.tokens.revoke(guarded.tokens.list()[1].id)
    assert client.get(SESSIONS).status_code == 401
    _, text = guarded.tokens.create("short", days=1)
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get(SESSIONS, headers=headers).status_code == 200
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_401)
    answer = client.get(SESSIONS, headers=headers)
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_the_first_token_closes_a_running_server_and_the_last_opens_it(tmp_path: Path):
    guarded = Guarded(tmp_path)
    client = guarded.client()
    assert client.get(SESSIONS).status_code == 401
    for token in list(guarded.tokens.list()):
        guarded.tokens.revoke(token.id)
    assert client.get(SESSIONS).status_code == 200


@pytest.mark.parametrize("peer", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"])
def test_without_tokens_others_are_refused_even_if_the_server_listens_to_them(tmp_path: Path, peer: str):
    guarded = Guarded(tmp_path)
    for token in list(guarded.tokens.list()):
        guarded.tokens.revoke(token.id)
    assert guarded.client(client=(peer, 5000)).get(SESSIONS).status_code == 401
    for own in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert guarded.client(client=(own, 5000)).get(SESSIONS).status_code == 200, own


def test_a_broken_file_of_tokens_lets_nobody_in(guarded: Guarded):
    guarded.tokens.path.write_text("{")
    for scope in ("", "admin"):
        answer = guarded.client(scope).get(SESSIONS)
        assert answer.status_code == (500 if scope else 401)
        assert answer.json()["code"] == ("settings" if scope else "access")


def test_players_may_name_a_stored_token_in_the_address(guarded: Guarded):
    client = guarded.client()
    sdp = {"Content-Type": "application/sdp"}
    for scope, status in (("make", 404), ("read", 403)):
        answer = client.post("/whep/unknown", params={"token": guarded.texts[scope]}, headers=sdp)
        assert answer.status_code == status


def test_the_token_of_the_settings_works_beside_the_stored_ones(tmp_path: Path):
    guarded = Guarded(tmp_path, server_token=TOKEN)
    me = guarded.client().get("/api/v1/me", headers=BEARER).json()
    assert me == {"user": "local", "scope": "admin", "local": False}
    assert guarded.client("read").get("/api/v1/me").json() == {"user": "anna", "scope": "read", "local": False}


def test_guessing_the_token_of_the_settings_is_slow(tmp_path: Path):
    guarded = Guarded(tmp_path, server_token=TOKEN)
    client = guarded.client()
    answers = [client.get(SESSIONS, headers={"Authorization": f"Bearer guess{n}"}) for n in range(62)]
    assert {answer.status_code for answer in answers[:60]} == {401}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    # Not even the right one is told from others now; stored tokens, which nobody can guess, still work.
    assert client.get(SESSIONS, headers=BEARER).status_code == 429
    assert guarded.client("read").get(SESSIONS).status_code == 200


def test_pages_of_named_origins_may_call_with_a_token(tmp_path: Path):
    guarded = Guarded(tmp_path, cors_origins=["https://app.example"])
    client = guarded.client()
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    good = client.options("/api/v1/speak", headers={"Origin": "https://app.example", **asked})
    assert (good.status_code, good.headers["access-control-allow-origin"]) == (200, "https://app.example")
    assert "access-control-allow-credentials" not in good.headers
    bad = client.options("/api/v1/speak", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in bad.headers
    called = guarded.client("read").get(SESSIONS, headers={"Origin": "https://app.example"})
    assert (called.status_code, called.headers["access-control-allow-origin"]) == (200, "https://app.example")
    assert client.get(SESSIONS, headers={"Origin": "https://app.example"}).status_code == 401
    player = client.options("/whep/x", headers={"Origin": "https://player.example", **asked})
    assert (player.status_code, player.headers["access-control-allow-origin"]) == (204, "*")


def test_a_cookie_is_no_use_to_pages_of_named_origins(tmp_path: Path):
    guarded = Guarded(tmp_path, cors_origins=["https://app.example"])
    client = guarded.client()
    assert client.post("/api/v1/login", json={"token": guarded.texts["admin"]}).status_code == 204
    assert client.get(SESSIONS).status_code == 200
    assert client.get(SESSIONS, headers={"Origin": "https://app.example"}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_may_be_listened_to_without_a_token(host: str):
    check_listening(host, Settings())
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "mien.example", ""])
def test_others_may_be_listened_to_with_a_token_only(host: str, tmp_path: Path):
    with pytest.raises(AccessError) as caught:
        check_listening(host, Settings(data_dir=tmp_path))
    assert "MIEN_SERVER_TOKEN" in caught.value.hint
    assert "mien token create" in caught.value.hint
    check_listening(host, Settings(data_dir=tmp_path, server_token=TOKEN))
    TokenStore(tmp_path).create("laptop")
    check_listening(host, Settings(data_dir=tmp_path))
