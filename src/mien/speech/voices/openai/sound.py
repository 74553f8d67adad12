"""Sound from a response body as it arrives: WAV or raw PCM in pieces, any other format at its end."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mien.errors import MediaError, VoiceError
from mien.media import read_audio
from mien.types import Samples, SpeechChunk

_PCM_RATE = 24_000  # OpenAI's `pcm`: 24 kHz, 16 bit, little endian, mono, no header
_PIECE_S = 0.25
_MAX_HEADER = 64 << 10
_WAVE_PCM, _WAVE_EXTENSIBLE = 1, 0xFFFE
_RAW = re.compile(r"audio/(?:pcm|l16)\b(?:.*?rate=(\d+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Format:
    sample_rate: int
    channels: int
    begin: int


def chunks(body: Iterator[bytes], content_type: str, text: str) -> Iterator[SpeechChunk]:
    """The speech in a response, in pieces of about a quarter of a second.

    Args:
        body: the bytes as they come.
        content_type: of the response; servers that send raw PCM say so there.
        text: the sentence, for the first chunk.

    Raises:
        VoiceError: it is no sound.
    """
    raw = _RAW.match(content_type)
    head = b""
    form = _Format(int(raw[1] or _PCM_RATE), 1, 0) if raw else None
    for data in body:
        head += data
        form = form or _wave_format(head)
        if form:
            yield from _pieces(head[form.begin :], body, form, text)
            return
        if not head.startswith(b"RIFF"[: len(head)]):
            head += b"".join(body)
    yield _decoded(head, text)


def _wave_format(head: bytes) -> _Format | None:
    """What a WAV header says once its `data` begins; None if it has not, or if the samples are not 16 bit."""
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE" or len(head) > _MAX_HEADER:
        return None
    position, found = 12, None
    while position + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, position)
        position += 8
        if name == b"data":
            return _Format(found[2], found[1], position) if found else None
        if name == b"fmt " and position + 16 <= len(head):
            found = struct.unpack_from("<HHIIHH", head, position)
            if found[0] not in (_WAVE_PCM, _WAVE_EXTENSIBLE) or found[5] != 16 or not found[1] or not found[2]:
                return None
        position += size + size % 2
    return None


def _pieces(first: bytes, body: Iterator[bytes], form: _Format, text: str) -> Iterator[SpeechChunk]:
    frame = 2 * form.channels
    wanted = round(_PIECE_S * form.sample_rate) * frame
    waiting = bytearray(first)
    for data in body:
        if len(waiting) >= wanted:
            whole = len(waiting) // frame * frame
            yield SpeechChunk(_mono(bytes(waiting[:whole]), form.channels), form.sample_rate, text=text)
            text = ""
            del waiting[:whole]
        waiting += data
    whole = len(waiting) // frame * frame
    if whole:
        yield SpeechChunk(_mono(bytes(waiting[:whole]), form.channels), form.sample_rate, text=text)
    elif text:
        raise VoiceError("The openai voice sent a sound of no length.", hint="Look at the server.", retryable=True)


def _mono(data: bytes, channels: int) -> Samples:
    frames = np.frombuffer(data, dtype="<i2").reshape(-1, channels)
    return frames.mean(axis=1, dtype=np.float32) / np.float32(32768.0)


def _decoded(data: bytes, text: str) -> SpeechChunk:
    try:
        sound = read_audio(data)
    except MediaError as error:
        raise VoiceError(
            f"The openai voice sent what is no sound: {error.message}",
            hint="Look at MIEN_OPENAI_BASE_URL and the server.",
        ) from error
    return SpeechChunk(sound.samples, sound.sample_rate, text=text)
