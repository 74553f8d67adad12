"""The mouth of one person in one stream: speech in, what their calibration makes of it per frame out."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE
from mien.motion.calibration import LAGS_ROWS, Calibration
from mien.motion.energy import as_heard
from mien.motion.performance import Performance
from mien.types import SAMPLE_RATE, Driver, Phoneme, Samples, frame_bounds

_LEAD_ROWS = 8
"""By which lips are ahead of the sound of their closures: the middle of `LAGS_ROWS`."""
_RELEASE_S = 0.16
"""As in `Performance`: so quickly the mouth leaves what it was doing, and what else was expected to come is forgotten."""

Row = NDArray[np.float32]


@dataclass(slots=True)
class _Segment:
    """Speech that has not been shown to its end; `frames` are made and wait for those that they foretell."""

    pushed: int = 0
    ended: bool = False
    made: int = 0
    frames: deque[tuple[Row, Samples]] = field(default_factory=deque)


class PersonalPerformance:
    """A `Performance` whose mouth is that of one person, in the coefficients of their calibration.

    The calibration looks `LAGS_ROWS` ahead, so a frame is given when the frames after it are known, or its segment has ended: beyond the
    end the mouth is at rest. The calibration knows by how much the person's lips are ahead of the sound, so nothing is advanced here. Where speech
    begins or breaks off, the coefficients pass over without a jump.

    The same seed and input give the same output, however the sound was cut into pushes.

    Args:
        calibration: from the mouth track to K coefficients.
        fps: frames per second: a frame must be a whole number of rows at `MOUTH_RATE`, and the lags whole frames: 12.5, 25 or 50.
        seed: as of `Performance`.
        driver: what moves the mouth.

    Raises:
        UsageError: fps is another one, or there is no such driver.
    """

    actions: tuple[str, ...] = ()
    """The head is the film's: it can be asked for nothing."""

    def __init__(self, calibration: Calibration, fps: float = 25.0, seed: int = 0, driver: Driver = "auto") -> None:
        rows = MOUTH_RATE / fps if fps > 0 else 0.0
        if rows not in (2, 4, 8):
            raise UsageError(f"A personal mouth cannot be shown at {fps} frames per second.", hint="Use 25.")
        self.fps = fps
        self._calibration = calibration
        self._inner = Performance(fps, seed, av_advance_ms=0.0, driver=driver)
        self._by_loudness = driver == "energy"
        self._rows = int(rows)
        self._reach, self._lead = max(LAGS_ROWS) // self._rows, _LEAD_ROWS // self._rows
        self._per_frame = round(SAMPLE_RATE / fps)
        self._segments: deque[_Segment] = deque()
        self._index = 0
        self._past: deque[Row] = deque(maxlen=self._reach)
        self._left = np.zeros(len(MOUTH_CHANNELS), np.float32)
        self._coming: Sequence[Row] = []
        self._shown = self._foretold([])[0]
        self._off = np.zeros_like(self._shown)
        self._since_switch_s = math.inf
        self._was_idle = True

    @property
    def latency_frames(self) -> int:
        """How many frames of sound must be known before a frame can be made of it."""
        return self._inner.latency_frames + self._reach

    def push(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        """More sound of the current segment; as `Performance.push`."""
        self._inner.push(samples, phonemes)
        if not self._segments or self._segments[-1].ended:
            self._segments.append(_Segment())
        self._segments[-1].pushed += len(samples)

    def end_segment(self) -> None:
        """No more sound belongs to this utterance."""
        self._inner.end_segment()
        if self._segments:
            self._segments[-1].ended = True

    def clear(self) -> int:
        """Drops everything not yet returned; the stream's sample position that was reached."""
        self._inner.clear()
        self._segments.clear()
        self._coming = []
        return frame_bounds(self._index, self.fps)[0]

    def act(self, name: str) -> None:
        """Raises:
        UsageError: always; there are no `actions`.
        """
        raise UsageError(f"There is no movement {name!r}.", hint="The head of a filmed avatar moves as in its film.")

    def listen(self, on: bool) -> None:
        """Somebody speaks to this face (True), pauses or has finished (False)."""
        self._inner.listen(on)

    def frames(self) -> Iterator[tuple[Row, Row, Samples]]:
        """Every frame of speech that can be made now: coefficients float32 (K,), mouth float32 (8,) as in `MOUTH_CHANNELS`, its samples.

        The mouth is that of the sound which the lips are about to make, 80 ms later.
        """
        while self._segments:
            segment = self._segments[0]
            self._fill(segment)
            whole = segment.ended and segment.made >= math.ceil(segment.pushed / self._per_frame)
            if segment.frames and (whole or len(segment.frames) > self._reach):
                mouth, samples = segment.frames.popleft()
                ahead = [row for row, _ in islice(segment.frames, self._reach)]
                about_to = [mouth, *ahead, *[np.zeros_like(mouth)] * self._lead][self._lead]
                shown = self._show(mouth, ahead, idle=False)
                self._coming = ahead if whole else [*ahead, *ahead[-1:] * self._reach]
                yield shown, about_to, samples
            elif whole:
                self._segments.popleft()
            else:
                return

    def idle(self) -> Row:
        """The coefficients of the next frame of a face that does not speak, float32 (K,); advances the clock by one frame."""
        self._inner.idle()
        return self._show(np.zeros(len(MOUTH_CHANNELS), np.float32), [], idle=True)

    def ahead(self, count: int) -> NDArray[np.float32]:
        """The coefficients that will follow the frame given last, float32 (count, K): as far as sound is known, then as if its last moment
        lasted, or, where its segment ends, the way to rest.
        """
        return self._foretold(self._coming, count)

    def _fill(self, segment: _Segment) -> None:
        """Makes the next frame of the segment and those that it looks at, as far as they can be made."""
        while len(segment.frames) <= self._reach:
            made = next(self._inner.frames(), None) if segment.pushed > segment.made * self._per_frame else None
            if made is None:
                return
            face, samples = made
            mouth = as_heard(face.mouth) if self._by_loudness else face.mouth
            segment.frames.append((mouth, samples))
            segment.made += 1

    def _show(self, mouth: Row, ahead: Sequence[Row], idle: bool) -> Row:
        if idle != self._was_idle:
            self._since_switch_s = 0.0
            self._left = self._past[-1] if self._past else self._left
        self._since_switch_s += 1.0 / self.fps
        x = min(1.0, self._since_switch_s / _RELEASE_S)
        left = 1.0 - x * x * (3.0 - 2.0 * x)
        row = (self._left * left).astype(np.float32) if idle else mouth
        target = self._foretold([row, *ahead])[0]
        if idle != self._was_idle:
            self._off = self._shown - target
        self._was_idle = idle
        self._shown = (target + self._off * left).astype(np.float32)
        self._past.append(row)
        self._coming = []
        self._index += 1
        return self._shown

    def _foretold(self, now: Sequence[Row], count: int = 1) -> NDArray[np.float32]:
        """What the calibration makes of the rows from `now` on after the past, (count, K); before and beyond, the mouth is at rest."""
        rows = np.zeros((2 * self._reach + count, len(MOUTH_CHANNELS)), np.float32)
        for row, known in zip(rows[self._reach - len(self._past) :], [*self._past, *now], strict=False):
            row[:] = known
        held = np.repeat(rows, self._rows, axis=0)
        return self._calibration.apply(held)[self._reach * self._rows :: self._rows][:count]
