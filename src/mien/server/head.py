"""HEAD, which asks for everything of an answer but its body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _Enough(Exception):
    """The head has been sent."""


class Head:
    """ASGI: answers it as the GET that it stands for, which ends as soon as its head is known."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                await send({"type": "http.response.body", "body": b""})
                raise _Enough

        with suppress(_Enough):
            await self._app({**scope, "method": "GET"}, receive, send_head)
