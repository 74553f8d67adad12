"""Sound as a stream of bytes in the usual formats, while it is made."""

from __future__ import annotations

import io
import struct
from typing import Any, Literal, TypeAlias, get_args

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from mien.media.label import METADATA
from mien.media.resample import Resampler
from mien.types import Samples

AudioFormat: TypeAlias = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
AUDIO_FORMATS: tuple[AudioFormat, ...] = get_args(AudioFormat)

STREAM_RATE = 24_000
"""Hz, of every format: more than any voice has to say, and what OpenAI's `pcm` is."""

_MUXERS: dict[AudioFormat, tuple[str, str, int]] = {
    "mp3": ("mp3", "libmp3lame", 64_000),
    "opus": ("ogg", "libopus", 32_000),
    "aac": ("adts", "aac", 64_000),
    "flac": ("flac", "flac", 0),
}
"""Container, codec, bits a second; mono speech needs no more."""

_OPTIONS = {"mp3": {"write_xing": "0"}, "opus": {"page_duration": "100000"}}
"""No header that is filled in at the end; pages of a tenth of a second instead of a whole one, which would come late."""

_UNKNOWN_SIZE = 0xFFFFFFFF


class AudioEncoder:
    """Mono sound in, bytes out; each `push` gives what is complete by then. One stream each, not safe for several threads at once.

    Where the format has a place for it, the bytes say that this is AI-generated.

    Args:
        format: mp3; opus in Ogg; aac as ADTS; flac; wav, 16 bit, whose header gives no length; pcm: int16 little-endian without a header.
        sample_rate: Hz of what is pushed; what comes out has `STREAM_RATE`.
    """

    def __init__(self, format: AudioFormat, sample_rate: int) -> None:
        self._resampler = Resampler(sample_rate, STREAM_RATE)
        self._output = _Output()
        self._coded = _Coded(format, self._output) if format in _MUXERS else None
        if format == "wav":
            self._output.write(_wav_header())

    def push(self, samples: Samples) -> bytes:
        """More sound: float32 mono in [-1, 1]."""
        return self._write(self._resampler.push(samples))

    def finish(self) -> bytes:
        """The rest; the encoder is spent."""
        rest = self._write(self._resampler.finish())
        if self._coded is not None:
            self._coded.close()
        return rest + self._output.take()

    def _write(self, samples: Samples) -> bytes:
        pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
        if self._coded is None:
            self._output.write(pcm.tobytes())
        elif len(pcm):
            self._coded.write(pcm)
        return self._output.take()


class _Output(io.RawIOBase):
    """Where a muxer writes; it cannot seek."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._bytes)
        self._bytes.clear()
        return data


class _Coded:
    """A codec and its container."""

    def __init__(self, format: AudioFormat, output: _Output) -> None:
        muxer, codec, bit_rate = _MUXERS[format]
        self._container = av.open(output, "w", format=muxer, options=_OPTIONS.get(format, {}))
        self._container.metadata["comment"] = METADATA["comment"]
        stream = self._container.add_stream(codec, rate=STREAM_RATE, layout="mono")
        assert isinstance(stream, AudioStream)
        self._stream = stream
        if bit_rate:
            self._stream.bit_rate = bit_rate
        self._position = 0

    def write(self, pcm: Any) -> None:
        frame = AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts = STREAM_RATE, self._position
        self._position += len(pcm)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def _wav_header() -> bytes:
    rate, width = STREAM_RATE, 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", _UNKNOWN_SIZE, b"WAVE", b"fmt ", 16),
        *(1, 1, rate, rate * width, width, 8 * width),
        *(b"data", _UNKNOWN_SIZE),
    )
