"""Speech in, frames with their sound out, while the speech is still being made."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien.media import Resampler
from mien.studio.stages import Stages
from mien.types import SAMPLE_RATE, AvatarFrame, Phoneme, RenderSession, Samples, SpeechChunk, frame_bounds


@dataclass(frozen=True, slots=True, eq=False)
class SpokenFrame:
    """A frame and its sound at the speech's own rate.

    Args:
        frame: as the engine made it.
        sound: the samples `frame_bounds(frame.index, fps, sample_rate)`, as far as there are any.
        sample_rate: Hz.
    """

    frame: AvatarFrame
    sound: Samples
    sample_rate: int


def render(session: RenderSession, chunks: Iterator[SpeechChunk], stages: Stages) -> Iterator[SpokenFrame]:
    """Draws a speech with a fresh session. Neither the speech nor the frames are ever held as a whole."""
    feed: _Feed | None = None
    for chunk in stages.each("voice", chunks):
        if feed is None:
            feed = _Feed(session, chunk.sample_rate)
        feed.push(chunk)
        yield from feed.frames(stages)
    if feed is not None:
        feed.finish()
        yield from feed.frames(stages)


@dataclass(frozen=True, slots=True)
class _Due:
    """A chunk that was taken but not yet given to the engine.

    Args:
        start_s: when it begins in the stream, exactly.
        end: its last sample's end in the 16 kHz stream.
        phonemes: as the voice gave them.
    """

    start_s: float
    end: int
    phonemes: Sequence[Phoneme] | None


class _Feed:
    """Gives a session its 16 kHz sound, chunk by chunk as the voice made it, and pairs frames with the original sound.

    The resampler holds some samples back, so a chunk waits until all of its own have come out: only then do the times of its
    phonemes fit the samples that they are pushed with.
    """

    def __init__(self, session: RenderSession, sample_rate: int) -> None:
        self._session = session
        self._sample_rate = sample_rate
        self._resampler = Resampler(sample_rate, SAMPLE_RATE)
        self._waiting: deque[_Due] = deque()
        self._resampled = np.zeros(0, np.float32)
        self._pushed = 0
        self._taken = 0
        self._sound = _Sound()

    def push(self, chunk: SpeechChunk) -> None:
        start_s = self._taken / self._sample_rate
        self._taken += len(chunk.samples)
        self._waiting.append(_Due(start_s, round(self._taken * SAMPLE_RATE / self._sample_rate), chunk.phonemes))
        self._sound.push(chunk.samples)
        self._give(self._resampler.push(chunk.samples))

    def finish(self) -> None:
        self._give(self._resampler.finish())
        self._session.end_segment()

    def frames(self, stages: Stages) -> Iterator[SpokenFrame]:
        """Every frame that can be drawn now."""
        for frame in stages.each("render", self._session.frames()):
            start, end = frame_bounds(frame.index, self._session.fps, self._sample_rate)
            yield SpokenFrame(frame, self._sound.take(start, end), self._sample_rate)

    def _give(self, resampled: Samples) -> None:
        self._resampled = np.concatenate([self._resampled, resampled])
        while self._waiting and self._waiting[0].end <= self._pushed + len(self._resampled):
            due = self._waiting.popleft()
            count = due.end - self._pushed
            if count:
                self._session.push_audio(self._resampled[:count], _shifted(due, self._pushed / SAMPLE_RATE))
            self._resampled = self._resampled[count:]
            self._pushed = due.end


def _shifted(due: _Due, pushed_s: float) -> list[Phoneme] | None:
    """The phonemes relative to the first sample pushed, which lies up to half a sample beside the chunk's start."""
    if due.phonemes is None:
        return None
    shift = due.start_s - pushed_s
    return [replace(sound, start_s=sound.start_s + shift, end_s=sound.end_s + shift) for sound in due.phonemes]


class _Sound:
    """A stream of samples that is forgotten as it is taken."""

    def __init__(self) -> None:
        self._blocks: deque[Samples] = deque()
        self._start = 0

    def push(self, samples: Samples) -> None:
        self._blocks.append(samples)

    def take(self, start: int, end: int) -> Samples:
        """The samples `[start, end)`; fewer at the stream's end. What lies before `end` is forgotten."""
        parts = []
        while self._blocks and self._start < end:
            block = self._blocks[0]
            parts.append(block[max(start - self._start, 0) : end - self._start])
            if self._start + len(block) > end:
                break
            self._start += len(self._blocks.popleft())
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)
