"""Server-sent events: of a session, of a job."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fastapi.responses import StreamingResponse

if TYPE_CHECKING:
    from mien.live.events import Event, EventLog

KEEP_ALIVE_S = 15.0

COMMENT = ": still here\n\n"

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
"""Of one event, in the description of the API."""


class Numbered(Protocol):
    """Args:
    id: where a reader who was cut off goes on; None: this event is not repeated.
    kind: its name.
    data: JSON values.
    """

    @property
    def id(self) -> int | None: ...

    @property
    def kind(self) -> str: ...

    @property
    def data(self) -> dict[str, Any]: ...


E = TypeVar("E")


def encode(event: Numbered) -> str:
    """An event as text: `event` is its kind, `data` its data as JSON."""
    number = "" if event.id is None else f"id: {event.id}\n"
    return f"{number}event: {event.kind}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"


def response(log: EventLog, after: int | None, encode: Callable[[Event], str] = encode) -> StreamingResponse:
    """The events as they happen, until the session is closed or the reader goes.

    Args:
        log: the session's.
        after: see `EventLog.read`.
        encode: "" leaves an event out.
    """
    return follow(log.read(after), encode)


def follow(events: AsyncIterator[E], encode: Callable[[E], str]) -> StreamingResponse:
    """The events as they happen, until there are no more or the reader goes; comments while nothing happens."""
    return StreamingResponse(
        _stream(events, encode), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _stream(events: AsyncIterator[E], encode: Callable[[E], str]) -> AsyncIterator[str]:
    following = asyncio.ensure_future(anext(events, None))
    try:
        yield "retry: 1000\n\n"
        while True:
            done, _ = await asyncio.wait((following,), timeout=KEEP_ALIVE_S)
            if not done:
                yield COMMENT
                continue
            event = following.result()
            if event is None:
                return
            following = asyncio.ensure_future(anext(events, None))
            if text := encode(event):
                yield text
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
