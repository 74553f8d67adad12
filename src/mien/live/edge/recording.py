"""A session as a video file: the avatar's picture, and both sides' sound."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Condition

import cv2
import numpy as np

from mien.errors import MienError, OutputError
from mien.live.slices import OUTPUT_RATE, Pcm, Picture, Slice
from mien.media import METADATA, XMP, Label, VideoWriter, check_output
from mien.types import Image, Samples

logger = logging.getLogger(__name__)

_WAITING = 100
"""Slices that may wait for the encoder, 4 s (40 MB at 512²); then the oldest is dropped, picture and sound together."""

_KNEE = 0.7
"""Where the mixed sound begins to be pressed together."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A finished recording.

    Args:
        path: the mp4 file.
        seconds: its length.
        dropped: slices that the machine was too slow for; they are filled with the picture before and silence.
    """

    path: Path
    seconds: float
    dropped: int


class Recording:
    """A sink that writes an mp4 file, on a thread of its own. It appears when the recording is finished.

    Missing ticks are filled with the picture before and silence, so that the file keeps real time. When the file cannot be
    written any more, slices are ignored.

    Args:
        path: the file, `.mp4`.
        fps: of the session.
        on_error: called on the event loop when the file can no longer be written; `finish` raises the same.
        label: the visible mark "AI-generated" is drawn; the file's metadata say it in any case.

    Raises:
        OutputError, AlreadyExistsError: there can be no such file.
    """

    def __init__(
        self, path: Path, fps: float, *, on_error: Callable[[MienError], None] | None = None, label: bool = True
    ) -> None:
        check_output(path)
        self.path = path
        self._fps, self._labelled, self._on_error = fps, label, on_error
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Slice] = deque()
        self._changed = Condition()
        self._ended = False
        self._dropped = self._frames = 0
        self._first: int | None = None
        self._last: int | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mien-recording")
        self._result = asyncio.ensure_future(self._loop.run_in_executor(self._thread, self._write))
        self._result.add_done_callback(self._done)

    @property
    def seconds(self) -> float:
        """Recorded until now."""
        return 0.0 if self._first is None or self._last is None else (self._last + 1 - self._first) / self._fps

    def put(self, piece: Slice) -> None:
        with self._changed:
            if self._ended or self._result.done():
                return
            if self._first is None:
                self._first = piece.tick
            self._last = piece.tick
            if len(self._waiting) >= _WAITING:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(piece)
            self._changed.notify()

    async def finish(self) -> Recorded:
        """Ends the recording and waits for the file.

        Raises:
            OutputError: it could not be written, or nothing was put into it.
        """
        self._end()
        try:
            await asyncio.shield(self._result)
        finally:
            if self._result.done():
                self._thread.shutdown()
        return Recorded(self.path, self._frames / self._fps, self._dropped)

    async def close(self) -> None:
        try:
            await self.finish()
        except MienError as error:
            logger.warning("recording_lost", extra={"code": error.code})

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _done(self, result: asyncio.Future[None]) -> None:
        if result.cancelled() or (error := result.exception()) is None:
            return
        self._waiting.clear()
        if not isinstance(error, MienError):
            logger.error("recording_failed", exc_info=error)
            error = OutputError(f"{self.path} could not be written.", hint="Look at the log.")
        if self._on_error is not None and not self._ended:
            self._on_error(error)

    def _next(self) -> Slice | None:
        with self._changed:
            while not self._waiting and not self._ended:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None

    def _write(self) -> None:
        piece = self._next()
        if piece is None:
            raise OutputError(f"{self.path} was given nothing to record.", hint="Record for longer.")
        height, width = piece.picture.shape[0] * 2 // 3, piece.picture.shape[1]
        label = Label((width, height)) if self._labelled else None
        with self._writer((width, height)) as writer:
            tick, shown, image = piece.tick, piece.picture, _rgb(piece.picture, label)
            while piece is not None:
                for _ in range(piece.tick - tick):
                    writer.write(image)
                if piece.picture is not shown:
                    shown, image = piece.picture, _rgb(piece.picture, label)
                writer.write(image, mix(piece.sound, piece.user))
                self._frames = writer.frames
                tick = piece.tick + 1
                piece = self._next()

    def _writer(self, size: tuple[int, int]) -> VideoWriter:
        # Less effort than for a film: it runs beside the session.
        return VideoWriter(
            self.path, size, self._fps, OUTPUT_RATE, metadata=METADATA, xmp=XMP, crf=20, preset="ultrafast"
        )


def mix(first: Pcm, second: Pcm) -> Samples:
    """Both sounds at once; what would be too loud is pressed together smoothly, the rest is unchanged."""
    both = (first.astype(np.float32) + second) / 32768
    loud = np.abs(both)
    pressed = _KNEE + (1 - _KNEE) * np.tanh((loud - _KNEE) / (1 - _KNEE))
    return np.where(loud > _KNEE, np.sign(both) * pressed, both).astype(np.float32)


def _rgb(picture: Picture, label: Label | None) -> Image:
    image = cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420).astype(np.uint8, copy=False)
    return label.apply(image) if label else image
