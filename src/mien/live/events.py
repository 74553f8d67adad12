"""What happens in a session, numbered, so that a reader who was cut off can go on where he was."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

KEPT = 500
"""Events that a late reader can still get."""

Kind: TypeAlias = Literal[
    "state",  # {"state": …}
    "user_text",  # {"text": …, "final": bool, "generation": n}
    "avatar_text",  # {"text": the sentence that begins now, "generation": n}
    "avatar_words",  # {"text": what was heard of this sentence so far, "generation": n}
    "avatar_done",  # {"text": all that was heard of the turn, "generation": n, "interrupted": bool}
    "latency",  # {"generation": n, "vad": s, "asr": s, "llm": s, "tts": s, "frame": s, "played": s, "total": s}; those that exist
    "action",  # {"name": …}
    "recording",  # {"recording": bool, "seconds": s}
    "warning",  # {"code", "message", "hint"}; the session goes on
    "closed",  # {"reason": "deleted", "no_peer", "idle", "memory", "failed", "server_stopped"}; the last one
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Args:
        id: 1, 2, 3 …
        kind: see `Kind`.
        data: JSON values.
        time: seconds since 1970.
    """

    id: int
    kind: Kind
    data: dict[str, Any]
    time: float = field(default_factory=time.time)


class EventLog:
    """The events of one session; any number of readers. Used on one event loop."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._last = 0
        self._changed = asyncio.Event()
        self.closed = False

    def add(self, kind: Kind, **data: Any) -> Event:
        """Tells all readers; after "closed" nothing more is taken."""
        self._last += 1
        event = Event(self._last, kind, data)
        if self.closed:
            return event
        self._events.append(event)
        self.closed = kind == "closed"
        self._changed.set()
        self._changed = asyncio.Event()
        return event

    async def read(self, after: int | None = None) -> AsyncIterator[Event]:
        """Events as they happen, until the session is closed.

        Args:
            after: the id of the last event that was seen: those after it that are still kept come first; None: only what happens from now.
        """
        seen = self._last if after is None else after
        while True:
            changed = self._changed
            for event in [event for event in self._events if event.id > seen]:
                seen = event.id
                yield event
            if self.closed and seen >= self._last_kept:
                return
            if changed is self._changed:
                await changed.wait()

    @property
    def _last_kept(self) -> int:
        return self._events[-1].id if self._events else 0
