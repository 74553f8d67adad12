from __future__ import annotations

import asyncio
import base64
import io
import shutil
import struct
import threading
from collections.abc import Callable
from typing import Any

import av
import cv2
import numpy as np
import pytest

from mien.live.edge.stream import FragmentedMp4, JpegPcm
from mien.live.slices import OUTPUT_RATE, Slice

from .stages import GREEN, colour_slice, flash_slice, picture, stage, tone

CHROMIUM = shutil.which("chromium")


def streamed(
    stream: FragmentedMp4 | JpegPcm, ticks: range | list[int], make: Callable[[int], Slice] = flash_slice
) -> list[bytes]:
    """The messages of a reader that keeps up."""

    async def run() -> list[bytes]:
        messages: list[bytes] = []

        async def read() -> None:
            async for message in stream.messages():
                messages.append(message)

        reader = asyncio.create_task(read())
        await asyncio.sleep(0.1)
        for tick in ticks:
            stream.put(make(tick))
            while stream._waiting:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        await stream.close()
        await stream.close()
        async with asyncio.timeout(5):
            await reader
        return messages

    return asyncio.run(run())


def flashes_and_beeps(data: bytes, fps: float = 25) -> tuple[list[float], list[float], list[float]]:
    """Seconds of white pictures, of beginnings of sound, and of all pictures."""
    flashes, times, sound = [], [], []
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            times.append(frame.time)
            if frame.to_ndarray()[64, 64] > 126:
                flashes.append(frame.time)
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(audio=0):
            sound.append((frame.time, frame.to_ndarray()[0]))
    samples = np.concatenate([piece for _, piece in sound])
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    beginnings = loud[np.diff(loud, prepend=-OUTPUT_RATE) > OUTPUT_RATE / 4]
    return flashes, [sound[0][0] + begin / OUTPUT_RATE for begin in beginnings], times


@pytest.mark.parametrize("fps", [25.0, 30.0, 24.0])
def test_mp4_keeps_flash_and_beep_together(fps: float) -> None:
    messages = streamed(FragmentedMp4((128, 128), fps), range(100, 200), lambda tick: flash_slice(tick, fps))
    flashes, beeps, times = flashes_and_beeps(b"".join(messages))
    assert np.diff(times) == pytest.approx(1 / fps, abs=1e-4)
    assert times[0] == 0
    assert flashes == pytest.approx([tick / fps for tick in (10, 35, 60, 85)], abs=1e-3)
    assert beeps == pytest.approx(flashes, abs=0.003)


def test_mp4_begins_with_its_header_and_has_a_key_frame_each_second() -> None:
    stream = FragmentedMp4((128, 96), 25)
    wide = np.zeros((144, 128), np.uint8)
    messages = streamed(stream, range(60), lambda tick: Slice(tick, wide, tone(tick), tone(tick), 0, False))
    assert messages[0][4:8] == b"ftyp"
    assert all(message[4:8] == b"moof" for message in messages[1:])
    assert len(messages) == 61
    with av.open(io.BytesIO(b"".join(messages)), "r") as container:
        video = container.streams.video[0].codec_context
        assert (video.width, video.height) == (128, 96)
        assert video.extradata is not None
        assert f"avc1.{video.extradata[1:4].hex().upper()}, mp4a.40.2" == stream.codecs
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe and packet.pts is not None]
    assert keys == [0, 90_000, 180_000]


def test_mp4_of_a_large_picture_names_a_level_that_holds_it() -> None:
    stream = FragmentedMp4((1080, 1080), 25)
    assert stream.mime == 'video/mp4; codecs="avc1.42C028, mp4a.40.2"'
    messages = streamed(
        stream, range(1), lambda tick: Slice(tick, picture(GREEN, 1080), tone(tick), tone(tick), 0, False)
    )
    assert b"avcC\x01\x42\xc0\x28" in messages[0]


def test_mp4_has_no_hole_where_slices_are_missing() -> None:
    ticks = [tick for tick in range(100, 175) if not 125 <= tick < 132]
    flashes, beeps, times = flashes_and_beeps(b"".join(streamed(FragmentedMp4((128, 128), 25), ticks)))
    assert max(np.diff(times)) == pytest.approx(0.32, abs=1e-3)
    assert flashes == pytest.approx([0.4, 1.4, 2.4], abs=1e-3)
    assert beeps == pytest.approx(flashes, abs=0.003)


def test_jpeg_and_pcm_carry_the_tick() -> None:
    messages = streamed(JpegPcm(25), range(4_000, 4_003), colour_slice)
    assert [struct.unpack("!BI", message[:5]) for message in messages] == [
        (kind, tick) for tick in range(4_000, 4_003) for kind in (JpegPcm.SOUND, JpegPcm.PICTURE)
    ]
    assert np.array_equal(np.frombuffer(messages[0][5:], "<i2"), tone(4_000))
    image = cv2.imdecode(np.frombuffer(messages[1][5:], np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    expected = cv2.cvtColor(colour_slice(4_000).picture, cv2.COLOR_YUV2BGR_I420)
    assert np.abs(image.astype(int) - expected).max() < 12


def test_jpeg_sends_the_same_picture_once() -> None:
    still = picture(GREEN)
    messages = streamed(JpegPcm(25), range(10), lambda tick: Slice(tick, still, tone(tick), tone(tick), 0, True))
    assert [message[0] for message in messages].count(JpegPcm.PICTURE) == 1
    assert len(messages) == 11


@pytest.mark.parametrize("stream", [FragmentedMp4((128, 128), 25), JpegPcm(25)], ids=["mp4", "jpeg"])
def test_a_reader_that_stops_reading_costs_little_and_goes_on_with_the_present(stream: FragmentedMp4 | JpegPcm) -> None:
    async def run() -> list[bytes]:
        messages = stream.messages()
        first = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0)
        for tick in range(1000):
            stream.put(flash_slice(tick))
        got = [await first, await anext(messages), await anext(messages)]
        assert stream.dropped >= 980
        assert len(stream._waiting) <= 12
        await stream.close()
        stream.put(flash_slice(1))
        return got

    got = asyncio.run(run())
    if isinstance(stream, JpegPcm):
        assert struct.unpack("!BI", got[0][:5])[1] == 988
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mien-stream")]


PAGE = """<video id=video muted autoplay></video><script>
const video = document.getElementById("video"), source = new MediaSource(), waiting = [], failed = [];
let buffer;
video.src = URL.createObjectURL(source);
video.onerror = () => failed.push(video.error.message);
video.onwaiting = () => failed.push("waiting at " + video.currentTime);
function next() { if (buffer && !buffer.updating && waiting.length) buffer.appendBuffer(waiting.shift()); }
source.onsourceopen = () => { buffer = source.addSourceBuffer(MIME); buffer.onupdateend = next; next(); };
function push(text) { waiting.push(Uint8Array.from(atob(text), c => c.charCodeAt(0))); next(); }
function look() {
  const canvas = new OffscreenCanvas(1, 1), context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 1, 1);
  return { supported: MediaSource.isTypeSupported(MIME), now: video.currentTime, failed,
    ranges: video.buffered.length, end: video.buffered.length ? video.buffered.end(0) : 0,
    pixel: Array.from(context.getImageData(0, 0, 1, 1).data), frames: video.getVideoPlaybackQuality().totalVideoFrames };
}
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_chromium_plays_the_mp4() -> None:
    from playwright.async_api import async_playwright

    async def run() -> dict[str, Any]:
        stream = FragmentedMp4((128, 128), 25)

        def green(tick: int) -> Slice:
            return Slice(tick, picture(GREEN), tone(tick), tone(tick), 0, False)

        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=[
                    "--headless=new",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--autoplay-policy=no-user-gesture-required",
                ],
            )
            page = await browser.new_page()
            await page.set_content(PAGE.replace("MIME", repr(stream.mime)))

            async def read() -> None:
                async for message in stream.messages():
                    await page.evaluate("push", base64.b64encode(message).decode())

            reader = asyncio.create_task(read())
            async with stage(stream, make=green):
                async with asyncio.timeout(15):
                    while (seen := await page.evaluate("look()"))["now"] < 2:
                        await asyncio.sleep(0.1)
            await stream.close()
            await reader
            await browser.close()
        return seen

    seen = asyncio.run(run())
    assert seen["supported"]
    assert seen["ranges"] == 1
    assert seen["frames"] > 30
    assert seen["end"] - seen["now"] < 1
    assert seen["pixel"][:3] == pytest.approx([0, 255, 1], abs=12), seen
