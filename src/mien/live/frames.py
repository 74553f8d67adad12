"""The frames of ours that go through Pipecat's pipeline; each is stamped with its generation (`mien.live.turns`)."""

from __future__ import annotations

from dataclasses import dataclass

from pipecat.frames.frames import DataFrame

from mien.types import Sound, SpeechChunk


@dataclass
class SpeechFrame(DataFrame):
    """A piece of the voice.

    Args:
        chunk: its `text` is the sentence that begins here, "" if this goes on with the one before.
        append_to_context: what is heard of it belongs into the history.
    """

    chunk: SpeechChunk
    append_to_context: bool = True


@dataclass
class SentenceEndFrame(DataFrame):
    """The sentence that was begun by a `SpeechFrame` has no more sound."""


@dataclass
class RecordingFrame(DataFrame):
    """A recording to be spoken by the avatar."""

    sound: Sound


@dataclass
class SpeechDoneFrame(DataFrame):
    """Nothing more belongs to what was asked for: a text or recording is complete."""
