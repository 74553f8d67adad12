"""What the user says, on its way to the recogniser and into a recording."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import numpy as np
from numpy.typing import NDArray

from mien.live.slices import OUTPUT_RATE, Pcm
from mien.media import Resampler
from mien.types import SAMPLE_RATE

_KEPT_PIECES = 100
"""Two seconds of 20 ms; if the conversation is further behind, the oldest is dropped."""

_AT_ONCE_S = 10.0
"""Sound that may come at once, after the network stood still; what comes faster than anybody speaks is dropped, for it would hold up all sessions."""
_CLOCKS = 1.02
"""The microphone's clock may be faster than ours."""

_KEPT_S = 0.5
"""Of sound that waits for its slice of a recording."""


class Ears:
    """Takes the microphone's sound at any time and passes it on in order.

    Args:
        listen: gets int16 mono 16 kHz.
        clock: seconds; for tests.
    """

    def __init__(
        self, listen: Callable[[NDArray[np.int16]], Awaitable[None]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._listen, self._clock = listen, clock
        self._allowed, self._counted = _AT_ONCE_S, clock()
        self._pieces: deque[NDArray[np.int16]] = deque(maxlen=_KEPT_PIECES)
        self._come = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._track: _Track | None = None

    def hear(self, samples: NDArray[np.int16]) -> None:
        """More sound, int16 mono 16 kHz; never blocks."""
        if not self._allow(len(samples) / SAMPLE_RATE):
            return
        self._pieces.append(samples)
        self._come.set()
        if self._track is not None:
            self._track.push(samples)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="mien-ears")

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def begin_track(self) -> Callable[[int], Pcm]:
        """From now on the sound is also kept for a recording; the function gives the next `n` samples at `OUTPUT_RATE`."""
        self._track = track = _Track()
        return track.take

    def end_track(self) -> None:
        self._track = None

    def _allow(self, seconds: float) -> bool:
        now = self._clock()
        self._allowed = min(self._allowed + _CLOCKS * (now - self._counted), _AT_ONCE_S)
        self._counted = now
        allowed = seconds <= self._allowed
        self._allowed -= seconds if allowed else 0.0
        return allowed

    async def _run(self) -> None:
        while True:
            await self._come.wait()
            self._come.clear()
            while self._pieces:
                await self._listen(self._pieces.popleft())


class _Track:
    """The user's sound at the output's rate, in step with the session's clock."""

    def __init__(self) -> None:
        self._resampler = Resampler(SAMPLE_RATE, OUTPUT_RATE)
        self._kept = np.zeros(0, np.int16)

    def push(self, samples: NDArray[np.int16]) -> None:
        sound = self._resampler.push(samples.astype(np.float32) / 32768.0)
        pcm = (np.clip(sound, -1.0, 1.0) * 32767.0).astype(np.int16)
        self._kept = np.concatenate([self._kept, pcm])[-round(_KEPT_S * OUTPUT_RATE) :]

    def take(self, count: int) -> Pcm:
        taken, self._kept = self._kept[:count], self._kept[count:]
        return np.pad(taken, (0, count - len(taken)))
