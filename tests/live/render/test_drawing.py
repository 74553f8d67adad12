from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.live.render.drawing import LEAD, Drawn, Speaker, to_pcm
from mien.live.slices import OUTPUT_RATE
from mien.media.resample import resample
from mien.types import AvatarFrame, SpeechChunk, frame_bounds, frame_count

PICTURE = np.zeros((2, 2, 3), np.uint8)


class Session:
    """Makes a frame as soon as its sound and that of `latency_frames` more are there."""

    size: tuple[int, int] = (2, 2)
    actions: tuple[str, ...] = ("nod",)

    def __init__(self, fps: float = 25.0, latency_frames: int = 0) -> None:
        self.fps, self.latency_frames = fps, latency_frames
        self.cleared = 0
        self.acted: list[str] = []
        self._index = self._known = self._given = 0
        self._ended = False

    def push_audio(self, samples, phonemes=None) -> None:
        assert not self._ended, "the frames of the last segment were not all taken"
        self._known += len(samples)

    def end_segment(self) -> None:
        self._ended = True

    def clear(self) -> int:
        self.cleared += 1
        self._known = self._given = 0
        self._ended = False
        return 0

    def act(self, name: str) -> None:
        self.acted.append(name)

    def listen(self, on: bool) -> None:
        self.acted.append(f"listen {on}")

    def frames(self) -> Iterator[AvatarFrame]:
        while self._given < self._known:
            start, end = frame_bounds(self._index, self.fps)
            ahead = round((1 + self.latency_frames) * 16_000 / self.fps)
            if not self._ended and self._given + ahead > self._known:
                return
            self._given += end - start
            yield AvatarFrame(self._index, PICTURE, np.zeros(end - start, np.float32))
            self._index += 1
        if self._ended:
            self._known = self._given = 0
            self._ended = False

    def idle_frame(self) -> AvatarFrame:
        start, end = frame_bounds(self._index, self.fps)
        self._index += 1
        return AvatarFrame(self._index - 1, PICTURE, np.zeros(end - start, np.float32), idle=True)


def tone(seconds: float, sample_rate: int = 16_000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 300 * np.arange(round(seconds * sample_rate)) / sample_rate)).astype(np.float32)


def say(speaker: Speaker, generation: int, samples: np.ndarray, sample_rate: int = 16_000) -> None:
    speaker.push(generation, SpeechChunk(samples, sample_rate))
    speaker.end_segment(generation)


def draw_all(speaker: Speaker) -> list[Drawn]:
    """Everything that is due while nothing is taken."""
    frames = []
    while (frame := speaker.draw()) is not None:
        frames.append(frame)
        speaker.waiting += 1
    return frames


def watch(speaker: Speaker, count: int) -> list[Drawn]:
    """The next frames, each taken at once."""
    frames = [speaker.draw() for _ in range(count)]
    return [frame for frame in frames if frame is not None]


def spoken(frames: list[Drawn]) -> list[Drawn]:
    return [frame for frame in frames if not frame.idle]


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 9000), min_size=1, max_size=6),
    sample_rate=st.sampled_from([8000, 16_000, 22_050, 24_000, 44_100, 48_000]),
    fps=st.sampled_from([12.5, 25.0, 27.0, 29.97, 30.0]),
    latency_frames=st.sampled_from([0, 1, 14]),
    idle_before=st.integers(0, 3),
)
def test_a_segment_sounds_as_it_was_given(lengths, sample_rate, fps, latency_frames, idle_before):
    samples = np.random.default_rng(sum(lengths)).uniform(-1.2, 1.2, sum(lengths)).astype(np.float32)
    speaker = Speaker(Session(fps, latency_frames))
    watch(speaker, idle_before)
    for piece in np.split(samples, np.cumsum(lengths)[:-1]):
        speaker.push(1, SpeechChunk(piece, sample_rate))
    speaker.end_segment(1)
    count = frame_count(round(len(samples) * 16_000 / sample_rate), fps)
    frames = spoken(watch(speaker, count + 3))

    assert abs(len(frames) - count) <= 1
    assert [frame.first for frame in frames] == [True, False, False, *[False] * len(frames)][: len(frames)]
    assert [frame.last for frame in frames] == ([False] * (len(frames) - 1) + [True])[: len(frames)]
    for index, frame in enumerate(frames):
        start, end = frame_bounds(index, fps, OUTPUT_RATE)
        assert len(frame.sound) == end - start
        assert frame.position_s == start / OUTPUT_RATE
    if frames:
        heard = np.concatenate([frame.sound for frame in frames])
        whole = resample(samples, sample_rate, OUTPUT_RATE)
        # What is lost is less than one sample of the engine's clock.
        assert len(whole) - len(heard) <= 2 * OUTPUT_RATE / 16_000
        np.testing.assert_allclose(heard, to_pcm(whole, len(heard)), atol=1)


def test_speech_is_drawn_ahead_and_idle_frames_are_not():
    speaker = Speaker(Session())
    assert [frame.idle for frame in draw_all(speaker)] == [True]
    say(speaker, 1, tone(1.0))
    assert [frame.idle for frame in draw_all(speaker)] == [False] * (LEAD - 1)
    assert speaker.waiting == LEAD
    speaker.waiting -= 2
    assert len(draw_all(speaker)) == 2


def test_segments_follow_each_other_with_their_generations():
    speaker = Speaker(Session(latency_frames=3))
    say(speaker, 1, tone(0.2))
    say(speaker, 1, tone(0.08))
    say(speaker, 2, tone(0.04))
    frames = watch(speaker, 10)
    assert [frame.generation for frame in frames] == [1] * 7 + [2] * 3
    assert [frame.idle for frame in frames] == [False] * 8 + [True] * 2
    assert [index for index, frame in enumerate(frames) if frame.first] == [0, 5, 7]
    assert [index for index, frame in enumerate(frames) if frame.last] == [4, 6, 7]


@pytest.mark.parametrize("latency_frames", [0, 6])
def test_a_voice_that_is_too_slow_leaves_an_idle_face_and_nothing_is_lost(latency_frames: int):
    speaker = Speaker(Session(latency_frames=latency_frames))
    samples = tone(1.0)
    frames = []
    for piece in np.split(samples, 5):
        speaker.push(1, SpeechChunk(piece, 16_000))
        frames += watch(speaker, 12)
    speaker.end_segment(1)
    frames += watch(speaker, 30)
    speech = spoken(frames)
    assert any(frame.idle for frame in frames[: frames.index(speech[-1])])
    assert [frame.position_s for frame in speech] == pytest.approx([index / 25 for index in range(25)])
    assert [frame.last for frame in speech] == [False] * 24 + [True]
    heard = np.concatenate([frame.sound for frame in speech])
    np.testing.assert_allclose(heard, to_pcm(resample(samples, 16_000, OUTPUT_RATE), 48_000), atol=1)


def test_clear_drops_what_is_older_and_only_that():
    session = Session()
    speaker = Speaker(session)
    say(speaker, 1, tone(1.0))
    speaker.push(1, SpeechChunk(tone(1.0), 16_000))
    watch(speaker, 3)
    say(speaker, 2, tone(0.08))
    speaker.clear(2)
    speaker.push(1, SpeechChunk(tone(1.0), 16_000))
    speaker.end_segment(1)
    frames = watch(speaker, 4)
    assert session.cleared == 1
    assert [(frame.generation, frame.idle) for frame in frames] == [(2, False), (2, False), (2, True), (2, True)]
    assert frames[0].first
    speaker.clear(3)
    assert session.cleared == 1
    assert [(frame.generation, frame.idle) for frame in watch(speaker, 1)] == [(3, True)]


def test_a_new_generation_or_rate_ends_the_open_segment():
    speaker = Speaker(Session(latency_frames=20))
    speaker.push(1, SpeechChunk(tone(0.08), 16_000))
    speaker.push(2, SpeechChunk(tone(0.08), 16_000))
    speaker.push(2, SpeechChunk(tone(0.08, 48_000), 48_000))
    speaker.end_segment(1)
    speaker.end_segment(2)
    frames = watch(speaker, 7)
    assert [frame.last for frame in frames] == [False, True, False, True, False, True, False]


def test_nothing_said_shows_nothing():
    speaker = Speaker(Session())
    speaker.end_segment(1)
    say(speaker, 1, tone(0))
    assert [frame.idle for frame in watch(speaker, 2)] == [True, True]


def test_sound_that_is_no_sound_does_not_crackle():
    pcm = to_pcm(np.array([np.nan, np.inf, -np.inf, 2.0, -2.0, 0.5], np.float32), 8)
    assert pcm.tolist() == [0, 32767, -32767, 32767, -32768, 16384, 0, 0]


def test_movements_and_the_users_voice_go_to_the_engine():
    session = Session()
    speaker = Speaker(session)
    speaker.act("nod")
    speaker.listen(True)
    speaker.listen(False)
    assert session.acted == ["nod", "listen True", "listen False"]
