"""Server-sent events of a log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mien.live.events import EventLog
from mien.server import sse


def stream(log: EventLog, after: int | None) -> AsyncIterator[str]:
    return aiter(sse.response(log, after).body_iterator)  # type: ignore[arg-type]


def test_an_event_is_its_number_its_kind_and_its_data():
    async def read() -> list[str]:
        log = EventLog()
        log.add("user_text", text="你好\nHello.", final=True, generation=1)
        log.add("closed", reason="deleted")
        return [text async for text in stream(log, 0)]

    assert asyncio.run(read())[1:] == [
        'id: 1\nevent: user_text\ndata: {"text": "你好\\nHello.", "final": true, "generation": 1}\n\n',
        'id: 2\nevent: closed\ndata: {"reason": "deleted"}\n\n',
    ]


def test_only_what_came_later_is_sent_to_whom_names_the_last_one():
    async def read() -> list[str]:
        log = EventLog()
        for state in ("idle", "listening"):
            log.add("state", state=state)
        log.add("closed", reason="deleted")
        return [text.split("\n")[0] async for text in stream(log, 1)]

    assert asyncio.run(read())[1:] == ["id: 2", "id: 3"]


def test_a_silent_session_keeps_its_reader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.01)

    async def read() -> list[str]:
        log = EventLog()
        events = stream(log, None)
        seen = [await anext(events) for _ in range(3)]
        log.add("state", state="idle")
        seen.append(await anext(events))
        return seen

    begin, *comments, event = asyncio.run(read())
    assert begin.startswith("retry:")
    assert comments == [sse.COMMENT] * 2
    assert event.startswith("id: 1\n")


def test_a_reader_who_goes_leaves_nothing_behind():
    async def read() -> int:
        before = len(asyncio.all_tasks())
        events = stream(EventLog(), None)
        await anext(events)
        await events.aclose()  # type: ignore[attr-defined]
        return len(asyncio.all_tasks()) - before

    assert asyncio.run(read()) == 0
