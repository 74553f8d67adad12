"""Video frames at a constant rate from files of any kind."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import av.error
import cv2
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from mien.errors import MediaError, UsageError
from mien.media.containers import Source, describe, open_input, require_codec
from mien.types import Image

MAX_PIXELS = 36_000_000
"""Of one frame: 8K is 33 million."""

_UNSPECIFIED = 2
"""AVCOL_SPC_UNSPECIFIED: the file does not say which YUV it holds."""

_FALLBACK_FPS = 25.0
_MAX_FPS = 240
_LONGEST_HOLD_S = 120.0
"""A frame that stays longer means damaged timestamps."""

_REORDERED_S = 0.5
"""Files are sought by the order of decoding, which is not quite that of showing."""

_MISSING_S = 0.5
"""A file that ends this much before its header says is cut off."""


class VideoReader:
    """The pictures of a video file as a stream at a constant frame rate, upright, with square pixels.

    Iterating yields uint8 RGB (H, W, 3); frame `n` is what is seen at `n / fps` seconds, counted from the start of the file as in
    `AudioReader`, so both stay together. Frames of a variable rate are repeated or left out by their timestamps. It can be
    iterated once.

    A file that is cut off gives the frames that are there and sets `truncated`; damaged pieces show the last good frame and
    count in `damaged`. It is an error only if nothing, or less than half of it, can be read.

    Args:
        source: a file or its content: MP4, MOV, WebM, MKV, AVI …
        fps: frames per second that are wanted; None: the file's own (of a variable rate, the average).
        start: the first frame that is wanted; what comes before its key frame is not decoded.

    Raises:
        NotFoundError: there is no such file.
        MediaError: no pictures, not media, broken, or frames too large; also while iterating, with the place.
    """

    def __init__(self, source: Source, fps: float | None = None, start: int = 0) -> None:
        if start < 0:
            raise UsageError(f"There is no frame {start}.", hint="Begin with 0 or later.")
        if fps is not None and not 1 <= fps <= _MAX_FPS:
            raise UsageError(f"{fps} frames per second are not possible.", hint=f"Use 1 to {_MAX_FPS}, best 25.")
        self._name = describe(source)
        self._container = open_input(source, "video")
        try:
            self._open(fps, start)
        except MediaError:
            self.close()
            raise

    def _open(self, fps: float | None, start: int) -> None:
        # A cover picture of an audio file counts as a video stream.
        streams = [s for s in self._container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not streams:
            raise MediaError(f"{self._name} has no pictures in it.", hint="Give a video file.")
        self._stream = streams[0]
        require_codec(self._stream, self._name)
        self._stream.thread_type = "AUTO"
        self._check_size(self._stream.width, self._stream.height)
        self._own_fps = self._rate()
        self.fps: float = fps or self._own_fps
        self.has_sound = bool(self._container.streams.audio)
        """There is a sound track beside the pictures."""
        self.duration_s: float | None = self._container.duration / 1e6 if self._container.duration else None
        """As the file says; a damaged file may be shorter."""
        self.truncated = False
        self.damaged = 0
        self._reached_s = 0.0
        self._reformatter = VideoReformatter()
        self._start = start
        first = self._first_from(start)
        if first is None:
            raise MediaError(
                f"Not one frame of {self._name} can be decoded.",
                hint="It is broken or cut off; copy or record it again.",
            )
        # The header may have said something else.
        self._check_size(first.width, first.height)
        self._first = first
        self._coded_size = (first.width, first.height)
        self._orientation = _orientation(first)
        self.size: tuple[int, int] = _square_size(self._stream, swap=self._orientation[0])
        """width, height of the frames as they are yielded."""
        self._check_size(*self.size)

    def _first_from(self, start: int) -> VideoFrame | None:
        """The frame that decoding begins with; that which is seen as frame `start` is it or follows."""
        begin_s = (start - 1) / self.fps
        if begin_s > _REORDERED_S and self._sought(begin_s - _REORDERED_S):
            self._decoder = self._decoded()
            first = next(self._decoder, None)
            if first is not None and self._time_s(first) <= begin_s:
                return first
            # The file finds its moments badly: all of it is decoded.
            self._sought(0.0)
            self.truncated, self.damaged = False, 0
        self._decoder = self._decoded()
        return next(self._decoder, None)

    def _sought(self, target_s: float) -> bool:
        """Goes to the last key frame before a moment, if the file can do that."""
        try:
            self._container.seek(round((target_s + self._origin_s) * 1e6))
        except (av.error.FFmpegError, OSError):
            return False
        return True

    @property
    def _origin_s(self) -> float:
        return (self._container.start_time or 0) / 1e6

    def _time_s(self, frame: VideoFrame) -> float:
        """When it is shown; infinite if the file does not say."""
        return math.inf if frame.pts is None else float(frame.pts * (frame.time_base or 0)) - self._origin_s

    def _check_size(self, width: int, height: int) -> None:
        if width * height > MAX_PIXELS:
            raise MediaError(
                f"{self._name} has frames of {width} × {height} pixels.", hint="Make the video smaller first."
            )

    def _rate(self) -> float:
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        return rate if 1 <= rate <= _MAX_FPS else _FALLBACK_FPS

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[Image]:
        """The frames from `start` on; a repeated one is the same array, which must not be written into."""
        shown, index, end_s = self._first, self._start, 0.0
        for frame, start_s, frame_end_s in self._timed():
            end_s = frame_end_s
            slot = _nearest(start_s * self.fps)
            self._check_hold(index, slot)
            if slot > index:
                image = self._rgb(shown)
                for _ in range(index, slot):
                    yield image
                index = slot
            shown = frame
        image = self._rgb(shown)
        for _ in range(index, max(_nearest(end_s * self.fps), 0 if self._start else 1)):
            yield image
        self._check_end(end_s)

    def _timed(self) -> Iterator[tuple[VideoFrame, float, float]]:
        """Frames with the seconds between which they are shown; those that go back in time are left out."""
        latest_s, end_s = -math.inf, 0.0
        for frame in itertools.chain([self._first], self._decoder):
            tick_s = float(frame.time_base or 0)
            start_s = end_s if frame.pts is None else self._time_s(frame)
            length_s = frame.duration * tick_s
            if length_s < 1 / _MAX_FPS:
                # Not known: Matroska's is that of the time base where frames come at any time.
                length_s = 1 / self._own_fps
            if start_s > latest_s:
                latest_s, end_s = start_s, start_s + length_s
                yield frame, start_s, end_s

    def _decoded(self) -> Iterator[VideoFrame]:
        try:
            for packet in self._container.demux():
                if packet.pts is not None and packet.time_base is not None:
                    self._reached_s = max(
                        self._reached_s, float((packet.pts + (packet.duration or 0)) * packet.time_base)
                    )
                if packet.stream.index == self._stream.index:
                    yield from self._decode(packet)
        except (av.error.FFmpegError, OSError):
            self.truncated = True

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        try:
            frames = [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
        except (av.error.FFmpegError, ValueError):
            self.damaged += 1
            return []
        self.damaged += sum(frame.is_corrupt for frame in frames)
        return frames

    def _rgb(self, frame: VideoFrame) -> Image:
        width, height = self._coded_size
        untagged_hd = frame.colorspace == _UNSPECIFIED and height >= 720
        try:
            rgb = self._reformatter.reformat(
                frame,
                width=width,
                height=height,
                format="rgb24",
                # Untagged video is BT.601 when small and BT.709 when large, as players take it.
                src_colorspace=Colorspace.ITU709 if untagged_hd else None,
                interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
                threads=1,
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                f"{self._name} has pixels of the kind {frame.format.name}, which cannot be turned into RGB.",
                hint="Convert it to MP4 first.",
            ) from error
        return self._turn(np.asarray(rgb.to_ndarray(), np.uint8))

    def _turn(self, image: Image) -> Image:
        swap, mirror_x, mirror_y = self._orientation
        if swap:
            image = image.transpose(1, 0, 2)
        image = image[:: -1 if mirror_y else 1, :: -1 if mirror_x else 1]
        if (image.shape[1], image.shape[0]) != self.size:
            image = np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_AREA), np.uint8)
        return np.ascontiguousarray(image)

    def _check_hold(self, index: int, slot: int) -> None:
        if slot - index > _LONGEST_HOLD_S * self.fps:
            raise MediaError(
                f"{self._name} is damaged: its timestamps jump from {index / self.fps:.1f} to {slot / self.fps:.1f} s.",
                hint="Convert it to MP4 first.",
            )

    def _check_end(self, end_s: float) -> None:
        if self.duration_s is None:
            return
        reached_s = self._reached_s - self._origin_s
        if reached_s < self.duration_s - _MISSING_S:
            self.truncated = True
        if end_s < self.duration_s / 2 and self.truncated:
            raise MediaError(
                f"{self._name} breaks off after {end_s:.1f} of {self.duration_s:.1f} s.",
                hint="Copy or record it again.",
            )


def _nearest(place: float) -> int:
    """Half-way is rounded up, always: from 50 to 25 frames per second every other one is shown."""
    return math.floor(place + 0.5 + 1e-6)


def _orientation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """How a frame must be turned to be upright: swap x and y, then mirror left and right, then top and bottom.

    From the display matrix, nine 16.16 numbers a b u c d v x y w: x' = a x + c y, y' = b x + d y (ISO 14496-12, 8.3.2).
    Phones write quarter turns and mirrorings only; any other angle is taken for the nearest of them.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False, False, False
    a, b, _, c, d = np.frombuffer(bytes(matrix), "<i4")[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def _square_size(stream: VideoStream, swap: bool) -> tuple[int, int]:
    """width, height when upright and with square pixels."""
    aspect = float(stream.sample_aspect_ratio or 1)
    width = max(round(stream.width * aspect), 1) if 0.1 < aspect < 10 else stream.width
    return (stream.height, width) if swap else (width, stream.height)
