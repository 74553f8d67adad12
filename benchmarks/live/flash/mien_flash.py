"""An engine that is white while there is sound and black in silence: whether picture and sound belong together can be read off to the frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel

from mien.errors import UsageError
from mien.types import AvatarFrame, EngineSpec, Image, Phoneme, Samples, frame_bounds

LOUD = 0.05


class FlashOptions(BaseModel):
    fps: float = 25
    size: int = 128


SPEC = EngineSpec(
    name="flash",
    summary="White while there is sound.",
    licence="Apache-2.0",
    factory="mien_flash:FlashEngine",
    options=FlashOptions,
    creates_from=("image",),
    prepare="mien_flash:prepare",
)


def prepare(source: Image, package, settings, report) -> list[str]:
    package.add_arrays("nothing", {"nothing": np.zeros(1, np.float32)})
    return []


class FlashEngine:
    spec = SPEC

    def __init__(self, settings: object) -> None:
        pass

    def open(self, avatar: object, options: FlashOptions) -> FlashSession:
        return FlashSession(options)


class FlashSession:
    latency_frames = 0
    actions: tuple[str, ...] = ()

    def __init__(self, options: FlashOptions) -> None:
        self.fps, self.size = options.fps, (options.size, options.size)
        self._segments: deque[list[Samples]] = deque()
        self._ended = 0
        self._index = 0

    def push_audio(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        if len(self._segments) <= self._ended:
            self._segments.append([])
        self._segments[-1].append(samples)

    def end_segment(self) -> None:
        self._ended = len(self._segments)

    def clear(self) -> int:
        self._segments.clear()
        self._ended = 0
        return frame_bounds(self._index, self.fps)[0]

    def act(self, name: str) -> None:
        raise UsageError(f"A flash has no movement {name!r}.", hint="It has none.")

    def listen(self, on: bool) -> None:
        pass

    def frames(self) -> Iterator[AvatarFrame]:
        while self._segments:
            known = np.concatenate([np.zeros(0, np.float32), *self._segments[0]])
            start, end = frame_bounds(self._index, self.fps)
            if len(known) < end - start and not self._ended:
                return
            if not len(known):
                self._segments.popleft()
                self._ended -= 1
                continue
            self._segments[0] = [known[end - start :]]
            yield self._frame(np.pad(known[: end - start], (0, max(0, end - start - len(known)))))

    def idle_frame(self) -> AvatarFrame:
        start, end = frame_bounds(self._index, self.fps)
        return self._frame(np.zeros(end - start, np.float32), idle=True)

    def _frame(self, audio: Samples, idle: bool = False) -> AvatarFrame:
        white = float(np.abs(audio).max(initial=0.0)) > LOUD
        image = np.full((self.size[1], self.size[0], 3), 235 if white else 20, np.uint8)
        index, self._index = self._index, self._index + 1
        return AvatarFrame(index, image, audio, idle)
