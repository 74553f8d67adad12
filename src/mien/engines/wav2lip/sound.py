"""The sound of one stream, cut into what the network hears for each frame."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.engines.wav2lip.network import MEL_COLUMNS
from mien.errors import UsageError
from mien.motion.features.spectra import WAV2LIP_HOP, wav2lip_mel
from mien.types import SAMPLE_RATE, Phoneme, Samples, frame_bounds

Mel = NDArray[np.float32]

SILENCE = -4.0
"""Every cell of a silent mel."""

_REACH = 400
"""Samples to either side of a column's middle that it is made of."""
_MARGIN = 3
"""Columns from which on the beginning of a piece of sound is not heard in it: 600 samples, a column and the sample before it reach 401."""
_HEARD = WAV2LIP_HOP * (MEL_COLUMNS - 1) + _REACH
"""Samples from the first column's middle to the end of what is heard."""


def window(samples: Samples, column: int) -> Mel:
    """What is heard from one column on, (80, 16): always made of a piece of the same length, so that it is the same however the sound came.

    Args:
        samples: of an utterance; its beginning is mirrored, as it was in training, and after its end there is silence.
        column: of its mel, 0 or later.
    """
    first = max(0, column - _MARGIN)
    begin, end = first * WAV2LIP_HOP, column * WAV2LIP_HOP + _HEARD
    piece = np.zeros(end - begin, np.float32)
    known = samples[begin:end]
    piece[: len(known)] = known
    return wav2lip_mel(piece)[:, column - first : column - first + MEL_COLUMNS]


@dataclass(slots=True)
class _Utterance:
    """Args:
    start: of it in the stream, samples; None: it has not begun.
    """

    samples: list[Samples] = field(default_factory=list)
    count: int = 0
    ended: bool = False
    start: int | None = None

    def whole(self) -> Samples:
        if len(self.samples) != 1:
            self.samples = [np.concatenate([np.zeros(0, np.float32), *self.samples])]
        return self.samples[0]


class Hearing:
    """What is heard in one stream, frame by frame. The network hears the sound itself: phonemes make no difference.

    Args:
        fps: frames per second.
        shift: frames by which the sound is read later.
    """

    actions: tuple[str, ...] = ()

    def __init__(self, fps: float, shift: int = 0) -> None:
        self.fps = fps
        self._shift = shift
        self._index = 0
        self._utterances: deque[_Utterance] = deque()

    @property
    def latency_frames(self) -> int:
        return max(0, math.floor(_HEARD / SAMPLE_RATE * self.fps) + self._shift)

    def push(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        if not isinstance(samples, np.ndarray) or samples.dtype != np.float32 or samples.ndim != 1:
            raise UsageError("Sound must be float32 of shape (T,).", hint="Convert to mono float32 at 16 kHz.")
        if not self._utterances or self._utterances[-1].ended:
            self._utterances.append(_Utterance())
        self._utterances[-1].samples.append(samples.copy())
        self._utterances[-1].count += len(samples)

    def end_segment(self) -> None:
        if self._utterances:
            self._utterances[-1].ended = True

    def clear(self) -> int:
        self._utterances.clear()
        return frame_bounds(self._index, self.fps)[0]

    def act(self, name: str) -> None:
        raise UsageError(f"There is no movement {name!r}.", hint="This engine has none but speech.")

    def listen(self, on: bool) -> None:
        """Makes no difference."""

    def frames(self) -> Iterator[tuple[Mel, Samples]]:
        """What is heard in every frame that can be made now, and the samples that it owns."""
        while self._utterances:
            utterance = self._utterances[0]
            begin, end = frame_bounds(self._index, self.fps)
            start = begin if utterance.start is None else utterance.start
            if utterance.ended and begin - start >= utterance.count:
                self._utterances.popleft()
                continue
            read = begin - start + round(self._shift * SAMPLE_RATE / self.fps)
            column = max(0, read) // WAV2LIP_HOP
            known = max(column * WAV2LIP_HOP + _HEARD, end - start) <= utterance.count
            if not known and not utterance.ended:
                return
            utterance.start = start
            samples = utterance.whole()
            owned = np.zeros(end - begin, np.float32)
            own = samples[begin - start : end - start]
            owned[: len(own)] = own
            self._index += 1
            yield window(samples, column), owned

    def idle(self) -> Mel:
        """What is heard in a frame of silence; advances the clock."""
        self._index += 1
        return SILENT


SILENT = np.full((80, MEL_COLUMNS), SILENCE, np.float32)
"""`window` of silence."""
SILENT.setflags(write=False)
