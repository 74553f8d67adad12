from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from mien.live.edge.tracks import PACKET, PictureTrack, SoundTrack
from mien.live.slices import OUTPUT_RATE

from .stages import colour_slice, tone


async def fetched(track: PictureTrack | SoundTrack, ticks: list[int], fps: float) -> list:
    """All frames that a sender gets which fetches at once."""
    frames = []

    async def fetch() -> None:
        while True:
            try:
                frames.append(await track.recv())
            except MediaStreamError:
                return

    task = asyncio.create_task(fetch())
    await asyncio.sleep(0)
    for tick in ticks:
        track.put(colour_slice(tick, fps), ticks[0])
        while track._items:
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.03)
    track.stop()
    await task
    return frames


@pytest.mark.parametrize("fps", [25.0, 30.0, 24.0])
def test_picture_and_sound_have_one_clock(fps: float) -> None:
    ticks = list(range(1000, 1012))
    pictures = asyncio.run(fetched(PictureTrack(fps), ticks, fps))
    packets = asyncio.run(fetched(SoundTrack(fps), ticks, fps))
    assert [frame.pts for frame in pictures] == [round(index * 90_000 / fps) for index in range(12)]
    assert [packet.pts for packet in packets] == list(range(0, len(packets) * PACKET, PACKET))
    assert len(packets) == int(12 / fps * 50)
    given = np.concatenate([packet.to_ndarray()[0] for packet in packets])
    taken = np.concatenate([tone(tick, fps=fps) for tick in ticks])
    assert np.array_equal(given, taken[: len(given)])


@pytest.mark.parametrize("fps", [25.0, 30.0])
def test_missing_ticks_are_jumps_of_both_time_stamps(fps: float) -> None:
    ticks = [0, 1, 2, 3, 4, 10, 11, 12]
    pictures = asyncio.run(fetched(PictureTrack(fps), ticks, fps))
    packets = asyncio.run(fetched(SoundTrack(fps), ticks, fps))
    assert [frame.pts for frame in pictures] == [round(tick * 90_000 / fps) for tick in ticks]
    after = [packet.pts for packet in packets if packet.pts >= 5 * OUTPUT_RATE / fps]
    assert after[0] == 10 * OUTPUT_RATE / fps
    whole = np.concatenate([tone(tick, fps=fps) for tick in range(13)])
    for packet in packets:
        assert np.array_equal(packet.to_ndarray()[0], whole[packet.pts : packet.pts + PACKET])


def test_packets_of_a_slice_are_20_ms_apart() -> None:
    async def run() -> list[float]:
        track = SoundTrack(25)
        task = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        track.put(colour_slice(5), 5)
        times = []
        await task
        times.append(time.monotonic())
        await track.recv()
        times.append(time.monotonic())
        track.stop()
        return times

    first, second = asyncio.run(run())
    assert second - first >= 0.015


def test_what_nobody_fetches_is_dropped_oldest_first() -> None:
    async def run() -> None:
        pictures, sound = PictureTrack(25), SoundTrack(25)
        pictures.put(colour_slice(0), 0)
        assert not pictures._items
        for track in (pictures, sound):
            task = asyncio.create_task(track.recv())
            await asyncio.sleep(0)
            for tick in range(100):
                track.put(colour_slice(tick), 0)
            frame = await task
            assert frame.pts is not None
            assert frame.time_base is not None
            assert frame.pts * frame.time_base > 3.7
            assert len(track._items) < 12
            track.stop()

    asyncio.run(run())


def test_stopping_wakes_the_sender() -> None:
    async def run() -> None:
        track = PictureTrack(25)
        task = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        track.stop()
        with pytest.raises(MediaStreamError):
            await task

    asyncio.run(run())


def test_pictures_are_not_copied() -> None:
    async def run() -> None:
        track = PictureTrack(25)
        task = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        piece = colour_slice(0)
        track.put(piece, 0)
        frame = await task
        assert np.array_equal(frame.to_ndarray(), piece.picture)
        assert frame.planes[0].buffer_ptr == piece.picture.ctypes.data
        track.stop()

    asyncio.run(run())
