"""A few frames of a long video without decoding all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mien.media.containers import open_input
from mien.types import Image

LARGEST = 960
"""pixels; the longer side of what is shown."""

_STRETCH_S = 8.0
"""Length of what is looked at frame by frame …"""
_PIXELS = 5e8
"""… unless there are more of them than can be decoded in some seconds; of the rest, so many again."""
_FASTEST = 30.0
"""Frames per second in it."""
_PACKETS = 3000
_UNEVEN = 1.3
"""An interval between frames this much longer than the usual one is irregular …"""
_OFTEN = 0.01
"""… and if so many of them are, the rate is variable."""


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """One frame.

    Args:
        time_s: since the start of the file.
        image: uint8 RGB, upright, `LARGEST` pixels at most.
        scale: pixels of the source for one of the image.
        turned: degrees by which the stored picture was turned.
        dense: it belongs to the stretch that is looked at frame by frame.
    """

    time_s: float
    image: Image
    scale: float
    turned: int
    dense: bool


def glimpses(video: Path, count: int) -> Iterator[Glimpse]:
    """A stretch of consecutive frames, then some spread over the rest: any where all can be decoded soon, else key frames.

    Args:
        video: a file that `mien.media.VideoReader` can open.
        count: of frames spread over the whole video, at most.
    """
    with open_input(video, "video") as container:
        stream = _stream(container)
        stream.thread_type = "AUTO"
        length_s = (container.duration or 0) / 1e6
        begin_s = max(0.0, min(0.1 * length_s, length_s - _STRETCH_S))
        frames = max(2, int(_PIXELS / max(stream.width * stream.height, 1)))
        first_s, end_s = begin_s, begin_s
        for time_s, frame in _stretch(container, stream, begin_s, frames):
            first_s, end_s = min(first_s, time_s), time_s
            yield _glimpse(frame, time_s, dense=True)
        wanted = np.linspace(0, length_s, count, endpoint=False)
        wanted = wanted[(wanted < first_s) | (wanted > end_s)]
        rest = (length_s - end_s) * float(stream.average_rate or 25)
        spread = (
            _passed(container, stream, wanted) if rest < frames and first_s <= 0 else _keys(container, stream, wanted)
        )
        for time_s, frame in spread:
            yield _glimpse(frame, time_s, dense=False)


def _passed(container: InputContainer, stream: VideoStream, wanted: np.ndarray) -> Iterator[tuple[float, VideoFrame]]:
    """The frames at these times, met while all are decoded."""
    left = wanted.tolist()
    for time_s, frame in _decoded(container, stream, left[0]) if left else ():
        if left and time_s >= left[0]:
            left = [each for each in left if each > time_s]
            yield time_s, frame


def _keys(container: InputContainer, stream: VideoStream, wanted: np.ndarray) -> Iterator[tuple[float, VideoFrame]]:
    """The key frames before these times, each once."""
    known: set[int | None] = set()
    for each in wanted.tolist():
        for time_s, frame in islice(_decoded(container, stream, each), 1):
            if frame.pts not in known:
                known.add(frame.pts)
                yield time_s, frame


def is_variable(video: Path) -> bool:
    """Whether the frames come at irregular times; only the beginning is looked at, and nothing is decoded."""
    with open_input(video, "video") as container:
        stream = _stream(container)
        times = []
        for packet in container.demux(stream):
            if packet.pts is not None:
                times.append(packet.pts)
            if len(times) >= _PACKETS:
                break
    # Frames are sent in another order than shown; those that follow the last one sent may be missing.
    gaps = np.diff(np.sort(np.array(times, np.float64)))[:-2]
    gaps = gaps[gaps > 0]
    return len(gaps) > 0 and float((gaps > _UNEVEN * np.median(gaps)).mean()) > _OFTEN


def _stream(container: InputContainer) -> VideoStream:
    return next(s for s in container.streams.video if not s.disposition & s.disposition.attached_pic)


def _stretch(
    container: InputContainer, stream: VideoStream, begin_s: float, frames: int
) -> Iterator[tuple[float, VideoFrame]]:
    last_s = -1.0
    for time_s, frame in _decoded(container, stream, begin_s):
        if time_s > begin_s + _STRETCH_S or frames <= 0:
            return
        frames -= 1
        if time_s - last_s >= 0.9 / _FASTEST:
            last_s = time_s
            yield time_s, frame


def _decoded(container: InputContainer, stream: VideoStream, begin_s: float) -> Iterator[tuple[float, VideoFrame]]:
    """Frames from the key frame before a moment on; what cannot be decoded is left out."""
    origin_s = (container.start_time or 0) / 1e6
    try:
        container.seek(int((begin_s + origin_s) * 1e6))
        for frame in container.decode(stream):
            if frame.pts is not None and frame.time_base is not None:
                yield float(frame.pts * frame.time_base) - origin_s, frame
    except (av.error.FFmpegError, OSError):
        return


def _glimpse(frame: VideoFrame, time_s: float, *, dense: bool) -> Glimpse:
    scale = max(1.0, max(frame.width, frame.height) / LARGEST)
    width, height = (max(2, round(side / scale)) for side in (frame.width, frame.height))
    image = np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height), np.uint8)
    # PyAV tells by how many degrees counter-clockwise a frame is to be turned.
    quarters = round(frame.rotation / 90) % 4
    return Glimpse(time_s, np.ascontiguousarray(np.rot90(image, quarters)), scale, 90 * quarters, dense)
