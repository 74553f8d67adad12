"""The frames of ours that go through Pipecat's pipeline; each is stamped with its generation (`mien.live.turns`)."""

from __future__ import annotations

from dataclasses import dataclass

from pipecat.frames.frames import DataFrame, Frame

from mien.types import Sound, SpeechChunk

_GOES_ON = "mien_goes_on"


def mark_going_on(frame: Frame) -> None:
    """The end of an answer is not the end of its turn: functions were called, and another answer follows."""
    frame.metadata[_GOES_ON] = True


def goes_on(frame: Frame) -> bool:
    return _GOES_ON in frame.metadata


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
