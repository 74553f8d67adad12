"""One utterance on its way from pushes of sound to frames."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.motion.articulation import MOUTH_RATE
from mien.motion.coarticulation import LOOKAHEAD_S, PhonemeMouth
from mien.motion.energy import EnergyMouth
from mien.motion.from_sound import SoundMouth
from mien.motion.source import ROW_WIDTH, MouthSource, Rows
from mien.types import SAMPLE_RATE, Driver, Phoneme, Samples

_CATCH_UP_S = 0.25
"""The time in which the advance of the mouth grows to its full size."""

_AFTERMATH_ROWS = 10
"""A contact of the lips this late after the last frame is shown in the last frame; there is no later one."""


class _Run:
    """A stretch of a segment with one source of movement."""

    def __init__(self, source: MouthSource, first_row: int) -> None:
        self.source = source
        self.first_row = first_row
        self.rows_due: int | None = None
        """How many rows it may give; None until another run takes over."""
        self.rows_given = 0


class Segment:
    """Sound and mouth of one utterance.

    Args:
        fps: frames per second.
        advance_s: seconds by which the mouth runs ahead.
        driver: "auto": the phonemes where they are known, else the network.
    """

    def __init__(self, fps: float, advance_s: float, driver: Driver = "auto") -> None:
        self.ended = False
        self._driver: Driver = driver
        self._fps = fps
        self._advance_s = advance_s
        self._pushed = 0
        self._shown = 0
        self._audio: deque[Samples] = deque()
        self._audio_skip = 0
        self._runs: deque[_Run] = deque()
        self._rows = np.zeros((0, ROW_WIDTH), np.float32)
        self._first_row = 0
        self._looked_to = 0

    @staticmethod
    def latency_frames(fps: float, advance_s: float) -> int:
        """How many frames of sound must be known before a frame can be made."""
        lookahead_s = max(LOOKAHEAD_S, SoundMouth.lookahead_s, EnergyMouth.lookahead_s)
        return math.ceil((advance_s + lookahead_s + 0.11) * fps + 0.5)

    @property
    def done(self) -> bool:
        """All its sound has been shown."""
        return self.ended and self._shown >= self._pushed

    def push(self, samples: Samples, phonemes: Sequence[Phoneme] | None) -> None:
        samples = _checked(samples)
        if not len(samples):
            return
        kind = self._kind(phonemes)
        if not self._runs or not isinstance(self._runs[-1].source, kind):
            self._change(kind())
        self._runs[-1].source.push(samples, phonemes or ())
        self._audio.append(samples)
        self._pushed += len(samples)

    def _kind(self, phonemes: Sequence[Phoneme] | None) -> type[MouthSource]:
        if self._driver == "energy":
            return EnergyMouth
        if self._driver == "network" or (self._driver == "auto" and phonemes is None):
            return SoundMouth
        if phonemes is None:
            raise UsageError(
                "The mouth was to follow phonemes, but those of this sound are not known.",
                hint="Use the driver auto, or a voice that tells its phonemes, such as espeak.",
            )
        return PhonemeMouth

    def _change(self, source: MouthSource) -> None:
        first_row = round(self._pushed / SAMPLE_RATE * MOUTH_RATE)
        if self._runs:
            self._runs[-1].rows_due = first_row - self._runs[-1].first_row
            self._runs[-1].source.finish()
        self._runs.append(_Run(source, first_row))

    def end(self) -> None:
        self.ended = True
        if self._runs:
            self._runs[-1].source.finish()

    def next(self, n_samples: int) -> tuple[Rows, Samples] | None:
        """The next frame; None if it cannot be made yet, or if there is none.

        Returns:
            The interpolated row of the frame's time followed by all rows that it stands for, and its samples.
        """
        if self.done or (not self.ended and self._pushed - self._shown < n_samples):
            return None
        here = self._mouth_row(self._shown / SAMPLE_RATE)
        following = self._mouth_row((self._shown + n_samples) / SAMPLE_RATE)
        last = self.ended and self._shown + n_samples >= self._pushed
        look_to = math.ceil(following) + _AFTERMATH_ROWS if last else math.ceil((here + following) / 2)
        if not self._gather(max(look_to, math.floor(here) + 2)):
            return None
        covered = self._slice(self._looked_to, look_to)
        low = math.floor(here)
        pair = self._slice(low, low + 2)
        at = (pair[:1] + (here - low) * (pair[1:] - pair[:1])).astype(np.float32)
        self._looked_to = look_to
        self._forget(min(low, look_to))
        return np.concatenate([at, covered]), self._take_audio(n_samples)

    def _mouth_row(self, seconds: float) -> float:
        x = min(1.0, seconds / _CATCH_UP_S)
        return (seconds + self._advance_s * x * x * (3.0 - 2.0 * x)) * MOUTH_RATE

    def _gather(self, until_row: int) -> bool:
        """Collects rows up to `until_row` (exclusive); False if they are not final yet."""
        while self._runs and self._first_row + len(self._rows) < until_row:
            run = self._runs[0]
            rows = run.source.take(until_row - self._first_row - len(self._rows))
            if run.rows_due is not None:
                rows = rows[: run.rows_due - run.rows_given]
            run.rows_given += len(rows)
            self._rows = np.concatenate([self._rows, rows])
            if run.rows_due is not None and (run.rows_given == run.rows_due or not len(rows)):
                self._runs.popleft()
            elif not len(rows):
                break
        return self.ended or self._first_row + len(self._rows) >= until_row

    def _slice(self, low: int, high: int) -> NDArray[np.float32]:
        """Rows [low, high); the mouth is shut beyond the last."""
        result = np.zeros((high - low, ROW_WIDTH), np.float32)
        known = self._rows[low - self._first_row : high - self._first_row]
        result[: len(known)] = known
        return result

    def _forget(self, before_row: int) -> None:
        drop = before_row - self._first_row
        if drop > 200:
            self._rows = self._rows[drop:].copy()
            self._first_row = before_row

    def _take_audio(self, n_samples: int) -> Samples:
        result = np.zeros(n_samples, np.float32)
        filled = 0
        while self._audio and filled < n_samples:
            piece = self._audio[0][self._audio_skip : self._audio_skip + n_samples - filled]
            result[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._audio_skip += len(piece)
            if self._audio_skip == len(self._audio[0]):
                self._audio.popleft()
                self._audio_skip = 0
        self._shown += n_samples
        return result


def _checked(samples: Samples) -> Samples:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float32 or samples.ndim != 1:
        what = (
            f"{samples.dtype} of shape {samples.shape}" if isinstance(samples, np.ndarray) else type(samples).__name__
        )
        raise UsageError(f"Sound must be float32 of shape (T,), not {what}.", hint="Convert to mono float32 at 16 kHz.")
    return np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
