"""Recordings that an avatar is asked to speak."""

from __future__ import annotations

import numpy as np

from mien.errors import MediaError
from mien.media import AudioReader, is_silent
from mien.types import Sound

MAX_RECORDING_S = 600.0


def read_recording(source: bytes | Sound, longest_s: float) -> Sound:
    """Reads a recording whole; blocks.

    Raises:
        MediaError: it cannot be read, is empty, silent or too long.
    """
    sound = source if isinstance(source, Sound) else _read(source, longest_s)
    if not len(sound.samples) or is_silent(sound):
        raise MediaError("Nothing can be heard in the recording.", hint="Look whether the right one was chosen.")
    if sound.seconds > longest_s:
        raise _too_long(longest_s)
    return sound


def _read(data: bytes, longest_s: float) -> Sound:
    blocks, count = [], 0
    with AudioReader(data) as reader:
        for block in reader:
            blocks.append(block)
            count += len(block)
            # A small file may hold hours of silence.
            if count > longest_s * reader.sample_rate:
                raise _too_long(longest_s)
        samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        return Sound(samples, reader.sample_rate)


def _too_long(longest_s: float) -> MediaError:
    return MediaError(
        f"The recording is longer than {longest_s / 60:g} minutes.",
        hint="Cut it, and send the parts one after another.",
    )
