"""Writing H.264 + AAC files while the frames are made."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter

from mien.errors import OutputError, UsageError
from mien.media.files import atomic_output, writing
from mien.media.resample import Resampler
from mien.types import Image, Samples, frame_bounds

AUDIO_RATE = 48_000
"""Hz; the rate of video sound everywhere; every common frame rate divides it."""

AUDIO_BIT_RATE = 128_000
_QUEUE = 8
"""Frames that may wait for the encoder: enough to even out its key frames, little memory (6 MB at 512²)."""

_MAX_SIDE = 8192
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The type of the box that holds XMP in MP4 (XMP specification, part 3)."""


class VideoWriter:
    """Writes one MP4 file: H.264 (4:2:0, BT.709) and mono AAC, playable while it loads.

    A context manager. Frames are encoded on a thread of its own, at most `_QUEUE` behind; an error there is raised by the next
    `write`. The file appears when the block ends well; otherwise nothing is left. An odd width or height is made even by
    repeating the last column or row.

    Args:
        path: the file; `.mp4` is what it will be, whatever the suffix.
        size: width, height of the frames.
        fps: frames per second.
        sample_rate: Hz of the samples given to `write`; None: the file has no sound.
        metadata: title, artist, comment, description, copyright …; MP4 keeps only names it knows.
        xmp: an XMP packet to put into the file.
        crf: x264's constant quality, 0 … 51; 18 cannot be told from the original.
        preset: x264's effort, "ultrafast" … "veryslow".
        group: a key frame comes every so many frames and no frame needs a later one, so that any can be had at random, decoded in two thirds
            of the time, 7 % larger; None: as x264 finds best.
        overwrite: an existing file is replaced.

    Raises:
        UsageError: size or rate out of range.
        AlreadyExistsError, OutputError: as `atomic_output`, on entering; OutputError also later (disk full).
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        fps: float,
        sample_rate: int | None,
        *,
        metadata: Mapping[str, str] | None = None,
        xmp: bytes = b"",
        crf: int = 18,
        preset: str = "veryfast",
        group: int | None = None,
        overwrite: bool = False,
    ) -> None:
        if not all(2 <= side <= _MAX_SIDE for side in size):
            raise UsageError(
                f"A video of {size[0]} × {size[1]} is not possible.", hint=f"2 to {_MAX_SIDE} pixels a side."
            )
        if not 1 <= fps <= 240:
            raise UsageError(f"{fps} frames per second are not possible.", hint="Use 1 to 240, best 25.")
        self.path, self.size, self.fps, self.sample_rate = path, size, fps, sample_rate
        self.frames = 0
        self._overwrite = overwrite
        # subme=1: a fifth less processor time for the same PSNR of the face in a slightly larger file.
        x264 = "subme=1" if group is None else f"subme=1:keyint={group}:min-keyint={group}:scenecut=0:bframes=0:cabac=0"
        self._encoding = {"crf": str(crf), "preset": preset, "threads": "1", "x264-params": x264}
        self._metadata = dict(metadata or {})
        self._xmp = xmp
        self._pending: deque[Future[None]] = deque()
        self._session: AbstractContextManager[None] | None = None

    def __enter__(self) -> VideoWriter:
        self._session = self._open()
        self._session.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        self._session.__exit__(kind, error, trace)

    def write(self, image: Image, samples: Samples | None = None) -> None:
        """Adds one frame. Blocks while the encoder is `_QUEUE` frames behind.

        Args:
            image: uint8 RGB (height, width, 3); copied.
            samples: its slice of sound, `frame_bounds(index, fps, sample_rate)` long; cut or filled with silence to that,
                so that sound and picture cannot drift apart. None is silence.

        Raises:
            UsageError: the image has another size than the video.
            OutputError: an earlier frame could not be written.
        """
        width, height = self.size
        if image.shape != (height, width, 3) or image.dtype != np.uint8:
            raise UsageError(
                f"A frame of shape {image.shape} ({image.dtype}) does not fit a video of {width} × {height}.",
                hint="Give uint8 RGB frames of the size the writer was opened with.",
            )
        while self._pending and (len(self._pending) >= _QUEUE or self._pending[0].done()):
            self._pending.popleft().result()
        self._pending.append(self._pool.submit(self._encoder.add, _even(image), self._slice(samples)))
        self.frames += 1

    def _slice(self, samples: Samples | None) -> Samples:
        if self.sample_rate is None:
            return np.zeros(0, np.float32)
        start, end = frame_bounds(self.frames, self.fps, self.sample_rate)
        owned = np.zeros(end - start, np.float32)
        if samples is not None:
            given = samples[: len(owned)]
            owned[: len(given)] = given
        return owned

    @contextmanager
    def _open(self) -> Iterator[None]:
        with (
            atomic_output(self.path, overwrite=self._overwrite) as part,
            ThreadPoolExecutor(1, thread_name_prefix="mien-encode") as self._pool,
        ):
            width, height = (side + side % 2 for side in self.size)
            self._encoder = _Encoder(self.path, part, (width, height), self.fps, self.sample_rate, self._encoding)
            self._encoder.open(self._metadata)
            try:
                yield
                if not self.frames:
                    raise OutputError(f"{self.path} was given no frames.", hint="Give it at least one.")
                while self._pending:
                    self._pending.popleft().result()
                self._pool.submit(self._encoder.finish, self._xmp).result()
            finally:
                for future in self._pending:
                    future.cancel()
                self._pool.submit(self._encoder.abandon).result()


class _Encoder:
    """The file and its two encoders; used on one thread at a time."""

    def __init__(
        self,
        path: Path,
        part: Path,
        size: tuple[int, int],
        fps: float,
        sample_rate: int | None,
        encoding: dict[str, str],
    ) -> None:
        self._path, self._part = path, part
        self._size, self._fps, self._sample_rate, self._encoding = size, fps, sample_rate, encoding
        self._frames = self._samples = 0
        self._failed = False
        self._reformatter = VideoReformatter()

    def open(self, metadata: dict[str, str]) -> None:
        with self._writing():
            # The movie's timescale carries the edit lists: at the usual 1000 the sound would end up to 1 ms early or late.
            options = {"movflags": "+faststart", "movie_timescale": str(AUDIO_RATE)}
            self._container = av.open(str(self._part), "w", format="mp4", options=options)
            self._container.metadata.update(metadata)
            self._video = self._container.add_stream(
                "libx264", rate=Fraction(self._fps).limit_denominator(10_000), options=self._encoding
            )
            self._video.width, self._video.height = self._size
            self._video.pix_fmt = "yuv420p"
            self._video.codec_context.color_range = ColorRange.MPEG
            self._video.codec_context.colorspace = Colorspace.ITU709
            self._video.codec_context.color_primaries = ColorPrimaries.BT709
            self._video.codec_context.color_trc = ColorTrc.BT709
            self._resampler = None
            if self._sample_rate is not None:
                self._resampler = Resampler(self._sample_rate, AUDIO_RATE)
                self._audio = self._container.add_stream("aac", rate=AUDIO_RATE, layout="mono", format="fltp")
                self._audio.bit_rate = AUDIO_BIT_RATE
            self._container.start_encoding()

    def add(self, image: Image, samples: Samples) -> None:
        with self._writing():
            frame = self._reformatter.reformat(
                VideoFrame.from_numpy_buffer(image),
                format="yuv420p",
                src_colorspace=Colorspace.ITU709,
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,
                threads=1,
            )
            frame.pts = self._frames
            frame.time_base = 1 / self._video.codec_context.framerate
            self._frames += 1
            self._container.mux(self._video.encode(frame))
            if self._resampler is not None:
                self._add_sound(self._resampler.push(samples))

    def finish(self, xmp: bytes) -> None:
        with self._writing():
            self._container.mux(self._video.encode(None))
            if self._resampler is not None:
                _, end = frame_bounds(self._frames - 1, self._fps, AUDIO_RATE)
                rest = self._resampler.finish()
                rest = np.pad(rest, (0, max(end - self._samples - len(rest), 0)))
                self._add_sound(rest[: end - self._samples])
                self._container.mux(self._audio.encode(None))
            self._container.close()
            if xmp:
                with self._part.open("ab") as file:
                    file.write((24 + len(xmp)).to_bytes(4, "big") + b"uuid" + _XMP_BOX + xmp)

    def abandon(self) -> None:
        """Closes the file in whatever state it is; nothing to do after `finish`."""
        with suppress(av.error.FFmpegError, OSError):
            self._container.close()

    def _add_sound(self, samples: Samples) -> None:
        if not len(samples):
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
        frame.sample_rate = AUDIO_RATE
        frame.time_base = Fraction(1, AUDIO_RATE)
        frame.pts = self._samples
        self._samples += len(samples)
        self._container.mux(self._audio.encode(frame))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._failed:
            # FFmpeg's muxer may crash when it is used again after an error.
            raise OutputError(f"{self._path} could not be written before.", hint="Look at the first error.")
        self._failed = True
        with writing(self._path):
            try:
                yield
            except av.error.FFmpegError as error:
                if isinstance(error, OSError):
                    raise
                raise OutputError(
                    f"{self._path} cannot be encoded: {error}.", hint="Try another size or fps."
                ) from error
        self._failed = False


def _even(image: Image) -> Image:
    """A copy (the caller may reuse its buffer) with even sides, as 4:2:0 needs."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return image.copy()
