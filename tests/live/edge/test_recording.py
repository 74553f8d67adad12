from __future__ import annotations

import asyncio
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import AlreadyExistsError, MienError, OutputError
from mien.live.edge.recording import Recorded, Recording, mix
from mien.live.slices import OUTPUT_RATE, Slice
from mien.media import METADATA, read_audio

from .stages import GREEN, RED, flash_slice, picture, tone


def record(path: Path, slices: list[Slice], *, label: bool = True) -> Recorded:
    async def run() -> Recorded:
        recording = Recording(path, 25, label=label)
        for piece in slices:
            recording.put(piece)
            while len(recording._waiting) > 20:
                await asyncio.sleep(0.001)
        assert not path.exists()
        recorded = await recording.finish()
        await recording.close()
        recording.put(slices[0])
        return recorded

    return asyncio.run(run())


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_recording_keeps_picture_and_sound_together(tmp_path: Path) -> None:
    path = tmp_path / "session.mp4"
    recorded = record(path, [flash_slice(tick) for tick in range(100, 175)], label=False)
    assert recorded == Recorded(path, 3.0, 0)
    flashes = [time for time, image in pictures(path) if image[64, 64].min() > 200]
    assert flashes == pytest.approx([0.4, 1.4, 2.4], abs=1e-3)
    sound = read_audio(path)
    assert sound.sample_rate == OUTPUT_RATE
    assert len(sound.samples) == pytest.approx(3 * OUTPUT_RATE, abs=2)
    loud = np.flatnonzero(np.abs(sound.samples) > 0.1)
    beeps = loud[np.diff(loud, prepend=-OUTPUT_RATE) > OUTPUT_RATE / 4] / OUTPUT_RATE
    assert beeps == pytest.approx(flashes, abs=0.003)


def test_recording_has_both_voices(tmp_path: Path) -> None:
    slices = [Slice(tick, picture(RED), tone(tick, 440), tone(tick, 1500), 0, False) for tick in range(50)]
    record(tmp_path / "a.mp4", slices)
    samples = read_audio(tmp_path / "a.mp4").samples
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    hertz = np.arange(len(spectrum)) * OUTPUT_RATE / len(samples)
    strong = hertz[spectrum > spectrum.max() / 3]
    assert any(abs(strong - 440) < 3)
    assert any(abs(strong - 1500) < 3)


def test_missing_ticks_are_filled_with_the_picture_before(tmp_path: Path) -> None:
    def slices() -> Iterator[Slice]:
        for tick in [*range(25), *range(50, 75)]:
            yield Slice(tick, picture(RED if tick < 25 else GREEN), tone(tick), tone(tick) * 0, 0, False)

    recorded = record(tmp_path / "a.mp4", list(slices()), label=False)
    assert recorded.seconds == 3.0
    red = [image[64, 64, 0] > 128 for _, image in pictures(tmp_path / "a.mp4")]
    assert red == [True] * 50 + [False] * 25
    sound = read_audio(tmp_path / "a.mp4").samples
    assert np.abs(sound[int(1.1 * OUTPUT_RATE) : int(1.9 * OUTPUT_RATE)]).max() < 0.01
    assert np.abs(sound[int(2.1 * OUTPUT_RATE) : int(2.9 * OUTPUT_RATE)]).max() > 0.4


def test_recording_says_that_it_is_generated(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    slices = [Slice(tick, picture(GREEN, 256), tone(tick), tone(tick), 0, False) for tick in range(3)]
    record(path, slices)
    with av.open(str(path)) as container:
        assert container.metadata["comment"] == METADATA["comment"]
    assert b"compositeWithTrainedAlgorithmicMedia" in path.read_bytes()
    _, image = pictures(path)[0]
    corner, middle = image[230:252, 180:250, 1].astype(int), image[100:130, 100:130, 1].astype(int)
    assert corner.std() > 30 > middle.std()


def test_two_loud_voices_do_not_clip() -> None:
    loud = tone(0, level=0.95)
    mixed = mix(loud, loud)
    assert 0.9 < np.abs(mixed).max() < 1
    # Clipped, nearly half of the samples would be the same.
    assert np.count_nonzero(np.abs(mixed) == np.abs(mixed).max()) < len(mixed) / 50
    quiet = tone(0, level=0.3)
    assert np.allclose(mix(quiet, quiet // 2), (quiet / 32768) + (quiet // 2) / 32768, atol=1e-6)
    extreme = np.array([-32768, 32767], np.int16)
    assert np.abs(mix(extreme, extreme)).max() <= 1


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_reported_once_and_leaves_nothing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 384, 256), np.uint8)
    errors: list[MienError] = []

    async def run() -> None:
        recording = Recording(tmp_path / "a.mp4", 25, on_error=errors.append)
        with full_disk(100_000):
            async with asyncio.timeout(20):
                tick = 0
                while not errors:
                    recording.put(Slice(tick, noise[tick % 40], tone(tick), tone(tick), 0, False))
                    tick += 1
                    await asyncio.sleep(0.002)
        recording.put(flash_slice(tick))
        with pytest.raises(OutputError):
            await recording.finish()
        await recording.close()

    asyncio.run(run())
    assert [error.code for error in errors] == ["output"]
    assert list(tmp_path.iterdir()) == []


def test_nothing_recorded_is_an_error_without_a_file(tmp_path: Path) -> None:
    async def run() -> None:
        recording = Recording(tmp_path / "a.mp4", 25)
        with pytest.raises(OutputError):
            await recording.finish()

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mien-recording")]


def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    async def run(path: Path) -> None:
        Recording(path, 25)

    (tmp_path / "there.mp4").touch()
    with pytest.raises(AlreadyExistsError):
        asyncio.run(run(tmp_path / "there.mp4"))
    with pytest.raises(OutputError):
        asyncio.run(run(tmp_path / "nowhere" / "a.mp4"))


def test_a_slow_machine_drops_slices_but_keeps_real_time(tmp_path: Path) -> None:
    async def run() -> Recorded:
        recording = Recording(tmp_path / "a.mp4", 25, label=False)
        for tick in range(250):
            recording.put(flash_slice(tick))
        assert len(recording._waiting) <= 100
        recording.put(flash_slice(250))
        return await recording.finish()

    recorded = asyncio.run(run())
    assert recorded.dropped > 0
    assert recorded.seconds <= 251 / 25
    assert recorded.seconds == pytest.approx(len(pictures(tmp_path / "a.mp4")) / 25)
