"""Turns of a conversation: everything that follows from one carries its number, its generation."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pipecat.frames.frames import Frame

_KEPT_TURNS = 50
_METADATA = "mien_generation"

Mark: TypeAlias = Literal[
    "asked", "spoke", "vad", "turn", "asr", "llm_request", "llm", "sentence", "tts", "frame", "played"
]
"""Moments of a turn, in their order: something was typed or sent, or the user's last sound; silence was noticed; it was decided that the turn
is over; the final transcript; the model was asked; its first token; its first whole sentence; the first sound of the voice; the first picture
drawn; the first slice given out."""


class Turns:
    """Counts the turns of one session and remembers their moments. Used on one event loop."""

    def __init__(self) -> None:
        self.generation = 0
        """Of the turn that is under way."""
        self.oldest = 0
        """Everything of an older generation is dropped wherever it is met."""
        self._last = 0
        self._marks: OrderedDict[int, dict[str, float]] = OrderedDict({0: {}})

    def reserve(self) -> int:
        """The number of a turn that will begin later, with `enter`."""
        self._last += 1
        self._marks[self._last] = {}
        while len(self._marks) > _KEPT_TURNS:
            self._marks.popitem(last=False)
        return self._last

    def enter(self, generation: int) -> None:
        """A turn that was reserved begins."""
        self.generation = generation

    def begin(self) -> int:
        """The next turn begins; what is under way goes on before it."""
        self.enter(self.reserve())
        return self.generation

    def cut(self) -> int:
        """The next turn begins and everything older is dropped."""
        self.oldest = self.begin()
        return self.oldest

    def is_stale(self, generation: int) -> bool:
        return generation < self.oldest

    def mark(self, name: Mark, generation: int | None = None, at: float | None = None) -> None:
        """Notes a moment of a turn; only its first occurrence counts.

        Args:
            name: which moment.
            generation: None: the turn under way.
            at: seconds of `time.monotonic`; None: now.
        """
        marks = self._marks.get(self.generation if generation is None else generation)
        if marks is not None:
            marks.setdefault(name, time.monotonic() if at is None else at)

    def marks(self, generation: int) -> dict[str, float]:
        """The moments of a turn, seconds of `time.monotonic`."""
        return dict(self._marks.get(generation, {}))

    def stages(self, generation: int) -> dict[str, float]:
        """How long each stage of a turn took until something was heard, in seconds; they add up to "total".

        vad: until silence was noticed; asr: until the words and the end of the turn were known; llm: until there was a sentence; tts: until
        it sounded; frame: until it was drawn; played: until it was given out. Stages that the turn did not have are left out.
        """
        marks = self._marks.get(generation, {})
        known = {"asr": max((marks[name] for name in ("asr", "turn") if name in marks), default=None)}
        ends = {"vad": "vad", "llm": "sentence", "tts": "tts", "frame": "frame", "played": "played"}
        known |= {stage: marks.get(mark) for stage, mark in ends.items()}
        start = last = marks.get("spoke", marks.get("asked"))
        if start is None or last is None:
            return {}
        stages: dict[str, float] = {}
        for stage in ("vad", "asr", "llm", "tts", "frame", "played"):
            end = known[stage]
            if end is not None:
                stages[stage] = max(end - last, 0.0)
                last = max(end, last)
        return stages | {"total": last - start}


def stamp(frame: Frame, generation: int) -> None:
    """Writes the turn's number on a Pipecat frame."""
    frame.metadata[_METADATA] = generation


def generation_of(frame: Frame) -> int | None:
    """The number of the turn that a Pipecat frame belongs to; None if nobody wrote it."""
    return frame.metadata.get(_METADATA)
