"""Makes small media files with PyAV and Pillow."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame


def tone(seconds: float, sample_rate: int, hz: float = 440.0, level: float = 0.5) -> np.ndarray:
    """float32 (T,)."""
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def audio_file(
    channels: np.ndarray, sample_rate: int, *, form: str, codec: str, layout: str = "mono", sample_format: str = "fltp"
) -> bytes:
    """One audio file.

    Args:
        channels: float32 (C, T) in [-1, 1].
        form: the container.
        sample_format: what the encoder is given; integers are scaled to full range.
    """
    planar = sample_format.endswith("p")
    values = {
        "u8": lambda x: np.rint(x * 127 + 128).astype(np.uint8),
        "s16": lambda x: np.rint(x * 32767).astype(np.int16),
        "s32": lambda x: np.rint(x.astype(np.float64) * (2**31 - 1)).astype(np.int32),
        "flt": lambda x: x.astype(np.float32),
        "dbl": lambda x: x.astype(np.float64),
    }[sample_format.removesuffix("p")](channels)
    values = values if planar else values.T.reshape(1, -1)
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=sample_rate, layout=layout, format=sample_format)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(values), format=sample_format, layout=layout)
        frame.sample_rate, frame.pts = sample_rate, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def flat(value: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """A grey picture."""
    return np.full((size[1], size[0], 3), value, np.uint8)


def video_file(
    images: Sequence[np.ndarray],
    pts_ms: Sequence[int],
    *,
    form: str = "mp4",
    codec: str = "libx264",
    rotation: float = 0,
    hflip: bool = False,
    sar: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """A silent video whose frames stand at any milliseconds."""
    file = io.BytesIO()
    with av.open(file, "w", format=form, options=options or {}) as container:
        stream: Any = container.add_stream(
            codec, rate=1000, options={"crf": "12", "g": "10"} if codec.startswith("lib") else {}
        )
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if sar:
            stream.codec_context.sample_aspect_ratio = sar
        if rotation or hflip:
            stream.set_display_rotation(rotation, hflip=hflip)
        for image, at in zip(images, pts_ms, strict=True):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
