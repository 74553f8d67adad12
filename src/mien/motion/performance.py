"""Everything that moves in one stream: speech in, one `Articulation` with its slice of sound per frame out."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.motion.articulation import MOUTH_CHANNELS, Articulation
from mien.motion.eyes import Eyes
from mien.motion.gestures import GESTURES, Gestures
from mien.motion.head import Head
from mien.motion.listening import Listening
from mien.motion.prosody import LOOKAHEAD_S, Accents, Cues, Moment, Prosody, Speaker
from mien.motion.segment import Segment
from mien.motion.source import ACCENT, CONTACT, LIP_BITE, LIPS_CLOSE
from mien.motion.visemes import CLOSURE, FV, GAP, SPEECH
from mien.types import DRIVERS, SAMPLE_RATE, Driver, Phoneme, Samples, frame_bounds

_RELEASE_S = 0.16
"""The mouth leaves what it was doing within this time when its source changes: end of a segment, `clear`, sound that comes late."""


_HEARS_AHEAD_S = 0.05
"""Head and eyes know how something is said so much beyond their frame: together with what prosody itself needs, less than the mouth does."""


@dataclass(slots=True)
class _Utterance:
    """A segment and how it is said; `shown`: samples of it."""

    segment: Segment
    prosody: Prosody
    shown: int = 0


def _smooth(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * (3.0 - 2.0 * x)


class Performance:
    """The moving face of one stream.

    Frame n owns the samples `frame_bounds(n, fps)` of the stream's clock, which counts speech and idle frames alike. Speech is given in
    segments; a segment begins with the first frame made of it and ends with a frame filled up with silence. The mouth is shown
    `av_advance_ms` before its sound, as real lips are; the advance grows from 0 within the first quarter of a second of a segment, because
    nothing can be shown before it began.

    Head, eyes and brows follow how it is said: stressed syllables as the mouth's source knows them, weighed by loudness and pitch; ends of
    phrases; questions. While somebody speaks to the face (`listen`) and it does not speak itself, it listens.

    The same seed and input give the same output to the last bit, however the sound was cut into pushes. A gesture that has ended leaves no trace.

    Args:
        fps: frames per second, 1 … 240.
        seed: of head, eyes, brows and smile.
        av_advance_ms: 0 … 300.
        driver: what moves the mouth; "auto": the phonemes where they are known, else the network.

    Raises:
        UsageError: fps or av_advance_ms is out of bounds, or there is no such driver.
    """

    def __init__(self, fps: float = 25.0, seed: int = 0, av_advance_ms: float = 70.0, driver: Driver = "auto") -> None:
        if not 1.0 <= fps <= 240.0:
            raise UsageError(f"{fps} frames per second cannot be made.", hint="Use 1 to 240, usually 25.")
        if not 0.0 <= av_advance_ms <= 300.0:
            raise UsageError(f"The mouth cannot run {av_advance_ms} ms ahead.", hint="Use 0 to 300 ms.")
        self.fps = fps
        if driver not in DRIVERS:
            raise UsageError(f"There is no driver of the mouth {driver!r}.", hint=f"Known: {', '.join(DRIVERS)}.")
        self._advance_s = av_advance_ms / 1000.0
        self._driver: Driver = driver
        head, eyes, gestures, listening = np.random.default_rng(seed).spawn(4)
        self._head, self._eyes, self._gestures = Head(fps, head), Eyes(fps, eyes), Gestures(fps, gestures)
        self._listening = Listening(fps, listening)
        self._speaker, self._accents = Speaker(), Accents(fps)
        self._index = 0
        self._utterances: deque[_Utterance] = deque()
        self._shown = np.zeros(len(MOUTH_CHANNELS), np.float32)
        self._left = self._shown
        self._since_switch_s = math.inf
        self._was_idle = True

    @property
    def latency_frames(self) -> int:
        """How many frames of sound must be known before a frame can be made of it."""
        own = math.ceil((_HEARS_AHEAD_S + LOOKAHEAD_S) * self.fps + 0.5)
        return max(own, Segment.latency_frames(self.fps, self._advance_s))

    def push(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        """More sound of the current segment; quick, the work is done in `frames`.

        Args:
            samples: float32 mono 16 kHz, any length.
            phonemes: the sounds that begin in these samples, times relative to their start; () if none begins here; None if they are
                not known: the mouth then follows the sound itself.

        Raises:
            UsageError: the samples are not float32 mono, or the driver is "phonemes" and they are not known.
        """
        if not self._utterances or self._utterances[-1].segment.ended:
            segment = Segment(self.fps, self._advance_s, self._driver)
            self._utterances.append(_Utterance(segment, Prosody(self._speaker)))
        self._utterances[-1].segment.push(samples, phonemes)
        self._utterances[-1].prosody.push(samples)

    def end_segment(self) -> None:
        """No more sound belongs to this utterance."""
        if self._utterances:
            self._utterances[-1].segment.end()
            self._utterances[-1].prosody.finish()

    def clear(self) -> int:
        """Drops everything not yet returned; the stream's sample position that was reached."""
        self._utterances.clear()
        self._switch()
        return frame_bounds(self._index, self.fps)[0]

    @property
    def actions(self) -> tuple[str, ...]:
        """What `act` knows."""
        return GESTURES

    def act(self, name: str) -> None:
        """Begins a gesture with the next frame; what is said goes on, and one that is under way gives way.

        Raises:
            UsageError: there is none of this name.
        """
        self._gestures.act(name)

    def listen(self, on: bool) -> None:
        """Somebody speaks to this face (True), pauses or has finished (False); from the next frame."""
        self._listening.hear(on)

    def frames(self) -> Iterator[tuple[Articulation, Samples]]:
        """Every frame of speech that can be made now, with the samples that it owns."""
        while self._utterances:
            utterance = self._utterances[0]
            start, end = frame_bounds(self._index, self.fps)
            hears_to_s = (utterance.shown + end - start) / SAMPLE_RATE + _HEARS_AHEAD_S
            if not utterance.prosody.knows(hears_to_s):
                return
            made = utterance.segment.next(end - start)
            if made is None:
                if not utterance.segment.done:
                    return
                self._utterances.popleft()
                self._switch()
                continue
            rows, audio = made
            utterance.shown += end - start
            yield self._show(rows, utterance.prosody.take(hears_to_s), idle=False), audio

    def idle(self) -> Articulation:
        """The next frame of a face that does not speak; advances the clock by one frame."""
        return self._show(np.zeros((1, CONTACT + 1), np.float32), (), idle=True)

    def _show(self, rows: NDArray[np.float32], moments: Sequence[Moment], idle: bool) -> Articulation:
        """Makes the frame of `rows` and `moments`: the first row is the mouth at its time, the others all that its time covers."""
        mouth = self._mouth(rows, idle)
        cues = self._cues(mouth, rows, moments)
        gesture = self._listening.step(idle, self._gestures.step())
        head = self._head.step(cues, gesture)
        face = self._eyes.step(cues, head.yaw, head.pitch, gesture, self._listening.attention)
        self._index += 1
        return Articulation(
            mouth=mouth,
            yaw=head.yaw,
            pitch=head.pitch,
            roll=head.roll,
            shift=head.shift,
            blink=face.blink,
            gaze=face.gaze,
            brow=face.brow,
            smile=face.smile,
        )

    def _cues(self, mouth: NDArray[np.float32], rows: NDArray[np.float32], moments: Sequence[Moment]) -> Cues:
        accent = float(rows[1:, ACCENT].max(initial=0.0))
        emphasis = max((moment.emphasis for moment in moments), default=0.0)
        return Cues(
            speech=float(mouth[SPEECH]),
            accent=self._accents.step(accent, emphasis),
            phrase_end=any(moment.phrase_end for moment in moments),
            question=max((moment.rise for moment in moments), default=0.0),
        )

    def _switch(self) -> None:
        self._left, self._since_switch_s = self._shown, 0.0

    def _mouth(self, rows: NDArray[np.float32], idle: bool) -> NDArray[np.float32]:
        if idle != self._was_idle:
            self._switch()
        self._was_idle = idle
        self._since_switch_s += 1.0 / self.fps
        left = 1.0 - _smooth(self._since_switch_s / _RELEASE_S)
        mouth = (rows[0, : len(MOUTH_CHANNELS)] * (1.0 - left) + self._left * left).astype(np.float32)
        marks = rows[1:, CONTACT]
        if (marks == LIPS_CLOSE).any():
            mouth[[GAP, FV]], mouth[CLOSURE] = 0.0, 1.0
        elif (marks == LIP_BITE).any():
            mouth[GAP], mouth[FV], mouth[CLOSURE] = min(mouth[GAP], 0.012), 1.0, 0.0
        if mouth[CLOSURE] == 1.0:
            mouth[GAP] = 0.0
        self._shown = mouth
        return mouth
