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
    """A frame and its sound.

    Args:
        frame: as the engine made it.
        index: 0, 1, 2 … of this speech, whatever else the session showed before and meanwhile.
        sound: the samples `frame_bounds(index, fps, sample_rate)` of the speech, as far as there are any.
        sample_rate: Hz.
    """

    frame: AvatarFrame
    index: int
    sound: Samples
    sample_rate: int


def render(session: RenderSession, chunks: Iterator[SpeechChunk], stages: Stages) -> Iterator[SpokenFrame]:
    """Draws a speech with a fresh session. Neither the speech nor the frames are ever held as a whole."""
    feed: SpeechFeed | None = None
    for chunk in stages.each("voice", chunks):
        if feed is None:
            feed = SpeechFeed(session, chunk.sample_rate, chunk.sample_rate)
        feed.push(chunk)
        yield from stages.each("render", feed.frames())
    if feed is not None:
        feed.finish()
        yield from stages.each("render", feed.frames())


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


class SpeechFeed:
    """Gives a session the 16 kHz sound of one utterance, chunk by chunk as the voice made it, and pairs frames with their sound.

    The resampler holds some samples back, so a chunk waits until all of its own have come out: only then do the times of its
    phonemes fit the samples that they are pushed with.

    Args:
        session: nothing else is pushed to it before the utterance is drawn.
        sample_rate: of the chunks, Hz.
        output_rate: of the frames' sound, Hz.
    """

    def __init__(self, session: RenderSession, sample_rate: int, output_rate: int) -> None:
        self._session = session
        self._sample_rate = sample_rate
        self._output_rate = output_rate
        self._resampler = Resampler(sample_rate, SAMPLE_RATE)
        self._output = Resampler(sample_rate, output_rate)
        self._waiting: deque[_Due] = deque()
        self._resampled = np.zeros(0, np.float32)
        self._pushed = 0
        self._taken = 0
        self._sound = _Sound()
        self._drawing: Iterator[AvatarFrame] | None = None
        self._count = 0
        self.finished = False
        self.done = False
        """It is finished, and all of its frames have been given."""

    @property
    def rest(self) -> int:
        """Samples of the output that are known and have no frame yet."""
        return self._sound.end - frame_bounds(self._count, self._session.fps, self._output_rate)[0]

    def push(self, chunk: SpeechChunk) -> None:
        start_s = self._taken / self._sample_rate
        self._taken += len(chunk.samples)
        self._waiting.append(_Due(start_s, round(self._taken * SAMPLE_RATE / self._sample_rate), chunk.phonemes))
        self._sound.push(self._output.push(chunk.samples))
        self._give(self._resampler.push(chunk.samples))

    def finish(self) -> None:
        """No more chunks belong to the utterance."""
        self._sound.push(self._output.finish())
        self._give(self._resampler.finish())
        self._session.end_segment()
        self.finished = True

    def frames(self) -> Iterator[SpokenFrame]:
        """Every frame that can be drawn now; it may be left at any frame and called again."""
        while not self.done:
            start, end = frame_bounds(self._count, self._session.fps, self._output_rate)
            if self._sound.end < end and not self.finished:
                return
            # Kept: an engine may count its frames only when it is asked for the next one.
            self._drawing = self._drawing or self._session.frames()
            frame = next(self._drawing, None)
            if frame is None:
                self._drawing = None
                self.done = self.finished
                return
            self._count += 1
            yield SpokenFrame(frame, self._count - 1, self._sound.take(start, end), self._output_rate)

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
        self._start = self._end = 0

    @property
    def end(self) -> int:
        """How many samples there have been."""
        return self._end

    def push(self, samples: Samples) -> None:
        self._blocks.append(samples)
        self._end += len(samples)

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
