"""The messages between a `RecognizerProcess` and its child: a JSON object and, with some, sound.

A message is uint32 length of the JSON and uint32 length of the sound (little endian), the JSON in UTF-8, and the sound as float32
(little endian) mono 16 kHz.

    to the child     {"engine", "model", "settings"}     the first one: what to load
                     {"id", "do": "begin", "language"}   an utterance begins; the id is new
                     {"id", "do": "push"} + sound
                     {"id", "do": "finish"}              answered once, unless it is dropped
                     {"id", "do": "drop"}                its answer is no longer wanted
    to the parent    {"ready": true} or {"error"}        after loading
                     {"id", "heard", "text"}             so many samples of it are worked off; what is understood so far
                     {"id", "final"}                     what was understood
                     {"id", "error"}                     it failed; nothing more comes of it

An error is what `MienError.as_dict` gives. End of input ends the child.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from mien import errors
from mien.errors import MienError, RecognizerError
from mien.types import Samples

Message: TypeAlias = tuple[dict[str, Any], Samples]

_LENGTHS = struct.Struct("<II")
_DTYPE = np.dtype("<f4")
_SILENCE = np.zeros(0, np.float32)


def pack(head: dict[str, Any], samples: Samples = _SILENCE) -> bytes:
    """A message as bytes."""
    encoded = json.dumps(head, ensure_ascii=False).encode("utf-8", "replace")
    sound = np.ascontiguousarray(samples, _DTYPE).tobytes()
    return _LENGTHS.pack(len(encoded), len(sound)) + encoded + sound


def read(stream: BinaryIO) -> Message | None:
    """The next message; None at the end. Blocks."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_size, sound_size = _LENGTHS.unpack(lengths)
    body = stream.read(head_size + sound_size)
    return _message(body, head_size) if len(body) == head_size + sound_size else None


async def receive(stream: asyncio.StreamReader) -> Message | None:
    """The next message; None at the end."""
    try:
        head_size, sound_size = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
        return _message(await stream.readexactly(head_size + sound_size), head_size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def error_from(fields: dict[str, Any]) -> MienError:
    """The error that the child met, of its own class."""
    known = {
        kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MienError)
    }
    kind = known.get(fields["code"], RecognizerError)
    error = kind(fields["message"], hint=fields["hint"])
    error.retryable = fields["retryable"]
    return error


def _message(body: bytes, head_size: int) -> Message:
    return json.loads(body[:head_size]), np.frombuffer(body, _DTYPE, offset=head_size)
