from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Stream
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import OutputError, UsageError
from mien.media import METADATA, XMP, VideoReader, VideoWriter, read_audio
from mien.types import frame_bounds

from .made import flat, tone


def write(
    path: Path, count: int, fps: float, sample_rate: int | None, *, size=(64, 48), samples=None, **options
) -> None:
    with VideoWriter(path, size, fps, sample_rate, overwrite=True, **options) as writer:
        for n in range(count):
            start, end = frame_bounds(n, fps, sample_rate or 16_000)
            writer.write(flat(60, size), None if samples is None else samples[start:end])


def test_streams_and_tags(tmp_path):
    file = tmp_path / "a.mp4"
    write(file, 50, 25, 16_000)
    with av.open(str(file)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.pix_fmt, video.average_rate) == ("h264", "yuv420p", 25)
        assert (audio.codec_context.name, audio.sample_rate, audio.layout.name) == ("aac", 48_000, "mono")
        assert video.start_time == audio.start_time == 0
        # 1 is BT.709 in each, and "limited" of the range (ISO 23091-4).
        context = video.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_index_stands_before_the_media(tmp_path):
    file = tmp_path / "a.mp4"
    write(file, 5, 25, 16_000)
    data = file.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def seconds(stream: Stream) -> float:
    assert stream.duration
    assert stream.time_base
    return float(stream.duration * stream.time_base)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 40),
    st.sampled_from([10.0, 24.0, 25.0, 29.97, 30_000 / 1001, 30.0, 50.0, 60.0]),
    st.sampled_from([16_000, 22_050, 24_000, 44_100, 48_000]),
)
def test_lengths_are_exact(tmp_path_factory, count, fps, sample_rate):
    file = tmp_path_factory.getbasetemp() / "exact.mp4"
    write(file, count, fps, sample_rate)
    with av.open(str(file)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.frames == count
        assert seconds(video) == pytest.approx(count / fps, abs=1e-4)
        assert seconds(audio) == pytest.approx(count / fps, abs=1 / 48_000)
    assert len(read_audio(file).samples) == frame_bounds(count - 1, fps, 48_000)[1]


@pytest.mark.parametrize(("fps", "sample_rate"), [(25, 16_000), (29.97, 22_050), (30, 44_100), (25, 48_000)])
def test_flash_and_click_come_together(tmp_path, fps, sample_rate):
    """Also after 20 s nothing has drifted."""
    file = tmp_path / "sync.mp4"
    flashes = [0, 7, 111, 350, round(20 * fps)]
    with VideoWriter(file, (64, 48), fps, sample_rate) as writer:
        for n in range(flashes[-1] + 10):
            start, end = frame_bounds(n, fps, sample_rate)
            samples = np.zeros(end - start, np.float32)
            if n in flashes:
                samples[:40] = 0.9
            writer.write(flat(235 if n in flashes else 20), samples)
    seen = [n for n, image in enumerate(VideoReader(file)) if image[24, 32, 0] > 128]
    assert seen == flashes
    loud = np.abs(read_audio(file).samples)
    for flash in flashes:
        at = round(flash / fps * 48_000)
        window = loud[max(at - 2400, 0) : at + 2400]
        onset = int(np.flatnonzero(window > 0.3)[0]) + max(at - 2400, 0)
        assert abs(onset - at) <= 0.002 * 48_000, "within 2 ms, a twentieth of a frame"


def test_samples_are_cut_or_filled_to_their_frame(tmp_path):
    file = tmp_path / "a.mp4"
    with VideoWriter(file, (64, 48), 25, 16_000) as writer:
        writer.write(flat(9), np.zeros(5000, np.float32))
        writer.write(flat(9), np.full(100, 0.5, np.float32))
        writer.write(flat(9))
    assert len(read_audio(file).samples) == 3 * 1920


def test_sound_survives(tmp_path):
    file = tmp_path / "a.mp4"
    samples = tone(2.0, 22_050)
    write(file, 50, 25, 22_050, samples=samples)
    seen = read_audio(file).samples[4800:-4800]
    np.testing.assert_allclose(seen, tone(2.0, 48_000)[4800:-4800], atol=0.03)


def test_without_sound(tmp_path):
    file = tmp_path / "a.mp4"
    write(file, 10, 25, None)
    with av.open(str(file)) as container:
        assert not container.streams.audio
    assert len(list(VideoReader(file))) == 10


COLOURS = [
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (224, 172, 105),
    (255, 219, 172),
    (141, 85, 36),
    (128, 128, 128),
    (16, 235, 180),
]


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_survive(tmp_path, colour):
    file = tmp_path / "a.mp4"
    with VideoWriter(file, (64, 48), 25, None) as writer:
        for _ in range(3):
            writer.write(np.full((48, 64, 3), colour, np.uint8))
    for image in VideoReader(file):
        assert np.abs(image.astype(int) - colour).max() <= 2


@pytest.mark.parametrize("size", [(65, 49), (64, 49), (65, 48), (3, 5)])
def test_odd_sides_are_made_even_by_repeating_the_edge(tmp_path, size):
    file = tmp_path / "a.mp4"
    image = flat(40, size)
    image[:, -1:] = 200
    with VideoWriter(file, size, 25, None) as writer:
        for _ in range(3):
            writer.write(image)
    reader = VideoReader(file)
    assert reader.size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    seen = next(iter(reader))
    assert seen[0, size[0] - 1 :, 0].min() > 170
    assert seen[0, 0, 0] < 70


def test_metadata_and_xmp_are_read_back(tmp_path):
    file = tmp_path / "a.mp4"
    write(file, 5, 25, 16_000, metadata={**METADATA, "title": "你好"}, xmp=XMP)
    with av.open(str(file)) as container:
        assert container.metadata["comment"].startswith("AI-generated by Mien ")
        assert "AI-generated" in container.metadata["description"]
        assert container.metadata["title"] == "你好"
    boxes = dict(top_level_boxes(file.read_bytes()))
    assert list(boxes) == [b"ftyp", b"moov", b"free", b"mdat", b"uuid"]
    assert boxes[b"uuid"][16:] == XMP
    assert len(list(VideoReader(file))) == 5


def top_level_boxes(data: bytes):
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length
    assert at == len(data)


def test_same_frames_give_the_same_file(tmp_path):
    # Of pictures as small as 64 x 48, x264 now and then encodes one of the middle differently.
    noise = np.random.default_rng(0).integers(0, 256, (30, 192, 256, 3), np.uint8)
    contents = set()
    for _ in range(3):
        with VideoWriter(tmp_path / "a.mp4", (256, 192), 25, 16_000, overwrite=True) as writer:
            for image in noise:
                writer.write(image, tone(0.04, 16_000))
        contents.add((tmp_path / "a.mp4").read_bytes())
    assert len(contents) == 1


def test_caller_may_reuse_its_buffer(tmp_path):
    image = flat(0)
    with VideoWriter(tmp_path / "a.mp4", (64, 48), 25, None) as writer:
        for n in range(20):
            image[:] = 10 * n
            writer.write(image)
    seen = [int(image[24, 32, 0]) for image in VideoReader(tmp_path / "a.mp4")]
    assert np.abs(np.array(seen) - np.arange(0, 200, 10)).max() <= 2


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_leaves_nothing(tmp_path, error):
    def fail() -> None:
        with VideoWriter(tmp_path / "a.mp4", (64, 48), 25, 16_000) as writer:
            for _ in range(30):
                writer.write(flat(3))
            raise error

    with pytest.raises(error):
        fail()
    assert not list(tmp_path.iterdir())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mien-encode")]


def test_no_frames(tmp_path):
    with pytest.raises(OutputError, match="no frames"), VideoWriter(tmp_path / "a.mp4", (64, 48), 25, 16_000):
        pass
    assert not list(tmp_path.iterdir())


def test_wrong_frames_and_sizes(tmp_path):
    file = tmp_path / "a.mp4"
    for size, fps in [((1, 48), 25), ((64, 10_000), 25), ((64, 48), 0), ((64, 48), 1000)]:
        with pytest.raises(UsageError):
            VideoWriter(file, size, fps, 16_000)
    with pytest.raises(UsageError, match="does not fit"), VideoWriter(file, (64, 48), 25, 16_000) as writer:
        writer.write(flat(0, (48, 64)))
    with pytest.raises(UsageError, match="float32"), VideoWriter(file, (64, 48), 25, 16_000) as writer:
        writer.write(flat(0).astype(np.float32))  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


INTERRUPTED = """
import sys
from pathlib import Path
import numpy as np
from mien.media import VideoWriter
with VideoWriter(Path(sys.argv[1]), (64, 48), 25, 16000) as writer:
    print("open", flush=True)
    while True:
        writer.write(np.zeros((48, 64, 3), np.uint8))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_ctrl_c_leaves_nothing(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, tmp_path / "a.mp4"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    time.sleep(0.3)
    assert len(os.listdir(tmp_path)) == 1, "the temporary file"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert not list(tmp_path.iterdir())


MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from mien.media import VideoWriter
image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
peaks = []
with VideoWriter(Path(sys.argv[1]), (32, 32), 25, 16000, preset="ultrafast") as writer:
    for n in range(15000):
        writer.write(image, np.zeros(640, np.float32))
        if n in (1500, 14999):
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print((peaks[1] - peaks[0]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_memory_is_flat_over_ten_minutes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, tmp_path / "a.mp4"], capture_output=True, text=True, check=True
    )
    # The index of a file, some 40 bytes a frame, is kept until the end.
    assert int(done.stdout) <= 8


def test_a_group_begins_with_a_key_frame_and_needs_no_later_frame(tmp_path):
    file = tmp_path / "a.mp4"
    write(file, 10, 25, None, group=4)
    with av.open(str(file)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [packet.is_keyframe for packet in packets] == [n % 4 == 0 for n in range(10)]
    assert all(packet.pts == packet.dts for packet in packets)
