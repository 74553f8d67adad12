"""The film behind an avatar that was made from a video: its frames at random, and an order in which they never end."""

from __future__ import annotations

import io
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import av
import av.error
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from mien.avatars.builder import PackageBuilder
from mien.avatars.package import AvatarPackage
from mien.errors import PackageError
from mien.media import VideoWriter
from mien.types import Image

LONGEST_S = 60.0
"""Of a film; after that it runs backwards, which nobody notices."""

_FILE = "film.mp4"
_GROUP = 4
"""Frames from one key frame to the next: a third smaller than key frames only, and any frame is there after decoding four."""
_CRF = 17
_KEPT_GROUPS = 8
"""Decoded groups that are kept; 25 MB at 512²."""


def best_stretch(seen: NDArray[np.bool_], movement: NDArray[np.floating], fps: float) -> slice:
    """The part of a video that makes the best film: the longest in which the face is always seen, at most `LONGEST_S`; where there is a
    choice, the one in which the head is quietest.

    Args:
        seen: (N,), the face is seen.
        movement: (N,), how much the head moves up to each frame, in any unit; not looked at where the face is not seen.
        fps: frames per second.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(int)))
    runs = edges.reshape(-1, 2)
    length = min(int((runs[:, 1] - runs[:, 0]).max(initial=0)), round(LONGEST_S * fps))
    so_far = np.concatenate([[0.0], np.cumsum(np.where(seen, movement, 0.0))])
    starts = np.concatenate([np.arange(first, end - length + 1) for first, end in runs if end - first >= length])
    quietest = int(starts[np.argmin(so_far[starts + length] - so_far[starts])])
    return slice(quietest, quietest + length)


def add_film(package: PackageBuilder, frames: Iterable[Image], size: tuple[int, int], fps: float) -> int:
    """Puts a film into a package.

    Args:
        package: that is being made.
        frames: uint8 RGB (H, W, 3), one or more.
        size: their width and height; both even.
        fps: frames per second.

    Returns:
        How many frames it has.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, _FILE)
        with VideoWriter(path, size, fps, None, crf=_CRF, group=_GROUP) as writer:
            for frame in frames:
                writer.write(frame)
        package.add_bytes(_FILE, path.read_bytes())
        return writer.frames


class Frames(Protocol):
    """What a mouth is drawn into: a film, or something in its place."""

    fps: float
    size: tuple[int, int]

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Image: ...

    def order(self, position: int) -> int: ...


class Reel:
    """Frames that come one after the other, in the place of a film; none is kept but the last one.

    Args:
        images: uint8 RGB (H, W, 3).
        count: how many come.
        size: width, height.
        fps: frames per second.
    """

    def __init__(self, images: Iterator[Image], count: int, size: tuple[int, int], fps: float) -> None:
        self.fps, self.size = fps, size
        self._images, self._count = enumerate(images), count
        self._last: tuple[int, Image] | None = None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Image:
        """The last frame that was asked for, or a later one.

        Raises:
            IndexError: there is no such frame, or it has gone by.
        """
        while self._last is None or self._last[0] < index:
            self._last = next(self._images, None)
            if self._last is None:
                raise IndexError(index)
        if self._last[0] > index:
            raise IndexError(index)
        return self._last[1]

    def order(self, position: int) -> int:
        """As they come; then the last one again and again."""
        return min(position, self._count - 1)


class Film:
    """The film of one avatar. Sessions may share it, also from several threads.

    Args:
        data: an MP4 file as `add_film` makes it.
        name: of the avatar, for errors.

    Raises:
        PackageError: it is none.
    """

    def __init__(self, data: bytes, name: str = "film") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._groups: OrderedDict[int, list[Image]] = OrderedDict()
        try:
            with av.open(io.BytesIO(data), "r", format="mp4") as container:
                stream = container.streams.video[0]
                self.fps = float(stream.average_rate or 0)
                self.size = stream.width, stream.height
                self._packets = [packet for packet in container.demux(stream) if packet.size]
                extradata, pixels = stream.codec_context.extradata, stream.codec_context.pix_fmt
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            raise self._broken() from error
        if (
            not self._packets
            or pixels != "yuv420p"
            or not all(packet.is_keyframe for packet in self._packets[::_GROUP])
        ):
            raise self._broken()
        self._decoder = VideoCodecContext.create("h264", "r")
        self._decoder.extradata = extradata
        self._decoder.thread_count = 1

    @classmethod
    def open(cls, package: AvatarPackage) -> Film:
        """Raises:
        PackageError: the avatar has no film, or a broken one.
        """
        return cls(package.read(_FILE), package.manifest.name)

    def __len__(self) -> int:
        return len(self._packets)

    def __getitem__(self, index: int) -> Image:
        """Frame 0 … len - 1: uint8 RGB (H, W, 3), shared by all who ask for it: it must not be written into.

        Raises:
            IndexError: there is no such frame.
            PackageError: it cannot be decoded.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        number, place = divmod(index, _GROUP)
        with self._lock:
            group = self._groups.pop(number, None) or self._decoded(number)
            self._groups[number] = group
            while len(self._groups) > _KEPT_GROUPS:
                self._groups.popitem(last=False)
        return group[place]

    def order(self, position: int) -> int:
        """The film's frame that a stream shows as its frame `position`, 0 …: forwards, backwards, forwards …, without a cut."""
        last = len(self) - 1
        if last == 0:
            return 0
        return last - abs(last - position % (2 * last))

    def _decoded(self, number: int) -> list[Image]:
        packets = self._packets[number * _GROUP : (number + 1) * _GROUP]
        try:
            self._decoder.flush_buffers()
            images = [_rgb(frame) for packet in packets for frame in self._decoder.decode(packet)]
        except (av.error.FFmpegError, ValueError) as error:
            raise self._broken() from error
        if len(images) != len(packets):
            raise self._broken()
        return images

    def _broken(self) -> PackageError:
        return PackageError(
            f"The film of the avatar {self._name!r} cannot be read.", hint="Get the avatar again, or make it anew."
        )


_RED, _BLUE = 0.2126, 0.0722
_LUMA, _CHROMA = 255 / 219, 255 / 224
_TO_RGB = np.array(
    [
        [_LUMA, 0, 2 * (1 - _RED) * _CHROMA],
        [
            _LUMA,
            -2 * (1 - _BLUE) * _BLUE / (1 - _RED - _BLUE) * _CHROMA,
            -2 * (1 - _RED) * _RED / (1 - _RED - _BLUE) * _CHROMA,
        ],
        [_LUMA, 2 * (1 - _BLUE) * _CHROMA, 0],
    ]
)
"""BT.709 in its limited range, as `VideoWriter` writes it."""
_OFFSET = -_TO_RGB @ (16, 128, 128)


def _rgb(frame: VideoFrame) -> Image:
    """Half the time of FFmpeg's exact conversion, and nearer to the original than its quick one by 2 dB."""
    luma, *chroma = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    )
    size = luma.shape[1], luma.shape[0]
    whole = cv2.merge([luma, *(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in chroma)])
    image = np.asarray(cv2.transform(whole, np.column_stack([_TO_RGB, _OFFSET])), np.uint8)
    image.setflags(write=False)
    return image
