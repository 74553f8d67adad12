"""Who may use the server.

Without a token it listens on this machine only; then the browser is the danger: pages of strangers that send requests here, or whose
host name suddenly means 127.0.0.1. So `Host` must be this machine and `Origin` this server. With a token, whoever has it may do everything:
as `Authorization: Bearer`, or as the cookie that opening `/?token=…` once has set.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from fastapi import WebSocket
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.errors import AccessError
from mien.server.errors import of_http, of_mien
from mien.server.pages import token_page
from mien.settings import Settings

COOKIE = "mien_access"
HEALTH = "/api/v1/health"

Entry = Literal["health", "loopback", "bearer", "query", "cookie", "preflight"]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on that name or address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def is_whep(path: str) -> bool:
    """Whether a player asks."""
    return path == "/whep" or path.startswith("/whep/")


def check_listening(host: str, settings: Settings) -> None:
    """Refuses to listen to others without a token.

    Raises:
        AccessError: it would.
    """
    if not settings.server_token and not is_loopback(host):
        raise AccessError(
            f"Listening on {host}, others could use this server, and no token is set.",
            hint='Set one: export MIEN_SERVER_TOKEN=$(python -c "import secrets; print(secrets.token_urlsafe(24))")',
        )


class Access:
    """ASGI: lets in who may come in, answers the others.

    Args:
        app: what is guarded.
        token: of the settings; "": only this machine is trusted.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()
        # Not the token itself: who reads the browser's cookies does not learn it, and a new token makes them void.
        self._cookie = hmac.new(self._token, b"mien cookie", hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            entry = self._entry(scope, headers)
        except AccessError as error:
            await _refuse(scope, receive, send, of_mien(error))
            return
        except HTTPException as error:
            await _refuse(scope, receive, send, of_http(error))
            return
        if entry == "query" and scope["path"] == "/":
            await self._welcome(scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _entry(self, scope: Scope, headers: Headers) -> Entry:
        """By which right the request comes in.

        Raises:
            AccessError: it has no token.
            HTTPException: 403: a page of somebody else sends it.
        """
        if scope["path"] == HEALTH:
            return "health"
        if not self._token:
            _check_host(headers)
            _check_origin(headers)
            return "loopback"
        if _preflight(scope):
            return "preflight"
        if self._has_token(_bearer(headers)):
            return "bearer"
        if self._has_token(_query_token(scope)) and (scope["path"] == "/" or is_whep(scope["path"])):
            return "query"
        if hmac.compare_digest(_cookie(headers).encode(), self._cookie.encode()):
            _check_origin(headers)
            return "cookie"
        raise AccessError(
            "This server needs its token.", hint="Send Authorization: Bearer TOKEN, or open /?token=TOKEN."
        )

    def _has_token(self, offered: str) -> bool:
        return bool(offered) and hmac.compare_digest(offered.encode(), self._token)

    def _welcome(self, scope: Scope) -> Response:
        # A page of ours that goes on by itself, not a redirect: browsers keep a strict cookie back from those that a link elsewhere began.
        page = HTMLResponse('<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Mien</title>')
        secure = scope.get("scheme") == "https"
        page.set_cookie(COOKIE, self._cookie, httponly=True, samesite="strict", secure=secure)
        return page


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _query_token(scope: Scope) -> str:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return query.get("token", [""])[0]


def _preflight(scope: Scope) -> bool:
    """A browser asks whether a foreign player may come, which it does without the token."""
    return scope.get("method") == "OPTIONS" and is_whep(scope["path"])


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _check_host(headers: Headers) -> None:
    if not is_loopback(_host_name(headers.get("host", ""))):
        raise HTTPException(403, "This server answers to 127.0.0.1 and localhost only, unless a server_token is set.")


def _check_origin(headers: Headers) -> None:
    origin = headers.get("origin")
    if origin is None and headers.get("sec-fetch-site", "none") not in ("cross-site", "same-site"):
        return
    # A link or an address typed in names no origin and only reads.
    if origin is None and headers.get("sec-fetch-mode") == "navigate":
        return
    try:
        own = urlsplit(origin or "").netloc == headers.get("host")
    except ValueError:
        own = False
    if not own:
        raise HTTPException(403, "The request comes from a page of another origin; send the token with it.")


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


async def _refuse(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(answer)
        return
    if answer.status_code == 401:
        if scope["path"] == "/" and scope["method"] == "GET":
            answer = token_page()
        answer.headers["WWW-Authenticate"] = "Bearer"
    await answer(scope, receive, send)
