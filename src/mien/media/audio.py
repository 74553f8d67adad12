"""Sound from files of any kind, and back to WAV."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av.error
import numpy as np
from av.audio.frame import AudioFrame, format_dtypes
from av.packet import Packet
from numpy.typing import NDArray

from mien.errors import MediaError
from mien.media.containers import Source, describe, open_input, require_codec
from mien.media.files import atomic_output, writing
from mien.types import Samples, Sound

MAX_SECONDS = 3600.0
_BLOCK = 1 << 20
"""Samples that are turned into bytes at once."""
SILENCE_DB = -60.0
"""dBFS; room noise of a bad microphone lies above it, a muted track below."""

_GAP_S = 0.1
"""A hole in the timestamps longer than this is silence; a shorter one is rounding."""

_CENTRE, _SIDE, _SURROUND = 1.0, 2**-0.5, 0.5
"""Weights of the channels in the mono mix (ITU-R BS.775); they are divided by their sum, so that nothing clips."""


class AudioReader:
    """The sound of an audio or video file as a stream of mono blocks; its memory does not grow with the length.

    Iterating yields float32 blocks in [-1, 1] of a few thousand samples at `sample_rate`. Time 0 is the start of the file:
    where a video's sound begins later or has holes, there is silence. It can be iterated once.

    Args:
        source: a file or its content: WAV, MP3, M4A, FLAC, Ogg, Opus, WebM, MP4 …
        max_seconds: more than this is an error.

    Raises:
        NotFoundError: there is no such file.
        MediaError: no sound, not media, broken, or too long; also while iterating.
    """

    def __init__(self, source: Source, *, max_seconds: float = MAX_SECONDS) -> None:
        self._name = describe(source)
        self._max_seconds = max_seconds
        self._container = open_input(source, "audio")
        try:
            if not self._container.streams.audio:
                raise MediaError(f"{self._name} has no sound in it.", hint="Give a file with an audio track.")
            self._stream = self._container.streams.audio[0]
            require_codec(self._stream, self._name)
            self.sample_rate: int = self._stream.sample_rate
            if not 1000 <= self.sample_rate <= 768_000:
                raise MediaError(
                    f"{self._name} has a sample rate of {self.sample_rate} Hz.", hint="Convert it to 16 to 48 kHz."
                )
        except MediaError:
            self.close()
            raise

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[Samples]:
        position, held = 0, np.zeros(0, np.float32)
        for frame in self._frames():
            yield held
            position += len(held)
            for silence in self._silence(frame, position):
                yield silence
                position += len(silence)
            held = self._mono(frame, position)
            if position + len(held) > self._max_seconds * self.sample_rate:
                raise self._too_long()
        held = held[: self._overhang(position, len(held))]
        if position + len(held) == 0:
            raise MediaError(f"{self._name} holds no sound: its length is zero.", hint="Record or export it again.")
        yield held

    def _frames(self) -> Iterator[AudioFrame]:
        good = bad = 0
        try:
            for packet in self._container.demux(self._stream):
                frames = self._decode(packet)
                if frames is None:
                    bad += 1
                    continue
                good += len(frames)
                yield from frames
        except (av.error.FFmpegError, OSError) as error:
            raise MediaError(f"{self._name} cannot be read to its end: {error}.", hint="Copy it again.") from error
        if bad > good:
            raise MediaError(
                f"{self._name} is broken: {bad} of {bad + good} packets cannot be decoded.",
                hint="Copy or record it again.",
            )

    def _decode(self, packet: Packet) -> list[AudioFrame] | None:
        """None: the packet is damaged; its place becomes silence by the next timestamp."""
        try:
            return [frame for frame in packet.decode() if isinstance(frame, AudioFrame) and frame.samples]
        except (av.error.FFmpegError, ValueError):
            return None

    def _mono(self, frame: AudioFrame, position: int) -> Samples:
        if frame.sample_rate != self.sample_rate:
            raise MediaError(
                f"{self._name} changes its sample rate after {position / self.sample_rate:.1f} s.",
                hint="Convert it to WAV first.",
            )
        if frame.format.name not in format_dtypes:
            raise MediaError(
                f"{self._name} has samples of the kind {frame.format.name}.", hint="Convert it to 16 bit WAV first."
            )
        return _mono(frame)

    def _silence(self, frame: AudioFrame, position: int) -> Iterator[Samples]:
        """What fills the hole between `position` and the frame's timestamp, in pieces of a second."""
        if frame.pts is None or frame.time_base is None:
            return
        origin_s = (self._container.start_time or 0) / 1e6
        gap_s = float(frame.pts * frame.time_base) - origin_s - position / self.sample_rate
        if gap_s <= _GAP_S:
            return
        if position / self.sample_rate + gap_s > self._max_seconds:
            raise self._too_long()
        for start in range(0, gap := round(gap_s * self.sample_rate), self.sample_rate):
            yield np.zeros(min(gap - start, self.sample_rate), np.float32)

    def _overhang(self, position: int, length: int) -> int:
        """How much of the last block belongs to the sound; encoders fill theirs up with silence."""
        if self._stream.duration is None or self._stream.time_base is None:
            return length
        origin_s = (self._container.start_time or 0) / 1e6
        begin_s = max(float((self._stream.start_time or 0) * self._stream.time_base) - origin_s, 0.0)
        end = round((begin_s + float(self._stream.duration * self._stream.time_base)) * self.sample_rate)
        return end - position if position < end < position + length else length

    def _too_long(self) -> MediaError:
        return MediaError(
            f"{self._name} is longer than {self._max_seconds:g} s.", hint="Cut it into parts, or raise the limit."
        )


def read_audio(source: Source, *, max_seconds: float = MAX_SECONDS) -> Sound:
    """The whole sound of a file, mono at its own rate; arguments and errors as `AudioReader`."""
    with AudioReader(source, max_seconds=max_seconds) as reader:
        return Sound(np.concatenate(list(reader)), reader.sample_rate)


def is_silent(sound: Sound) -> bool:
    """Nothing in it is louder than `SILENCE_DB`, over windows of 20 ms."""
    window = max(sound.sample_rate // 50, 1)
    whole = len(sound.samples) // window * window
    windows, rest = sound.samples[:whole].reshape(-1, window), sound.samples[whole:]
    # Not np.square: an hour of sound would be there twice.
    power = max(np.einsum("nk,nk->n", windows, windows).max(initial=0.0), rest @ rest) / window
    return bool(np.sqrt(power) < 10 ** (SILENCE_DB / 20))


def write_wav(path: Path, sound: Sound, *, overwrite: bool = False) -> None:
    """Writes 16 bit PCM, whole or not at all; raises as `atomic_output`."""
    with atomic_output(path, overwrite=overwrite) as part, writing(path), wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.sample_rate)
        for start in range(0, len(sound.samples), _BLOCK):
            levels = np.rint(sound.samples[start : start + _BLOCK] * 32767)
            file.writeframesraw(np.clip(levels, -32768, 32767).astype("<i2").tobytes())


def _mono(frame: AudioFrame) -> Samples:
    """float32 in [-1, 1] of any sample format and channel layout."""
    channels = len(frame.layout.channels)
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, channels).T
    weights = _weights([channel.name for channel in frame.layout.channels])
    return (weights @ _unit(values)).astype(np.float32)


def _unit(values: NDArray[Any]) -> NDArray[np.floating]:
    """Full scale to ±1; NaN to 0."""
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / 128
    if values.dtype.kind == "i":
        return values.astype(np.float32) / 2.0 ** (8 * values.dtype.itemsize - 1)
    return np.clip(np.nan_to_num(values, nan=0.0), -1.0, 1.0)


def _weights(names: list[str]) -> NDArray[np.float32]:
    if len(names) == 1:
        return np.ones(1, np.float32)
    known = {"FC": _CENTRE, "FL": _SIDE, "FR": _SIDE, "LFE": 0.0, "LFE2": 0.0}
    weights = np.array([known.get(name, _SURROUND) for name in names], np.float32)
    return weights / weights.sum()
