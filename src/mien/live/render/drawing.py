"""One stream within the render process: utterances in, pictures with their sound out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from mien.live.slices import OUTPUT_RATE, Pcm
from mien.studio.render import SpeechFeed, SpokenFrame
from mien.types import AvatarFrame, RenderSession, Samples, SpeechChunk, frame_bounds

LEAD = 5
"""Frames that may be drawn ahead: 200 ms at 25 fps bridge what holds up a loaded machine, and an interruption has little to drop."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A frame and what it means; the fields as in `mien.live.render.stream.Rendered`."""

    frame: AvatarFrame
    sound: Pcm
    generation: int
    idle: bool
    first: bool
    last: bool
    position_s: float

    @property
    def put_off(self) -> bool:
        """The picture is not made yet: it is made together with others."""
        return callable(self.frame.picture)


class Utterance:
    """Speech of one generation that is followed by a pause: a sentence or a recording."""

    def __init__(self, generation: int, sample_rate: int) -> None:
        self.generation = generation
        self.sample_rate = sample_rate
        self.ended = False
        self.done = False
        self._chunks: deque[SpeechChunk] = deque()
        self._feed: SpeechFeed | None = None
        self._held: SpokenFrame | None = None

    @property
    def begun(self) -> bool:
        return self._feed is not None

    def push(self, chunk: SpeechChunk) -> None:
        self._chunks.append(chunk)

    def draw(self, session: RenderSession) -> Drawn | None:
        """The next frame; None if it cannot be drawn yet or there is none, then `done` says which.

        Near the end of the known sound a frame is held back until the next one is there: only then it is known not to be the last.
        """
        self._feed = self._feed or SpeechFeed(session, self.sample_rate, OUTPUT_RATE)
        spoken = self._next(self._feed)
        if self._held is None and spoken is not None and self._feed.rest <= 2 * OUTPUT_RATE / session.fps:
            self._held, spoken = spoken, self._next(self._feed)
        if spoken is not None and self._held is not None:
            self._held, spoken = spoken, self._held
        self.done = self._feed.done
        if self.done and spoken is None:
            self._held, spoken = None, self._held
            return self._drawn(spoken, session.fps, last=True) if spoken else None
        return self._drawn(spoken, session.fps, last=False) if spoken else None

    def _next(self, feed: SpeechFeed) -> SpokenFrame | None:
        """The sound is given only as it is needed: a long recording would hold up the other streams."""
        while True:
            spoken = next(feed.frames(), None)
            if spoken is not None:
                return spoken
            if self._chunks:
                feed.push(self._chunks.popleft())
            elif self.ended and not feed.finished:
                feed.finish()
            else:
                return None

    def _drawn(self, spoken: SpokenFrame, fps: float, *, last: bool) -> Drawn:
        start, end = frame_bounds(spoken.index, fps, OUTPUT_RATE)
        sound = to_pcm(spoken.sound, end - start)
        return Drawn(
            spoken.frame, sound, self.generation, False, spoken.index == 0, last, position_s=start / OUTPUT_RATE
        )


class Speaker:
    """A session of an engine that always has a frame to show.

    Args:
        session: freshly opened.
    """

    def __init__(self, session: RenderSession) -> None:
        self.waiting = 0
        """Frames that were drawn and not yet taken."""
        self._session = session
        self._utterances: deque[Utterance] = deque()
        self._generation = self._oldest = 0

    def push(self, generation: int, chunk: SpeechChunk) -> None:
        if generation < self._oldest:
            return
        self._generation = max(self._generation, generation)
        open_ = self._open()
        if open_ is None or (open_.generation, open_.sample_rate) != (generation, chunk.sample_rate):
            if open_ is not None:
                open_.ended = True
            open_ = Utterance(generation, chunk.sample_rate)
            self._utterances.append(open_)
        open_.push(chunk)

    def end_segment(self, generation: int) -> None:
        open_ = self._open()
        if open_ is not None and open_.generation == generation:
            open_.ended = True

    def clear(self, generation: int) -> None:
        """Drops all utterances of older generations."""
        self._oldest = max(self._oldest, generation)
        self._generation = max(self._generation, generation)
        if self._utterances and self._utterances[0].generation < generation and self._utterances[0].begun:
            self._session.clear()
        self._utterances = deque(one for one in self._utterances if one.generation >= generation)

    def act(self, name: str) -> None:
        self._session.act(name)

    def listen(self, on: bool) -> None:
        self._session.listen(on)

    def draw(self) -> Drawn | None:
        """The next frame, if one is due: speech up to `LEAD` frames ahead; an idle frame only just in time, because each that waits
        delays the next utterance."""
        drawn = self._speech() if self.waiting < LEAD else None
        if drawn is None and self.waiting == 0:
            drawn = self._idle()
        return drawn

    def _open(self) -> Utterance | None:
        return self._utterances[-1] if self._utterances and not self._utterances[-1].ended else None

    def _speech(self) -> Drawn | None:
        while self._utterances:
            utterance = self._utterances[0]
            drawn = utterance.draw(self._session)
            if utterance.done:
                self._utterances.popleft()
            if drawn is not None or not utterance.done:
                return drawn
        return None

    def _idle(self) -> Drawn:
        frame = self._session.idle_frame()
        start, end = frame_bounds(frame.index, self._session.fps, OUTPUT_RATE)
        return Drawn(frame, np.zeros(end - start, np.int16), self._generation, True, False, False, 0.0)


def to_pcm(sound: Samples, length: int) -> Pcm:
    """The samples as int16, filled up with silence."""
    pcm = np.zeros(length, np.int16)
    heard = np.nan_to_num(sound[:length], nan=0.0, posinf=1.0, neginf=-1.0)
    pcm[: len(heard)] = np.clip(np.rint(heard * 32767), -32768, 32767)
    return pcm
