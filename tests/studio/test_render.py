from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.studio.render import render
from mien.studio.stages import Stages
from mien.types import SAMPLE_RATE, AvatarFrame, Phoneme, SpeechChunk, frame_bounds, frame_count


class Recorder:
    """A session that keeps what it is given and makes frames as soon as their sound is there."""

    size: tuple[int, int] = (2, 2)
    latency_frames: int = 0
    actions: tuple[str, ...] = ()

    def __init__(self, fps: float = 25.0) -> None:
        self.fps = fps
        self.pushed: list[tuple[np.ndarray, list[Phoneme] | None]] = []
        self.total = 0
        self.ended = False
        self._index = 0

    def push_audio(self, samples, phonemes=None) -> None:
        assert not self.ended
        self.pushed.append((samples, phonemes))
        self.total += len(samples)

    def end_segment(self) -> None:
        self.ended = True

    def clear(self) -> int:
        return 0

    def act(self, name: str) -> None:
        raise NotImplementedError

    def listen(self, on: bool) -> None:
        raise NotImplementedError

    def frames(self) -> Iterator[AvatarFrame]:
        while True:
            start, end = frame_bounds(self._index, self.fps)
            if start >= self.total or (end > self.total and not self.ended):
                return
            yield AvatarFrame(self._index, np.zeros((2, 2, 3), np.uint8), np.zeros(end - start, np.float32))
            self._index += 1

    def idle_frame(self) -> AvatarFrame:
        raise NotImplementedError


def chunks(lengths: list[int], sample_rate: int) -> list[SpeechChunk]:
    """Chunks whose samples count up, each with one phoneme from its start to its end."""
    made, start = [], 0
    for length in lengths:
        samples = (np.arange(start, start + length) / 1e7).astype(np.float32)
        made.append(SpeechChunk(samples, sample_rate, (Phoneme("a", 0.0, length / sample_rate),)))
        start += length
    return made


lengths = st.lists(st.integers(0, 9000), min_size=1, max_size=8)
rates = st.sampled_from([8000, 16_000, 22_050, 24_000, 44_100, 48_000])


@settings(max_examples=60, deadline=None)
@given(lengths=lengths, sample_rate=rates, fps=st.sampled_from([12.5, 24.0, 25.0, 29.97, 30.0, 60.0]))
def test_sound_and_phonemes_stay_exact_at_every_rate(lengths: list[int], sample_rate: int, fps: float):
    session = Recorder(fps)
    made = chunks(lengths, sample_rate)
    frames = list(render(session, iter(made), Stages()))
    total = sum(lengths)

    assert session.ended
    assert session.total == round(total * SAMPLE_RATE / sample_rate)
    assert abs(len(frames) - frame_count(total, fps, sample_rate)) <= 1

    sound = np.concatenate([np.zeros(0, np.float32), *(spoken.sound for spoken in frames)])
    original = np.concatenate([chunk.samples for chunk in made])
    np.testing.assert_array_equal(sound, original[: len(sound)])
    assert total - len(sound) <= sample_rate / SAMPLE_RATE + 1, "more than a sample of the engine's clock is lost"

    position, start_s = 0, 0.0
    expected = [length for length in lengths if length]
    times = []
    for samples, phonemes in session.pushed:
        assert phonemes is not None
        times += [(position / SAMPLE_RATE + one.start_s, position / SAMPLE_RATE + one.end_s) for one in phonemes]
        position += len(samples)
    wanted = []
    for length in expected:
        wanted.append((start_s, start_s + length / sample_rate))
        start_s += length / sample_rate
    long_enough = [pair for pair in wanted if pair[1] - pair[0] > 2 / SAMPLE_RATE]
    found = [pair for pair in times if pair[1] - pair[0] > 2 / SAMPLE_RATE]
    np.testing.assert_allclose(found, long_enough, atol=1e-6)


def test_frames_come_before_the_speech_is_at_its_end():
    read = 0

    def watched() -> Iterator[SpeechChunk]:
        nonlocal read
        for chunk in chunks([22_050] * 10, 22_050):
            read += 1
            yield chunk

    frames = render(Recorder(), watched(), Stages())
    next(frames)
    assert read <= 2


def test_unknown_phonemes_stay_unknown():
    session = Recorder()
    list(render(session, iter([SpeechChunk(np.zeros(4000, np.float32), 8000)]), Stages()))
    assert [phonemes for _, phonemes in session.pushed] == [None]


def test_memory_does_not_grow_with_the_length():
    class Forgetful(Recorder):
        def push_audio(self, samples, phonemes=None) -> None:
            self.total += len(samples)

    def peak(seconds: int) -> int:
        speech = (SpeechChunk(np.zeros(22_050, np.float32), 22_050) for _ in range(seconds))
        tracemalloc.start()
        assert sum(1 for _ in render(Forgetful(), speech, Stages())) == pytest.approx(seconds * 25, abs=1)
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    peak(2)
    assert peak(200) < 1.5 * peak(20)


def test_stages_count_what_each_one_took():
    stages = Stages()
    list(render(Recorder(), iter(chunks([16_000], 16_000)), stages))
    assert set(stages.seconds) == {"voice", "render"}
    assert all(value >= 0 for value in stages.seconds.values())
