"""The picture and the sound of a session as WebRTC tracks, on one clock."""

from __future__ import annotations

import asyncio
from collections import deque
from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamError, MediaStreamTrack
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from mien.live.slices import OUTPUT_RATE, Pcm, Picture, Slice
from mien.types import frame_bounds

PACKET = OUTPUT_RATE // 50
"""Samples of one Opus packet, 20 ms."""

_PICTURES = 3
_PACKETS = 12
_SOUND_TIME_BASE = Fraction(1, OUTPUT_RATE)

Item = TypeVar("Item")


class _Track(MediaStreamTrack, Generic[Item]):
    """A bounded queue as a track; what the sender does not fetch in time is dropped, oldest first.

    Nothing is kept before the sender first asks: a peer that connects begins with the present.
    """

    _depth: int

    def __init__(self, fps: float) -> None:
        super().__init__()
        self.wanted = False
        """The sender has begun to fetch."""
        self._fps = fps
        self._items: deque[Item] = deque(maxlen=self._depth)
        self._filled = asyncio.Event()

    def stop(self) -> None:
        super().stop()
        self._items.clear()
        self._filled.set()

    def _add(self, item: Item) -> None:
        if self.wanted and self.readyState == "live":
            self._items.append(item)
            self._filled.set()

    async def _next(self) -> Item:
        self.wanted = True
        while not self._items:
            if self.readyState != "live":
                raise MediaStreamError
            self._filled.clear()
            await self._filled.wait()
        return self._items.popleft()


class PictureTrack(_Track[tuple[int, Picture]]):
    """The picture; at most 3 wait. Time stamps count from tick `origin`."""

    kind = "video"
    _depth = _PICTURES

    def put(self, piece: Slice, origin: int) -> None:
        self._add((round((piece.tick - origin) * VIDEO_CLOCK_RATE / self._fps), piece.picture))

    async def recv(self) -> VideoFrame:
        pts, picture = await self._next()
        frame = VideoFrame.from_numpy_buffer(picture, format="yuv420p")
        frame.pts = pts
        frame.time_base = VIDEO_TIME_BASE
        return frame


class SoundTrack(_Track[tuple[int, float, Pcm]]):
    """The avatar's sound in packets of 20 ms, each given out at its own time. Counts from tick `origin`.

    At most 240 ms wait: a stage that was late catches up 200 ms at once.
    """

    kind = "audio"
    _depth = _PACKETS

    def __init__(self, fps: float) -> None:
        super().__init__(fps)
        self._rest = np.zeros(0, np.int16)
        self._next_sample = 0

    def put(self, piece: Slice, origin: int) -> None:
        first, end = (sample - frame_bounds(origin, self._fps, OUTPUT_RATE)[0] for sample in self._bounds(piece))
        if first != self._next_sample:
            # Half a packet before a gap cannot be sent at its time any more.
            self._rest = self._rest[:0]
        self._next_sample = end
        sound = np.concatenate([self._rest, piece.sound])
        begin = first - len(self._rest)
        now = asyncio.get_running_loop().time()
        whole = len(sound) - len(sound) % PACKET
        for start in range(0, whole, PACKET):
            at = begin + start
            self._add((at, now + max(at - first, 0) / OUTPUT_RATE, sound[start : start + PACKET]))
        self._rest = sound[whole:]

    def _bounds(self, piece: Slice) -> tuple[int, int]:
        first = frame_bounds(piece.tick, self._fps, OUTPUT_RATE)[0]
        return first, first + len(piece.sound)

    async def recv(self) -> AudioFrame:
        pts, due, samples = await self._next()
        wait = due - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)
        frame = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = OUTPUT_RATE
        frame.pts = pts
        frame.time_base = _SOUND_TIME_BASE
        return frame
