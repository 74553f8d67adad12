"""Messages between the server and the render process: JSON with a block of bytes.

To the process: settings (first), open, push, end, clear, act, listen, taken, close. From it: ready (first), warm, opened, refused, frame, failed.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Iterator
from dataclasses import astuple
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from mien.errors import BusyError, MienError, RateLimitError, RenderError
from mien.types import Phoneme, SpeechChunk

_LENGTHS = struct.Struct("<II")

Head: TypeAlias = dict[str, Any]


def pack(head: Head, body: bytes = b"") -> bytes:
    """A message: the lengths of its parts, the head as JSON, the body."""
    text = json.dumps(head).encode()
    return b"".join((_LENGTHS.pack(len(text), len(body)), text, body))


async def receive(reader: asyncio.StreamReader) -> tuple[Head, bytes] | None:
    """The next message; None at the end of the stream."""
    try:
        text, body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        return json.loads(await reader.readexactly(text)), await reader.readexactly(body)
    except asyncio.IncompleteReadError:
        return None


def messages(file: BinaryIO) -> Iterator[tuple[Head, bytes]]:
    """All messages until the end of the file; blocks."""
    while len(lengths := file.read(_LENGTHS.size)) == _LENGTHS.size:
        text, body = _LENGTHS.unpack(lengths)
        yield json.loads(file.read(text)), file.read(body)


def pack_chunk(stream: int, generation: int, chunk: SpeechChunk) -> bytes:
    head = {"op": "push", "stream": stream, "generation": generation, "sample_rate": chunk.sample_rate}
    if chunk.phonemes is not None:
        head["phonemes"] = [astuple(phoneme) for phoneme in chunk.phonemes]
    return pack(head, np.ascontiguousarray(chunk.samples, np.float32).tobytes())


def unpack_chunk(head: Head, body: bytes) -> SpeechChunk:
    phonemes = tuple(Phoneme(*fields) for fields in head["phonemes"]) if "phonemes" in head else None
    return SpeechChunk(np.frombuffer(body, np.float32), head["sample_rate"], phonemes)


def pack_error(stream: int, error: MienError) -> bytes:
    fields: Head = {**error.as_dict()}
    if isinstance(error, BusyError | RateLimitError):
        fields["retry_after_s"] = error.retry_after_s
    return pack({"op": "refused", "stream": stream, "error": fields})


def unpack_error(fields: Head) -> MienError:
    """The same error as on the other side; a `RenderError` if its class is not known here."""
    kind = next((kind for kind in _kinds(MienError) if kind.code == fields["code"]), RenderError)
    if issubclass(kind, BusyError | RateLimitError):
        return kind(fields["message"], hint=fields["hint"], retry_after_s=fields["retry_after_s"])
    return kind(fields["message"], hint=fields["hint"], retryable=fields["retryable"])


def _kinds(kind: type[MienError]) -> Iterator[type[MienError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)
