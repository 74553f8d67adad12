"""How much, and what, a request may bring."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM = "multipart/form-data"

MAX_JSON_BYTES = 1 << 20
MAX_AUDIO_BYTES = 64 << 20
"""An hour of speech in most formats, six minutes of 44.1 kHz stereo WAV."""

_DRAINED_BYTES = 256 << 20
_DRAINED_S = 5.0

_AUDIO_PATHS = ("/audio", "/humanaudio")

_UPLOAD_PATHS = {
    f"/api/v1/{name}"
    for name in ("avatars", "avatars/inspect", "avatars/import", "speak", "train", "train/check", "evaluate/sync")
}


class BodyLimit:
    """ASGI: stops a body that is too large while it comes in, whatever length it claims."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope)
        claimed = Headers(scope=scope).get("content-length", "0")
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit or (claimed.isdecimal() and int(claimed) > limit):
                await drain(message, receive)
                raise HTTPException(413, f"The body is larger than {limit >> 20} MB.", headers={"Connection": "close"})
            return message

        await self._app(scope, limited, send)


def _limit(scope: Scope) -> int:
    """Of the body, in bytes."""
    kind = Headers(scope=scope).get("content-type", "").lower()
    if scope["path"] in _UPLOAD_PATHS and kind.startswith(FORM):
        # Its file and its other fields have limits of their own; this one is for what hides between them.
        return (scope["app"].state.settings.upload_mb << 20) + 2 * MAX_JSON_BYTES
    return MAX_AUDIO_BYTES if scope["path"].endswith(_AUDIO_PATHS) else MAX_JSON_BYTES


async def drain(message: Message, receive: Receive) -> None:
    """Throws away what comes after a message, for a while: who is still sending when the connection closes never sees the answer."""
    left = _DRAINED_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAINED_S):
            while left > 0 and message.get("more_body"):
                message = await receive()
                left -= len(message.get("body", b""))


def media_type(request: Request) -> str:
    """The body's media type without its parameters; "" if it is not named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def unsupported(request: Request, *wanted: str) -> HTTPException:
    """415, naming what would do."""
    return HTTPException(
        415,
        f"The content type {media_type(request)!r} is not {' or '.join(wanted)}.",
        headers={"Accept-Post" if request.method == "POST" else "Accept-Patch": ", ".join(wanted)},
    )


class JsonRoute(APIRoute):
    """A route whose body, if it takes one, must be called JSON: what a foreign page's form can send is not."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        takes_body = self.body_field is not None

        async def checked(request: Request) -> Response:
            kind = media_type(request)
            if takes_body and kind != "application/json" and not kind.endswith("+json"):
                raise unsupported(request, "application/json")
            return await handler(request)

        return checked
