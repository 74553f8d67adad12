"""What the sessions of all engines that draw a performance have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien.motion.personal import PersonalPerformance
from mien.types import AvatarFrame, Image, Later, Phoneme, Samples, frame_bounds

__all__ = ["FilmedSession", "PerformedSession"]


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


class _Film(Protocol):
    """`mien.avatars.film.Film`."""

    size: tuple[int, int]

    def order(self, position: int) -> int: ...


class FilmedSession(PerformedSession):
    """A `mien.types.RenderSession` whose pictures are frames of a film in which the mouth is drawn.

    Args:
        performance: what is played.
        film: of the avatar.
        draw: makes the picture of a frame of the film, by its number, with the mouth that coefficients, float32 (K,), make.
    """

    def __init__(
        self,
        performance: PersonalPerformance,
        film: _Film,
        draw: Callable[[int, NDArray[np.float32]], Image | Later],
    ) -> None:
        super().__init__(performance, film.size)
        self._performance, self._film, self._draw = performance, film, draw

    def frames(self) -> Iterator[AvatarFrame]:
        for coefficients, _, audio in self._performance.frames():
            yield self._next_frame(self._drawn(coefficients), audio)

    def idle_frame(self) -> AvatarFrame:
        return self._next_frame(self._drawn(self._performance.idle()), None)

    def _drawn(self, coefficients: NDArray[np.float32]) -> Image | Later:
        return self._draw(self._film.order(self._index), coefficients)
