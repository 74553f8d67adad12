"""Following jobs: one reader of the database for each job, however many listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from mien.jobs.request import JobEvent

if TYPE_CHECKING:
    from dbos import DBOSClient

STREAM = "events"

POLL_S = 0.1
"""How often SQLite is asked for news; PostgreSQL tells by itself."""
_AWAY_S = 1.0
_PAST = 500
"""Events that are read at once."""


class Follower:
    """Args:
    client: of the database.
    """

    def __init__(self, client: DBOSClient) -> None:
        self.closed = False
        self._client = client
        self._open: dict[str, _Followed] = {}

    async def read(self, id: str, after: int) -> AsyncIterator[JobEvent]:
        """The events of a job after one, from its database, until it ends, is deleted, or this is closed.

        Of the progress that a reader is behind with it gets the last.
        """
        if self.closed:
            return
        job = self._open.get(id)
        if job is None or job.done:
            job = self._open[id] = _Followed(self._client, id)
        job.readers += 1
        try:
            async for event in job.read(after):
                yield event
        finally:
            job.readers -= 1
            if not job.readers:
                if self._open.get(id) is job:
                    del self._open[id]
                await job.close()

    async def close(self) -> None:
        """Ends the readers' streams. May be called twice."""
        self.closed = True
        for job in list(self._open.values()):
            await job.close()


class _Followed:
    """One job's events, read once and kept while somebody listens."""

    def __init__(self, client: DBOSClient, id: str) -> None:
        self.readers = 0
        self._events: list[JobEvent | None] = []
        """By their ids; None where progress has been overtaken by later progress."""
        self._last_progress = -1
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._follow(client, id), name=f"follow {id}")
        self._task.add_done_callback(lambda _: self._tell())

    @property
    def done(self) -> bool:
        return self._task.done()

    async def read(self, after: int) -> AsyncIterator[JobEvent]:
        at = after + 1
        while True:
            changed = self._changed
            while at < len(self._events):
                event = self._events[at]
                at += 1
                if event is not None:
                    yield event
            if self._task.done():
                if not self._task.cancelled():
                    self._task.result()  # raises what went wrong
                return
            await changed.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, client: DBOSClient, id: str) -> None:
        from dbos import error
        from sqlalchemy.exc import InterfaceError, OperationalError

        with suppress(error.DBOSNonExistentWorkflowError):  # it was deleted
            while True:
                try:
                    await self._follow_on(client, id)
                    return
                except (InterfaceError, OperationalError):  # the database is away for a while
                    await asyncio.sleep(_AWAY_S)

    async def _follow_on(self, client: DBOSClient, id: str) -> None:
        more = True
        while more:
            past = await asyncio.to_thread(_past, client, id, len(self._events))
            for value in past:
                self._add(value)
            more = len(past) == _PAST
        at = len(self._events)
        self._tell()
        async with aclosing(client.read_stream_async(id, STREAM, offset=at, polling_interval_sec=POLL_S)) as values:
            async for value in values:
                self._add(value)
                self._tell()

    def _add(self, value: dict[str, Any]) -> None:
        event = JobEvent(len(self._events), value.pop("kind"), value)
        if event.kind == "progress":
            if self._last_progress >= 0:
                self._events[self._last_progress] = None
            self._last_progress = len(self._events)
        self._events.append(event)

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _past(client: DBOSClient, id: str, offset: int) -> list[dict[str, Any]]:
    """Some of what has happened already; after `_PAST` of them there may be more.

    DBOS's own reader, made for what comes, takes several steps for each event: a long job's past would take minutes.
    """
    database: Any = client._sys_db  # nothing public reads more than one event at once
    _, rows = database.read_stream_values(id, STREAM, offset, _PAST)
    return [database.serializer.deserialize(text) for text, _ in rows]
