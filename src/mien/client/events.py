"""What a job tells while it runs: server-sent events, through broken connections and servers that start anew."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator

from mien.client.connection import Connection
from mien.errors import MienError, ServerError
from mien.jobs.request import ENDED, JobEvent, JobInfo

_MAX_LINE_BYTES = 1 << 24
_SILENCE_S = 45.0
"""Three times as long as a server that has nothing to tell keeps still."""
_MAX_BARREN = 3
"""Streams in a row without a single event; then something between here and there holds them back."""
_PAUSES_S = (0.2, 0.5, 1.0)
"""Between looking; the last one from then on."""


def follow(connection: Connection, path: str, look: Callable[[], JobInfo]) -> Iterator[JobEvent]:
    """The events of a job until it has ended, each once. Blocks between them.

    Args:
        connection: to the server.
        path: of the events.
        look: asks for the job.

    Raises:
        ServerError: the server has not been reached for the connection's `timeout_s`.
        MienError: as the server says.
    """
    follower = _Follower(connection, path, look)
    while not follower.ended:
        yield from follower.stream()
        yield from follower.poll()


class _Follower:
    def __init__(self, connection: Connection, path: str, look: Callable[[], JobInfo]) -> None:
        self.ended = False
        self._connection, self._path, self._look = connection, path, look
        self._last: int | None = None
        self._status = ""
        self._barren = 0
        self._looks = 0
        self._reached = time.monotonic()

    def stream(self) -> Iterator[JobEvent]:
        """What comes until the stream ends or breaks."""
        if self._barren >= _MAX_BARREN:
            return
        self._barren += 1
        try:
            for event in _read(self._connection, self._path, self._last):
                self._barren = self._looks = 0
                self._reached = time.monotonic()
                if event.id is not None and self._last is not None and event.id <= self._last:
                    continue
                self._last = event.id if event.id is not None else self._last
                self._status = event.data.get("status", "") if event.kind == "state" else self._status
                yield event
        except MienError as error:
            if not (error.retryable or isinstance(error, ServerError)):
                raise

    def poll(self) -> Iterator[JobEvent]:
        """How the job is, asked for; waits a while if it has not ended."""
        try:
            info = self._look()
        except MienError as error:
            if not error.retryable or time.monotonic() - self._reached > self._connection.timeout_s:
                raise
            self._barren = 0  # it was the server that was away, not its events that were held back
        else:
            self._reached = time.monotonic()
            self.ended = info.status in ENDED
            yield from self._told(info)
        if not self.ended:
            time.sleep(_PAUSES_S[min(self._looks, len(_PAUSES_S) - 1)])
            self._looks += 1

    def _told(self, info: JobInfo) -> Iterator[JobEvent]:
        if info.progress is not None and self._barren >= _MAX_BARREN:
            yield JobEvent(None, "progress", info.progress.model_dump() | {"attempt": info.attempt})
        if info.status != self._status and (self.ended or self._barren >= _MAX_BARREN):
            self._status = info.status
            known = info.model_dump(include={"status", "error", "result"}, exclude_none=True)
            yield JobEvent(None, "state", known)


def _read(connection: Connection, path: str, last: int | None) -> Iterator[JobEvent]:
    headers = {"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": str(last)})
    with connection.stream(path, headers, timeout_s=max(_SILENCE_S, connection.timeout_s)) as response:
        if "text/event-stream" not in response.headers.get("content-type", ""):
            raise ServerError(f"{connection.url} sends no events.", hint="Look at the URL: is it Mien's?")
        yield from parse(response.iter_bytes())


def parse(chunks: Iterable[bytes]) -> Iterator[JobEvent]:
    """The events of a stream; one that it breaks off in the middle of is left out.

    Raises:
        ServerError: that are no events of Mien.
    """
    fields: dict[str, str] = {}
    for line in _lines(chunks):
        if not line:
            if "data" in fields:
                yield _event(fields)
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        fields[name] = f"{fields[name]}\n{value}" if name == "data" and "data" in fields else value


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    # Not httpx's lines: it also ends them at characters that JSON may contain, such as U+2028.
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode(errors="replace")
        if len(rest) > _MAX_LINE_BYTES:
            raise ServerError("The server sends an event without end.", hint="Look at the URL: is it Mien's?")


def _event(fields: dict[str, str]) -> JobEvent:
    id = fields.get("id", "")
    try:
        data = json.loads(fields["data"])
    except ValueError as error:
        raise ServerError("The server sends events that are not JSON.", hint="Is it Mien's URL?") from error
    return JobEvent(
        int(id) if id.isascii() and id.isdigit() else None,
        fields.get("event", ""),
        data if isinstance(data, dict) else {},
    )
