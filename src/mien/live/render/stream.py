"""One avatar in the render process, as the server sees it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import UsageError
from mien.live.render import protocol
from mien.live.render.protocol import Head
from mien.live.render.ring import Ring
from mien.live.slices import Pcm, Picture
from mien.types import SpeechChunk

if TYPE_CHECKING:
    from mien.live.render.host import RenderHost

_PIECE_S = 1.0
"""Long recordings go to the engine in pieces of this length: each piece is worked through at once."""
_MAX_LOSSES, _WITHIN_S = 3, 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """One frame.

    Args:
        picture: the receiver's own.
        sound: exactly `frame_bounds(index, fps, OUTPUT_RATE)` long, the index counted within the segment; silence on idle frames
            and after the end of a segment.
        generation: of the segment; on idle frames the newest that is known.
        idle: no speech belongs to it.
        first, last: of its segment.
        position_s: seconds of the segment's sound before this frame.
        ready_at: when it came here, seconds of `time.monotonic`.
    """

    picture: Picture
    sound: Pcm
    generation: int
    idle: bool
    first: bool
    last: bool
    position_s: float
    ready_at: float


class RenderStream:
    """Speech in, frames out; made by `RenderHost.open`. Used on the host's event loop; nothing but `close` waits."""

    size: tuple[int, int] = (0, 0)
    """width, height of the pictures; even numbers."""
    fps: float = 0.0
    latency_frames: int = 0
    """How many frames of sound the engine must see ahead, unless the segment ends before."""
    actions: tuple[str, ...] = ()

    def __init__(self, host: RenderHost, number: int, request: Head, notify: Callable[[str], None]) -> None:
        self.number = number
        self.request = request
        self.notify = notify
        self._host = host
        self._ring: Ring | None = None
        self._ready: deque[tuple[Head, bytes, float]] = deque()
        self._oldest = 0
        self._losses: deque[float] = deque(maxlen=_MAX_LOSSES)

    @property
    def ahead(self) -> int:
        """Frames that are ready."""
        return len(self._ready)

    def push(self, generation: int, chunk: SpeechChunk) -> None:
        """More sound of the open segment, or the begin of the next: segments are played one after the other."""
        if generation >= self._oldest:
            for piece in _pieces(chunk):
                self._send(protocol.pack_chunk(self.number, generation, piece))

    def end_segment(self, generation: int) -> None:
        """No more sound belongs to the segment."""
        self._send_op("end", generation=generation)

    def clear(self, generation: int) -> None:
        """Drops everything of older generations that was not yet taken, and whatever still comes of them."""
        self._oldest = max(self._oldest, generation)
        self._send_op("clear", generation=generation)
        stale = [head for head, _, _ in self._ready if self._is_stale(head)]
        self._ready = deque(item for item in self._ready if not self._is_stale(item[0]))
        self._give_back(stale)

    def act(self, name: str) -> None:
        """Begins a movement.

        Raises:
            UsageError: it is not one of `actions`.
        """
        if name not in self.actions:
            raise UsageError(
                f"This avatar has no movement {name!r}.", hint=f"It has: {', '.join(self.actions) or 'none'}."
            )
        self._send_op("act", name=name)

    def listen(self, on: bool) -> None:
        """The user's voice begins (True) or pauses (False)."""
        self._send_op("listen", on=on)

    def take(self) -> Rendered | None:
        """The next frame; None if there is none yet."""
        if not self._ready or self._ring is None:
            return None
        head, sound, ready_at = self._ready.popleft()
        if head["idle"] and self._ready:
            # Speech has come meanwhile: it need not wait for a frame in which nothing is said.
            self._give_back([head])
            head, sound, ready_at = self._ready.popleft()
        picture = self._ring[head["slot"]].copy()
        self._give_back([head])
        return Rendered(
            picture,
            np.frombuffer(sound, np.int16),
            head["generation"],
            head["idle"],
            head["first"],
            head["last"],
            head["position_s"],
            ready_at,
        )

    async def close(self) -> None:
        """Ends the stream; may be called twice."""
        self._send_op("close")
        self._host.forget(self)
        self.unmap()

    def map(self, head: Head, file: int) -> None:
        """The host's: the process has opened the session.

        Args:
            head: its description.
            file: of the pictures; may be closed afterwards.
        """
        self.unmap()
        width, height = head["size"]
        self.size = width, height
        self.fps = head["fps"]
        self.latency_frames = head["latency_frames"]
        self.actions = tuple(head["actions"])
        self._ring = Ring(file, head["slots"], self.size)

    def unmap(self) -> None:
        """The host's: no more frames come, and those that wait are lost."""
        self._ready.clear()
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def put(self, head: Head, sound: bytes) -> None:
        """The host's: a frame has come."""
        if self._is_stale(head):
            self._give_back([head])
        else:
            self._ready.append((head, sound, time.monotonic()))

    def lose(self) -> bool:
        """The host's: the process has ended. False: that happened too often, it is not worth trying again."""
        self.unmap()
        now = time.monotonic()
        self._losses.append(now)
        return len(self._losses) < _MAX_LOSSES or now - self._losses[0] > _WITHIN_S

    def _is_stale(self, head: Head) -> bool:
        return not head["idle"] and head["generation"] < self._oldest

    def _give_back(self, heads: list[Head]) -> None:
        if heads:
            self._send_op("taken", slots=[head["slot"] for head in heads])

    def _send_op(self, op: str, **fields: object) -> None:
        self._send(protocol.pack({"op": op, "stream": self.number, **fields}))

    def _send(self, message: bytes) -> None:
        # Without memory it is not open over there: before the first time, while it is opened again, and in the end.
        if self._ring is not None:
            self._host.send(message)


def _pieces(chunk: SpeechChunk) -> Iterator[SpeechChunk]:
    """What is known of the sounds cannot be cut; such chunks are sentences, no recordings."""
    length = int(chunk.sample_rate * _PIECE_S)
    if chunk.phonemes is not None or len(chunk.samples) <= length:
        yield chunk
        return
    for start in range(0, len(chunk.samples), length):
        yield replace(chunk, samples=chunk.samples[start : start + length])
