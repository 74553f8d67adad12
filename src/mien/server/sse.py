"""Server-sent events of a session."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from fastapi.responses import StreamingResponse

if TYPE_CHECKING:
    from mien.live.events import Event, EventLog

KEEP_ALIVE_S = 15.0

COMMENT = ": still here\n\n"


def encode(event: Event) -> str:
    """An event as text: `event` is its kind, `data` its data as JSON."""
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"


def response(log: EventLog, after: int | None, encode: Callable[[Event], str] = encode) -> StreamingResponse:
    """The events as they happen, until the session is closed or the reader goes.

    Args:
        log: the session's.
        after: see `EventLog.read`.
        encode: "" leaves an event out.
    """
    return StreamingResponse(
        _stream(log, after, encode), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _stream(log: EventLog, after: int | None, encode: Callable[[Event], str]) -> AsyncIterator[str]:
    events = aiter(log.read(after))
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
