"""Who may use the server, and for what.

As long as there is no token, only this machine may, and its user may do everything; then the browser is the danger: pages of strangers
that send requests here, or whose host name suddenly means 127.0.0.1. So `Host` must be this machine and `Origin` this server.
As soon as there is a token, of the settings or stored, everybody needs one: as `Authorization: Bearer`, or as the cookie that the
page's form or opening `/?token=…` has set. Reading needs the scope read, everything else make; routes that need admin say so.
"""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from fastapi import WebSocket
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.errors import AccessError, ForbiddenError, MienError
from mien.server.errors import of_http, of_mien
from mien.server.guard import COOKIE, Guard
from mien.server.identity import Identity
from mien.server.rates import address_of
from mien.server.token_page import token_page, welcome
from mien.server.tokens import TokenStore
from mien.settings import Settings

HEALTH = "/api/v1/health"
LOGIN = "/api/v1/login"
LOGIN_FORM = "/login"
LOGOUT = "/api/v1/logout"

LOGINS_PER_MINUTE = 10
"""From one address."""

_READING = ("GET", "HEAD", "OPTIONS")


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
        SettingsError: the stored tokens cannot be read.
    """
    if not (settings.server_token or is_loopback(host) or TokenStore.from_settings(settings).list()):
        raise AccessError(
            f"Listening on {host}, others could use this server, and there is no token.",
            hint="Make one: mien token create NAME. Or set one for everybody: "
            'export MIEN_SERVER_TOKEN=$(python -c "import secrets; print(secrets.token_urlsafe(24))")',
        )


class Access:
    """ASGI: lets in who may come in, as `mien.server.identity`, and answers the others.

    Args:
        app: what is guarded.
        guard: knows them.
    """

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer: Response | None = None
        try:
            identity = await self._admit(scope, Headers(scope=scope))
            if identity is not None and self._opens_page(scope):
                answer = welcome(scope, self._guard.cookie(identity))
        except MienError as error:
            answer = _refusal(scope, error)
        except HTTPException as error:
            answer = of_http(error)
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(answer)
        else:
            await answer(scope, receive, send)

    async def _admit(self, scope: Scope, headers: Headers) -> Identity | None:
        """Whose request it is, put into its state; None for what is open to everybody.

        Raises:
            AccessError: it has no token, or a wrong one.
            ForbiddenError: the token is not for this.
            RateLimitError: there are too many of its kind.
            HTTPException: 403: a page of somebody else sends it.
        """
        if scope["path"] == HEALTH:
            return None
        needs_token = self._guard.needs_token()
        if needs_token and _preflight(scope):
            return None
        if _logs_in(scope):
            _check_origin(headers)
            self._guard.rates.take(("login", address_of(scope)), LOGINS_PER_MINUTE)
            return None
        reading = scope.get("method", "") in _READING
        if not needs_token:
            _check_here(scope)
            _check_host(headers)
            _check_origin(headers)
            identity = Identity()
        else:
            identity = self._identify(scope, headers, reading=reading)
            self._check_right(scope, identity, reading=reading)
            await self._guard.note_use(identity)
        scope.setdefault("state", {})["identity"] = identity
        return identity

    def _identify(self, scope: Scope, headers: Headers, *, reading: bool) -> Identity:
        text = _bearer(headers) or (_query_token(scope) if _takes_query_token(scope) else "")
        if text:
            return self._guard.identify(text, address_of(scope))
        identity = self._guard.of_cookie(_cookie(headers))
        if identity is None:
            raise AccessError("This server needs a token.", hint="Send Authorization: Bearer TOKEN, or log in on /.")
        _check_origin(headers, proven=not reading)
        return identity

    def _check_right(self, scope: Scope, identity: Identity, *, reading: bool) -> None:
        if reading or scope["path"] == LOGOUT:
            return
        if not identity.may("make"):
            raise ForbiddenError("This token may only read.", hint="Ask for one with the scope make.")
        limit = self._guard.settings.rate_limit
        if limit and scope["type"] == "http":
            # A conversation sends many small requests; they leave the rest alone.
            kind = "live" if _is_live(scope["path"]) else "rest"
            self._guard.rates.take((kind, identity.user, identity.token_id), limit)

    def _opens_page(self, scope: Scope) -> bool:
        """With a token in the address, which the browser shall show no longer."""
        return (
            scope["type"] == "http" and scope["path"] == "/" and bool(_query_token(scope)) and self._guard.needs_token()
        )


def _refusal(scope: Scope, error: MienError) -> Response:
    if scope["type"] == "http" and error.http_status == 429 and scope["path"] in ("/", LOGIN_FORM):
        return token_page(scope, "often")
    opens = scope["type"] == "http" and scope["method"] in _READING and scope["path"] in ("/", LOGIN_FORM)
    if opens and error.http_status == 401:
        return token_page(scope, "wrong" if _query_token(scope) else "")
    return of_mien(error)


def _logs_in(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in (LOGIN, LOGIN_FORM)


def _is_live(path: str) -> bool:
    return is_whep(path) or path.startswith(("/api/v1/live/", "/livetalking/"))


def _takes_query_token(scope: Scope) -> bool:
    return scope["path"] == "/" or is_whep(scope["path"])


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


def _check_here(scope: Scope) -> None:
    """Without tokens nobody elsewhere is let in, whatever address the server listens on."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return  # no connection of a network
    if not (getattr(address, "ipv4_mapped", None) or address).is_loopback:
        raise AccessError(
            "This server has no token, so only its own machine may use it.", hint="mien token create NAME"
        )


def _check_host(headers: Headers) -> None:
    if not is_loopback(_host_name(headers.get("host", ""))):
        raise HTTPException(403, "This server answers to 127.0.0.1 and localhost only, unless it has a token.")


def _check_origin(headers: Headers, *, proven: bool = False) -> None:
    """Refuses what pages of others send.

    Args:
        headers: of the request.
        proven: refuse also what does not say where it comes from, which browsers do for all that changes something.

    Raises:
        HTTPException: 403.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site == "same-origin":
        return
    # A link or an address typed in names no origin and only reads.
    typed = site in (None, "none") or headers.get("sec-fetch-mode") == "navigate"
    if origin is None and typed and not proven:
        return
    try:
        own = origin is not None and urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        own = False
    if not own:
        raise HTTPException(403, "The request comes from a page of another origin; send the token with it.")


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
