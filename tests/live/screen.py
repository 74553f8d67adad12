"""A screen without pictures: segments of sound become frames at once, for tests of what stands around the render process."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from mien.types import SpeechChunk, frame_count

PICTURE = np.zeros((12, 8), np.uint8)


@dataclass(frozen=True)
class Drawn:
    generation: int
    first: bool = False
    last: bool = False
    position_s: float = 0.0
    ready_at: float = 0.0
    idle: bool = False
    picture: np.ndarray = field(default_factory=lambda: PICTURE)
    sound: np.ndarray = field(default_factory=lambda: np.ones(1920, np.int16))


class Screen:
    """See `mien.live.avatar.Screen`; `take` gives what a render stream would."""

    fps = 25.0
    size = (8, 8)
    actions = ("nod",)

    def __init__(self) -> None:
        self._ready: deque[Drawn] = deque()
        self._seconds = 0.0
        self.cleared: list[int] = []

    def push(self, generation: int, chunk: SpeechChunk) -> None:
        self._seconds += len(chunk.samples) / chunk.sample_rate

    def end_segment(self, generation: int) -> None:
        count = frame_count(round(self._seconds * 16000), self.fps)
        for index in range(count):
            self._ready.append(Drawn(generation, index == 0, index == count - 1, index / self.fps))
        self._seconds = 0.0

    def clear(self, generation: int) -> None:
        self.cleared.append(generation)
        self._ready = deque(frame for frame in self._ready if frame.generation >= generation)
        self._seconds = 0.0

    def take(self) -> Drawn:
        return self._ready.popleft() if self._ready else Drawn(0, idle=True)

    @property
    def ahead(self) -> int:
        return len(self._ready)
