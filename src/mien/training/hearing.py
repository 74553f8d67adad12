"""How good a video's sound is to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from mien.media.audio import SILENCE_DB
from mien.training.items import Item, above, below
from mien.types import Samples

_WINDOW_S = 0.02
_SPEECH_PERCENT, _ROOM_PERCENT = 90.0, 5.0
"""Percentiles of the level that stand for speech, and for the room between words."""
_FULL_SCALE = 0.985
_SOFT_DB, _INAUDIBLE_DB, _CLEAR_DB = -40.0, -55.0, 20.0
_CLIPPED_PERCENT = 0.1
_SHUT = "the mouth hardly opens where it was looked at."
_UNHEARD = "without a voice the mouth moves as anybody's would, and only as wide as it is seen to open."


class Listener:
    """Gathers what a check says of the sound, block by block.

    Args:
        sample_rate: Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._window = max(round(sample_rate * _WINDOW_S), 1)
        self._rest = np.zeros(0, np.float32)
        self._levels: list[NDArray[np.float32]] = []
        self._clipped = self._count = 0

    def through(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The blocks as they come."""
        for block in blocks:
            self._hear(block)
            yield block

    def _hear(self, block: Samples) -> None:
        self._clipped += int((np.abs(block) >= _FULL_SCALE).sum())
        self._count += len(block)
        samples = np.concatenate([self._rest, block])
        whole = len(samples) // self._window * self._window
        self._rest = samples[whole:]
        self._levels.append(np.square(samples[:whole].reshape(-1, self._window)).mean(axis=1))

    def items(self, *, opens: bool) -> list[Item]:
        """Loudness, noise and clipping; loudness alone if nothing can be heard.

        Args:
            opens: the mouth is seen to open.
        """
        level = 10 * np.log10(np.concatenate([*self._levels, np.zeros(0, np.float32)]) + 1e-10)
        if level.max(initial=-100.0) < SILENCE_DB:
            return [silent_item(opens=opens)]
        speech, room = np.percentile(level, [_SPEECH_PERCENT, _ROOM_PERCENT]).tolist()
        clear = speech - max(room, -80.0)
        clipped = 100 * self._clipped / max(self._count, 1)
        return [
            Item(
                "loudness",
                below(speech, _SOFT_DB, _INAUDIBLE_DB),
                round(speech, 1),
                "dBFS",
                f"Speech is at {speech:.0f} dBFS.",
                "" if speech >= _SOFT_DB else "Go nearer to the microphone, or turn its level up.",
            ),
            Item(
                "noise",
                below(clear, _CLEAR_DB),
                round(clear, 1),
                "dB",
                f"Speech is {clear:.0f} dB louder than what is heard between the words.",
                "" if clear >= _CLEAR_DB else "Use a quiet room without music, and a microphone near the mouth.",
            ),
            Item(
                "clipping",
                above(clipped, _CLIPPED_PERCENT),
                round(clipped, 2),
                "%",
                f"{clipped:.2g} % of the sound is at full scale.",
                "" if clipped <= _CLIPPED_PERCENT else "Turn the microphone's level down: this distorts.",
            ),
        ]


def silent_item(*, opens: bool) -> Item:
    """For a sound in which nothing can be heard."""
    return Item(
        "loudness",
        "warn" if opens else "fail",
        None,
        "dBFS",
        "Nothing can be heard." if opens else f"Nothing can be heard, and {_SHUT}",
        f"Look whether the right track was recorded or exported: {_UNHEARD}",
    )


def missing_item(*, opens: bool) -> Item:
    """For a video without a sound track."""
    return Item(
        "sound",
        "warn" if opens else "fail",
        None,
        "",
        "The video has no sound." if opens else f"The video has no sound, and {_SHUT}",
        f"Film somebody who speaks, with sound: {_UNHEARD}",
    )
