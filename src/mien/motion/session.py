"""What the sessions of all engines that draw a performance have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from mien.types import AvatarFrame, Image, Later, Phoneme, Samples, frame_bounds

__all__ = ["PerformedSession"]


class _Performance(Protocol):
    """`mien.motion.Performance` or `mien.motion.personal.PersonalPerformance`."""

    fps: float

    @property
    def actions(self) -> tuple[str, ...]: ...
    @property
    def latency_frames(self) -> int: ...
    def push(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None: ...
    def end_segment(self) -> None: ...
    def clear(self) -> int: ...
    def act(self, name: str) -> None: ...
    def listen(self, on: bool) -> None: ...


class PerformedSession:
    """A `mien.types.RenderSession` but for its pictures: an engine adds `frames` and `idle_frame`.

    Args:
        performance: what is played.
        size: width, height of the frames.
    """

    def __init__(self, performance: _Performance, size: tuple[int, int]) -> None:
        self.fps = performance.fps
        self.size = size
        self.latency_frames = performance.latency_frames
        self.actions = performance.actions
        self._performing = performance
        self._index = 0

    def push_audio(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        self._performing.push(samples, phonemes)

    def end_segment(self) -> None:
        self._performing.end_segment()

    def clear(self) -> int:
        return self._performing.clear()

    def act(self, name: str) -> None:
        self._performing.act(name)

    def listen(self, on: bool) -> None:
        self._performing.listen(on)

    def _next_frame(self, image: Image | Later, audio: Samples | None) -> AvatarFrame:
        """The frame of that picture; without sound one of a face that does not speak."""
        if audio is None:
            first, end = frame_bounds(self._index, self.fps)
            frame = AvatarFrame(self._index, image, np.zeros(end - first, np.float32), idle=True)
        else:
            frame = AvatarFrame(self._index, image, audio)
        self._index += 1
        return frame
