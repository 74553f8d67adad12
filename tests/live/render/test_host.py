from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import psutil
import pytest

from mien import settings as settings_module
from mien.errors import MissingDependency, NotFoundError, RenderError, UsageError
from mien.live.render import Rendered, RenderHost, RenderStream, ring
from mien.live.slices import OUTPUT_RATE
from mien.media.resample import resample
from mien.settings import Settings
from mien.studio import RenderOptions
from mien.studio.create import open_named_avatar
from mien.studio.engines import engine_of_package, load_engine, open_session
from mien.types import SpeechChunk

T = TypeVar("T")
SMALL = RenderOptions(size=128, seed=3)
PATIENCE_S = 20


def tone(hertz: float, seconds: float, sample_rate: int = 22_050) -> SpeechChunk:
    samples = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * sample_rate)) / sample_rate)
    return SpeechChunk(samples.astype(np.float32), sample_rate)


def say(stream: RenderStream, generation: int, chunk: SpeechChunk) -> None:
    stream.push(generation, chunk)
    stream.end_segment(generation)


async def until(ready: Callable[[], T]) -> T:
    """Waits for something true."""
    async with asyncio.timeout(PATIENCE_S):
        while not (value := ready()):
            await asyncio.sleep(0.002)
    return value


async def collect(stream: RenderStream, count: int) -> list[Rendered]:
    return [await until(stream.take) for _ in range(count)]  # pyright: ignore[reportReturnType]


async def speech(stream: RenderStream) -> list[Rendered]:
    """The frames of the next segment."""
    frames: list[Rendered] = []
    while not frames or not frames[-1].last:
        frames += [frame for frame in await collect(stream, 1) if not frame.idle]
    return frames


def frequency(sound: np.ndarray) -> float:
    """Of the strongest tone, Hz; exact to 25 Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), OUTPUT_RATE // 25))
    return float(spectrum.argmax() * 25)


def is_red(frame: Rendered) -> bool:
    """In I420 the last sixth of a picture tells red from blue."""
    return frame.picture[-len(frame.picture) // 6 :].mean() > 128


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def host(runner: asyncio.Runner, settings: Settings) -> Iterator[RenderHost]:
    made = RenderHost(settings)
    yield made
    runner.run(made.close())


@pytest.fixture
def run(runner: asyncio.Runner, host: RenderHost) -> Iterator[Callable[[Awaitable[T]], T]]:
    """Runs on the loop of the shared host and closes the streams that were left open."""
    yield runner.run  # pyright: ignore[reportReturnType]

    async def close() -> None:
        for stream in list(host._streams.values()):
            await stream.close()

    runner.run(close())


def in_process(settings: Settings, options: RenderOptions, idle: int, chunk: SpeechChunk) -> list[np.ndarray]:
    package = open_named_avatar("astronaut", settings)
    session = open_session(load_engine(engine_of_package(package), settings), package, options)
    images = [session.idle_frame().image for _ in range(idle)]
    session.push_audio(resample(chunk.samples, chunk.sample_rate, 16_000))
    session.end_segment()
    images += [frame.image for frame in session.frames()]
    return [cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420) for image in images]


def test_frames_and_sound_are_those_of_a_session_in_this_process():
    settings, options, chunk = settings_module.load(), RenderOptions(size=130, seed=5), tone(200, 1.01)

    async def live() -> list[Rendered]:
        host = RenderHost(settings)
        stream = await host.open("astronaut", options)
        assert (stream.size, stream.fps, stream.latency_frames > 0) == ((130, 130), 25.0, True)
        frames = await collect(stream, 2)
        say(stream, 4, chunk)
        await until(lambda: stream.ahead == 5)
        while not frames[-1].last:
            frames += await collect(stream, 1)
        await host.close()
        return frames

    frames = asyncio.run(live())
    assert [frame.idle for frame in frames] == [True] * 2 + [False] * 26
    expected = in_process(settings, options, 3, chunk)
    del expected[2]  # the speech overtook the third
    assert len(frames) == len(expected)
    for frame, image in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.picture, image)
        assert len(frame.sound) == 1920
    assert not any(frame.sound.any() for frame in frames[:2])
    assert {frame.generation for frame in frames[2:]} == {4}
    heard = np.concatenate([frame.sound for frame in frames[2:]])
    whole = resample(chunk.samples, chunk.sample_rate, OUTPUT_RATE)
    np.testing.assert_allclose(heard[: len(whole)], whole * 32767, atol=1)
    assert not heard[len(whole) :].any()


def test_frames_wait_within_their_bounds(run, host: RenderHost):
    async def live() -> None:
        stream = await host.open("ruby", SMALL)
        await until(lambda: stream.ahead == 1)
        await asyncio.sleep(0.1)
        assert stream.ahead == 1, "idle frames are drawn when they are needed"
        say(stream, 1, tone(300, 2))
        await until(lambda: stream.ahead == 5)
        await asyncio.sleep(0.1)
        assert stream.ahead == 5
        first = stream.take()
        assert first is not None
        assert not first.idle, "the waiting idle frame does not hold up the speech"
        await until(lambda: stream.ahead == 5)
        frames = [first, *await speech(stream)]
        assert [frame.position_s for frame in frames] == pytest.approx([index / 25 for index in range(50)])

    run(live())


def test_a_picture_that_is_kept_does_not_change(run, host: RenderHost):
    async def live() -> None:
        stream = await host.open("ruby", SMALL)
        say(stream, 1, tone(300, 1))
        frames = await speech(stream)
        kept = [frame.picture.copy() for frame in frames]
        await collect(stream, 10)
        await stream.close()
        for frame, picture in zip(frames, kept, strict=True):
            np.testing.assert_array_equal(frame.picture, picture)

    run(live())


def test_clear_drops_everything_older_wherever_it_is(run, host: RenderHost):
    async def live() -> None:
        stream = await host.open("ruby", SMALL)
        for _ in range(3):
            say(stream, 1, tone(300, 2))
        await until(lambda: stream.ahead == 5)
        stream.clear(2)
        assert stream.ahead <= 1
        say(stream, 1, tone(300, 1))
        say(stream, 2, tone(1000, 1))
        frames = []
        while not frames or not frames[-1].last:
            frames += await collect(stream, 1)
        spoken = [frame for frame in frames if not frame.idle]
        assert {frame.generation for frame in spoken} == {2}
        assert len(spoken) == 25
        assert all(frequency(frame.sound) == 1000 for frame in spoken[1:-1])

    run(live())


def test_streams_never_mix(run, host: RenderHost):
    async def watch(name: str, hertz: float, red: bool) -> None:
        stream = await host.open(name, SMALL)
        for generation in range(1, 4):
            say(stream, generation, tone(hertz, 1, 16_000))
            frames = await speech(stream)
            assert len(frames) == 25
            assert all(frequency(frame.sound) == hertz for frame in frames[1:-1])
            assert all(is_red(frame) == red for frame in frames)
        await stream.close()

    async def live() -> None:
        await asyncio.gather(
            watch("ruby", 300, True),
            watch("sapphire", 1000, False),
            watch("ruby", 2000, True),
            watch("ruby", 450, True),
        )
        assert host.streams == 0

    run(live())


def test_the_others_go_on_while_an_avatar_is_opened(run, host: RenderHost):
    async def live() -> None:
        stream = await host.open("ruby", SMALL)
        opening = asyncio.create_task(host.open("sapphire", SMALL))
        say(stream, 1, tone(300, 0.4))
        assert len(await speech(stream)) == 10
        await opening

    run(live())


@pytest.mark.parametrize(
    ("avatar", "engine", "options", "kind"),
    [
        ("nobody", "auto", SMALL, NotFoundError),
        ("/etc/passwd", "auto", SMALL, UsageError),
        ("../ruby", "auto", SMALL, UsageError),
        ("", "auto", SMALL, UsageError),
        ("ruby", "portrait", SMALL, UsageError),
        ("ruby", "unheard-of", SMALL, UsageError),
        ("ruby", "auto", RenderOptions(size=7), UsageError),
        ("astronaut", "clay", SMALL, (UsageError, MissingDependency)),
    ],
)
def test_a_request_that_makes_no_sense_raises_what_the_engine_said(run, host, avatar, engine, options, kind):
    with pytest.raises(kind) as caught:
        run(host.open(avatar, options, engine=engine))
    assert caught.value.hint
    assert host.streams == 0


def test_a_picture_beside_the_server_is_no_avatar(run, host, picture: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(picture.parent)
    for name in (picture.name, str(picture)):
        with pytest.raises((NotFoundError, UsageError)):
            run(host.open(name, SMALL))


def test_a_movement_that_the_avatar_has_not_is_refused(run, host: RenderHost):
    stream = run(host.open("ruby", SMALL))
    with pytest.raises(UsageError, match="somersault"):
        stream.act("somersault")
    for name in stream.actions:
        stream.act(name)
    run(collect(stream, 3))


def test_the_render_process_is_told_of_the_users_voice(run, host: RenderHost):
    """Two streams of one seed, one of which listens: their pictures part."""

    async def watch() -> bool:
        plain, listens = await host.open("ruby", SMALL), await host.open("ruby", SMALL)
        listens.listen(True)
        one, other = await collect(plain, 100), await collect(listens, 100)
        assert all(frame.idle for frame in other)
        return any(not np.array_equal(a.picture, b.picture) for a, b in zip(one, other, strict=True))

    assert run(watch())


def test_a_closed_stream_gives_nothing_and_bears_everything(run, host: RenderHost):
    stream = run(host.open("ruby", SMALL))
    run(stream.close())
    run(stream.close())
    say(stream, 1, tone(300, 1))
    stream.clear(3)
    run(asyncio.sleep(0.05))
    assert (stream.take(), stream.ahead) == (None, 0)


def test_an_engine_that_fails_ends_its_own_stream_only(run, host: RenderHost):
    async def live() -> None:
        events: list[str] = []
        good = await host.open("sapphire", SMALL)
        bad = await host.open("ruby", SMALL, notify=events.append)
        bad.push(1, SpeechChunk(np.zeros(100, np.float32), 0, ()))
        await until(lambda: events)
        assert events == ["failed"]
        assert bad.take() is None
        say(good, 1, tone(300, 0.4))
        assert len(await speech(good)) == 10
        assert host.streams == 1

    run(live())


def test_ctrl_c_is_left_to_the_server(run, host: RenderHost):
    async def live() -> None:
        stream = await host.open("ruby", SMALL)
        first = host.pid
        assert first is not None
        os.kill(first, signal.SIGINT)
        say(stream, 1, tone(300, 0.4))
        assert len(await speech(stream)) == 10
        assert host.pid == first

    run(live())


def test_streams_go_on_after_the_process_was_killed(settings: Settings):
    async def live() -> None:
        host = RenderHost(settings)
        events: list[tuple[str, str]] = []
        red = await host.open("ruby", SMALL, notify=lambda event: events.append(("ruby", event)))
        blue = await host.open("sapphire", SMALL, notify=lambda event: events.append(("sapphire", event)))
        assert host._spare is not None
        await host._spare
        say(red, 1, tone(300, 5))
        await until(lambda: red.ahead == 5)
        first = host.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(events) == 2)
        assert sorted(events) == [("ruby", "restarted"), ("sapphire", "restarted")]
        assert host.pid != first
        assert (await collect(red, 1))[0].idle, "what was not played is lost"
        say(red, 2, tone(450, 0.4))
        frames = await speech(red)
        assert [frame.generation for frame in frames] == [2] * 10
        assert is_red(frames[5])
        assert not is_red((await collect(blue, 1))[0])
        await host.close()

    asyncio.run(live())


def test_streams_that_are_closed_while_they_are_opened_again_are_gone(settings: Settings):
    async def live() -> None:
        host = RenderHost(settings)
        events: list[str] = []
        red, blue = [await host.open(name, SMALL, notify=events.append) for name in ("ruby", "sapphire")]
        assert host.pid is not None
        os.kill(host.pid, signal.SIGKILL)
        await until(lambda: host._opening)
        await red.close()
        await blue.close()
        await until(lambda: host.pid is not None and not host._opening)
        await asyncio.sleep(0.1)
        assert (host.streams, red._ring, blue._ring, events) == (0, None, None, [])
        await host.close()

    asyncio.run(live())


def test_a_process_that_dies_again_and_again_is_given_up(settings: Settings):
    async def live() -> None:
        host = RenderHost(settings)
        events: list[str] = []
        stream = await host.open("ruby", SMALL, notify=events.append)
        for deaths, how in enumerate((signal.SIGKILL, signal.SIGTERM, signal.SIGKILL), 1):
            assert host.pid is not None
            os.kill(host.pid, how)
            await until(lambda deaths=deaths: len(events) == deaths)
        assert events == ["restarted", "restarted", "failed"]
        assert (stream.take(), host.streams) == (None, 0)
        other = await host.open("ruby", SMALL)
        assert await collect(other, 2)
        await host.close()

    asyncio.run(live())


def test_a_stream_cannot_be_opened_while_the_process_dies(settings: Settings):
    async def live() -> None:
        host = RenderHost(settings)
        await host.start()
        opening = asyncio.create_task(host.open("ruby", SMALL))
        await until(lambda: host._opening)
        assert host.pid is not None
        os.kill(host.pid, signal.SIGKILL)
        with pytest.raises(RenderError) as caught:
            await opening
        assert caught.value.retryable
        await host.close()
        with pytest.raises(RenderError):
            await host.open("ruby", SMALL)

    asyncio.run(live())


def test_nothing_is_left_after_close(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ring, "_MEMORY", tmp_path)  # where nobody else has files

    def left_over() -> tuple[int, int, list[Path]]:
        me = psutil.Process()
        return len(me.children(recursive=True)), me.num_fds(), list(tmp_path.iterdir())

    async def live() -> None:
        before = left_over()
        for _ in range(2):
            host = RenderHost(settings)
            stream = await host.open("ruby", SMALL)
            await host.open("sapphire", SMALL)
            say(stream, 1, tone(300, 1))
            await collect(stream, 5)
            with pytest.raises(NotFoundError):
                await host.open("nobody", SMALL)
            await host.close()
            await host.close()
            await until(lambda: left_over() == before)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert [thread for thread in threading.enumerate() if thread.name.startswith("waitpid")] == []

    asyncio.run(live())


ORPHAN = """
import asyncio, os, time
from mien.live.render import RenderHost
from mien.settings import Settings
from mien.studio import RenderOptions

async def main():
    host = RenderHost(Settings.model_validate_json({settings!r}))
    await host.open("ruby", RenderOptions(size=128))
    print(host.pid, (await host._spare).pid, flush=True)
    if {forks} and os.fork() == 0:
        time.sleep(5)  # holds all pipes open meanwhile
        os._exit(0)
    time.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("forks", [False, True], ids=["alone", "forked"])
def test_the_process_ends_with_the_server(settings: Settings, forks: bool):
    program = ORPHAN.format(settings=settings.model_dump_json(), forks=forks)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment) as server:
        assert server.stdout is not None
        pids = [int(pid) for pid in server.stdout.readline().split()]
        assert len(pids) == 2
        server.kill()
    deadline = time.monotonic() + PATIENCE_S
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)
