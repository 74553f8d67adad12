"""A session as a stream of messages, for networks that let no UDP through."""

from __future__ import annotations

import asyncio
import io
import struct
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import av
import cv2
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from mien.live.edge.fragments import Sample, fragment, length_prefixed
from mien.live.slices import OUTPUT_RATE, Pcm, Picture, Slice
from mien.types import frame_bounds

_WAITING = 12
"""Slices that may wait for a slow reader, half a second; then the oldest is dropped, picture and sound together."""

_VIDEO_CLOCK = 90_000
_AAC_FRAME = 1024
_AAC_BIT_RATE = 64_000
_JPEG_QUALITY = 85


class _Stream(ABC):
    """A sink that one reader empties at its own speed; it encodes only what it is asked for, on a thread of its own."""

    def __init__(self) -> None:
        self.dropped = 0
        """Slices that the reader was too slow for."""
        self._waiting: deque[Slice] = deque()
        self._changed = asyncio.Event()
        self._reading = self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mien-stream")

    def put(self, piece: Slice) -> None:
        # Before somebody reads nothing is kept, so that he begins with the present.
        if not self._reading or self._closed:
            return
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(piece)
        self._changed.set()

    async def messages(self) -> AsyncIterator[bytes]:
        """The messages in their order, until the stream is closed; for one reader."""
        self._reading = True
        loop = asyncio.get_running_loop()
        for message in await loop.run_in_executor(self._thread, self._begin):
            yield message
        while (piece := await self._next()) is not None:
            for message in await loop.run_in_executor(self._thread, self._encode, piece):
                yield message

    async def close(self) -> None:
        self._closed = True
        self._waiting.clear()
        self._changed.set()
        await asyncio.to_thread(self._thread.shutdown)

    async def _next(self) -> Slice | None:
        while not self._waiting and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        return None if self._closed else self._waiting.popleft()

    @abstractmethod
    def _begin(self) -> Sequence[bytes]:
        """What comes before the first slice."""

    @abstractmethod
    def _encode(self, piece: Slice) -> Sequence[bytes]: ...


class FragmentedMp4(_Stream):
    """H.264 + AAC for a browser's MediaSource: first the initialisation segment, then a fragment for each slice, from time 0.

    Each viewer has an encoder of its own and so begins with a key frame; another comes each second. Where slices are missing the
    picture stands and the sound is silent, for a gap would stop the player.

    Args:
        size: width, height of the picture, both even.
        fps: of the session.
        kbps: most bits of the picture.
    """

    def __init__(self, size: tuple[int, int], fps: float, kbps: int = 1500) -> None:
        super().__init__()
        self._size, self._fps, self._kbps = size, fps, kbps
        # Levels 3.1 and 4.0 by the macroblocks of a frame (H.264, table A-1).
        blocks = -(-size[0] // 16) * -(-size[1] // 16)
        self._level = 31 if blocks <= 3600 else 40
        self._first: int | None = None
        self._fragments = self._video_time = self._samples = self._packets = 0

    @property
    def mime(self) -> str:
        """For `MediaSource.isTypeSupported` and `addSourceBuffer`."""
        return f'video/mp4; codecs="{self.codecs}"'

    @property
    def codecs(self) -> str:
        # Constrained baseline (66, constraints 0 and 1), and AAC-LC.
        return f"avc1.42C0{self._level:02X}, mp4a.40.2"

    def _begin(self) -> Sequence[bytes]:
        header = io.BytesIO()
        options = {"movflags": "empty_moov+default_base_moof", "video_track_timescale": str(_VIDEO_CLOCK)}
        with av.open(header, "w", format="mp4", options=options) as container:
            video = container.add_stream("libx264", rate=Fraction(self._fps).limit_denominator(10_000))
            audio = container.add_stream("aac", rate=OUTPUT_RATE, layout="mono")
            self._video, self._audio = video.codec_context, audio.codec_context
            self._set_up_video(self._video)
            self._audio.format = "fltp"
            self._audio.bit_rate = _AAC_BIT_RATE
            container.start_encoding()
            segment = header.getvalue()
        return [segment]

    def _set_up_video(self, codec: VideoCodecContext) -> None:
        codec.width, codec.height = self._size
        codec.pix_fmt = "yuv420p"
        codec.color_range = ColorRange.MPEG
        codec.colorspace = Colorspace.ITU601
        codec.color_primaries = ColorPrimaries.BT709
        codec.color_trc = ColorTrc.BT709
        codec.profile = "Baseline"
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "level": str(self._level),
            "g": str(round(self._fps)),
            "threads": "1",
            "crf": "20",
            "maxrate": f"{self._kbps}k",
            "bufsize": f"{self._kbps}k",
        }

    def _encode(self, piece: Slice) -> Sequence[bytes]:
        if self._first is None:
            self._first = piece.tick
        video_time, audio_time = self._video_time, self._packets * _AAC_FRAME
        video = self._picture(piece.picture, round((piece.tick + 1 - self._first) * _VIDEO_CLOCK / self._fps))
        audio = self._sound(piece)
        self._fragments += 1
        return [fragment(self._fragments, video_time, video, audio_time, audio)]

    def _picture(self, picture: Picture, end: int) -> list[Sample]:
        """The picture from where the one before ended up to the end of its own tick."""
        frame = VideoFrame.from_numpy_buffer(picture, format="yuv420p")
        frame.pts, frame.time_base = self._video_time, Fraction(1, _VIDEO_CLOCK)
        duration, self._video_time = end - self._video_time, end
        return [
            Sample(length_prefixed(bytes(packet)), duration, packet.is_keyframe) for packet in self._video.encode(frame)
        ]

    def _sound(self, piece: Slice) -> list[Sample]:
        assert self._first is not None
        begin, first = (frame_bounds(tick, self._fps, OUTPUT_RATE)[0] for tick in (self._first, piece.tick))
        missing = max(first - begin - self._samples, 0)
        sound = np.concatenate([np.zeros(missing, np.int16), piece.sound])
        frame = AudioFrame.from_ndarray((sound[None] / np.float32(32768)), format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = OUTPUT_RATE, Fraction(1, OUTPUT_RATE)
        frame.pts = self._samples
        self._samples += len(sound)
        samples = []
        for packet in self._audio.encode(frame):
            # Before time 0 there is only what the encoder begins with.
            if packet.pts is not None and packet.pts >= 0:
                samples.append(Sample(bytes(packet), _AAC_FRAME))
        self._packets += len(samples)
        return samples

    _video: VideoCodecContext
    _audio: AudioCodecContext


class JpegPcm(_Stream):
    """Pictures and sound one by one, for a reader that has nothing but a canvas and Web Audio.

    Each message, in network byte order:

        u8   kind       1: picture, 2: sound
        u32  tick       of the session; its time is tick / fps seconds
        …    payload    1: a JPEG file; 2: the tick's sound, 48 kHz mono, 16 bits, *little*-endian as browsers have it

    A picture that is the same as before is not sent again.

    Args:
        fps: of the session.
    """

    PICTURE, SOUND = 1, 2

    def __init__(self, fps: float) -> None:
        super().__init__()
        self._fps = fps
        self._shown: Picture | None = None

    @property
    def mime(self) -> str:
        return f"application/vnd.mien.jpeg-pcm; fps={self._fps:g}; rate={OUTPUT_RATE}"

    def _begin(self) -> Sequence[bytes]:
        return []

    def _encode(self, piece: Slice) -> Sequence[bytes]:
        messages = [self._message(self.SOUND, piece.tick, _little_endian(piece.sound))]
        if piece.picture is not self._shown:
            self._shown = piece.picture
            messages.append(self._message(self.PICTURE, piece.tick, _jpeg(piece.picture)))
        return messages

    def _message(self, kind: int, tick: int, payload: bytes) -> bytes:
        return struct.pack("!BI", kind, tick & 0xFFFFFFFF) + payload


def _jpeg(picture: Picture) -> bytes:
    image = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _little_endian(sound: Pcm) -> bytes:
    return sound.astype("<i2", copy=False).tobytes()
