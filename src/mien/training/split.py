"""Which part of a video is learnt from, and which is kept to judge by."""

from __future__ import annotations

from dataclasses import dataclass

FPS = 25.0
"""Frames per second of every dataset, whatever the video's own rate is."""

_TEST = 5
"""The last one of so many parts is for the test."""
_VALIDATE = 8
"""Of the rest, the last one of so many is for validation …"""
_VALIDATE_S = 5.0
"""… but not more than this."""


@dataclass(frozen=True, slots=True)
class Split:
    """Parts of a video in the order of time, as slices of its frames: neighbouring frames are too alike to be dealt out one by one.

    Args:
        train: what is learnt from.
        validate: says when to stop.
        test: is looked at when all is done.
    """

    train: slice
    validate: slice
    test: slice

    @classmethod
    def of(cls, count: int) -> Split:
        """Of so many frames; the same for all engines."""
        test = count - count // _TEST
        validate = test - min(test // _VALIDATE, round(_VALIDATE_S * FPS))
        return cls(slice(0, validate), slice(validate, test), slice(test, count))
