"""The clock of a session: one slice of picture and sound per frame, to everybody who watches."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mien.live.slices import OUTPUT_RATE, Pcm, Picture, Sink, Slice
from mien.types import frame_bounds

logger = logging.getLogger(__name__)

LATEST_S = 0.2
"""A tick that comes later than this is left out: it cannot be caught up without a burst that no receiver could play."""


class Frame(Protocol):
    """What is drawn; see `mien.live.render.Rendered`."""

    @property
    def picture(self) -> Picture: ...
    @property
    def sound(self) -> Pcm: ...
    @property
    def generation(self) -> int: ...
    @property
    def idle(self) -> bool: ...
    @property
    def first(self) -> bool: ...
    @property
    def last(self) -> bool: ...
    @property
    def position_s(self) -> float: ...
    @property
    def ready_at(self) -> float: ...


class Pacer:
    """Which tick is due when; knows no clock of its own.

    Args:
        fps: ticks per second.
        start: seconds, the time of tick 0.
    """

    def __init__(self, fps: float, start: float) -> None:
        self.fps = fps
        self.start = start
        self.tick = 0
        self.missed = 0

    @property
    def due(self) -> float:
        return self.start + self.tick / self.fps

    def next(self, now: float) -> int:
        """The tick to make at `now`; those that are too late to be of use are left out."""
        late = now - self.due
        if late > LATEST_S:
            skipped = int(late * self.fps)
            self.tick += skipped
            self.missed += skipped
        tick = self.tick
        self.tick += 1
        return tick


@dataclass(slots=True)
class StageCounts:
    """Frames of a session.

    Args:
        shown: slices given out.
        repeated: of them, with the picture before, because none was ready.
        late_ms: the worst delay of a tick since the last reading.
    """

    shown: int = 0
    repeated: int = 0
    late_ms: float = 0.0


class Stage:
    """Takes a frame per tick and gives it to the sinks.

    Args:
        fps: frames per second.
        take: gives the next frame, or None if none is ready.
        on_frame: told of each new frame at the moment when it is given out.
        hear: gives what the user said since it was last asked, `n` samples at `OUTPUT_RATE`; None while nobody needs it.
    """

    def __init__(
        self,
        fps: float,
        take: Callable[[], Frame | None],
        on_frame: Callable[[Frame], None],
        hear: Callable[[int], Pcm] | None = None,
    ) -> None:
        self.fps = fps
        self.counts = StageCounts()
        self.missed = 0
        self._take, self._on_frame = take, on_frame
        self.hear = hear
        self._sinks: list[Sink] = []
        self._task: asyncio.Task[None] | None = None
        self._picture: Picture | None = None
        self._generation = 0

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return tuple(self._sinks)

    def add(self, sink: Sink) -> None:
        self._sinks.append(sink)

    def remove(self, sink: Sink) -> None:
        """Nothing happens if it is not there."""
        if sink in self._sinks:
            self._sinks.remove(sink)

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="mien-stage")

    async def close(self) -> None:
        """Stops the clock and closes all sinks."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        sinks, self._sinks = self._sinks, []
        await asyncio.gather(*(sink.close() for sink in sinks), return_exceptions=True)

    async def _run(self) -> None:
        pacer = Pacer(self.fps, time.monotonic())
        while True:
            delay = pacer.due - time.monotonic()
            # Also when it is late others get their turn.
            await asyncio.sleep(max(delay, 0.0))
            now = time.monotonic()
            self.counts.late_ms = max(self.counts.late_ms, (now - pacer.due) * 1000)
            tick = pacer.next(now)
            self.missed = pacer.missed
            try:
                self.step(tick)
            except Exception:
                logger.exception("tick_failed")

    def step(self, tick: int) -> None:
        """Makes one slice."""
        start, end = frame_bounds(tick, self.fps, OUTPUT_RATE)
        frame = self._take()
        if frame is not None:
            self._picture, self._generation = frame.picture, frame.generation
            sound, idle = _fitted(frame.sound, end - start), frame.idle
        elif self._picture is None:
            return
        else:
            self.counts.repeated += 1
            sound, idle = np.zeros(end - start, np.int16), True
        user = self.hear(end - start) if self.hear else np.zeros(end - start, np.int16)
        piece = Slice(tick, self._picture, sound, user, self._generation, idle)
        self.counts.shown += 1
        for sink in self.sinks:
            self._give(sink, piece)
        if frame is not None:
            self._on_frame(frame)

    def _give(self, sink: Sink, piece: Slice) -> None:
        try:
            sink.put(piece)
        except Exception:
            # One viewer's trouble must not stop the picture of the others.
            logger.exception("sink_failed")
            self.remove(sink)


def _fitted(sound: Pcm, size: int) -> Pcm:
    """A frame and a tick may own one sample more or less than each other at rates that do not divide."""
    return sound if len(sound) == size else np.pad(sound, (0, max(size - len(sound), 0)))[:size]
