from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mien.errors import MediaError, NotFoundError, UsageError
from mien.media import VideoReader, VideoWriter, read_audio

from .made import audio_file, flat, tone, video_file


def greys(source, fps=None, start=0) -> list[int]:
    """The brightness of every frame, back on the scale of `flat`."""
    return [int(image[20, 20, 0]) for image in VideoReader(source, fps, start)]


def ladder(count: int) -> list[np.ndarray]:
    """Frames that can be told apart by their brightness: 10, 14, 18 …"""
    return [flat(10 + 4 * n) for n in range(count)]


def close(seen: list[int], expected: list[int]) -> bool:
    return len(seen) == len(expected) and all(abs(a - b) <= 1 for a, b in zip(seen, expected, strict=True))


@pytest.mark.parametrize(
    ("form", "codec"),
    [
        ("mp4", "libx264"),
        ("mov", "libx264"),
        ("matroska", "libx264"),
        ("webm", "libvpx-vp9"),
        ("avi", "mjpeg"),
        ("mp4", "libx265"),
    ],
)
def test_formats(form, codec):
    data = video_file(ladder(25), range(0, 1000, 40), form=form, codec=codec)
    reader = VideoReader(data, 25)
    frames = list(reader)
    assert reader.size == (64, 48)
    assert len(frames) == 25
    assert all(frame.shape == (48, 64, 3) and frame.dtype == np.uint8 and frame.flags.c_contiguous for frame in frames)
    # VP9 and JPEG at these settings miss a flat grey by a few levels.
    assert np.abs(np.array([f[20, 20, 0] for f in frames]) - np.arange(10, 110, 4)).max() <= 4


def test_own_rate_and_duration():
    reader = VideoReader(faststart(ladder(30), fps=30))
    assert reader.fps == 30
    assert reader.duration_s == pytest.approx(1.0, abs=0.001)
    assert len(list(reader)) == 30
    assert not reader.truncated
    assert reader.damaged == 0


@pytest.mark.parametrize(("step_ms", "wanted"), [(20, 25), (40, 12.5)])
def test_half_the_rate_shows_every_other_frame(step_ms: int, wanted: float):
    seen = greys(video_file(ladder(20), range(0, 20 * step_ms, step_ms), form="mp4", codec="libx264"), wanted)
    assert close(seen, [10 + 4 * n for n in range(0, 20, 2)])


def test_variable_rate_is_resampled_by_timestamps():
    # Shown from 0, 40, 240, 280 and 600 ms on; 25 fps has a slot every 40 ms.
    data = video_file(ladder(5), [0, 40, 240, 280, 600])
    seen = greys(data, 25)
    expected = [10] + [14] * 5 + [18] + [22] * 8 + [26]
    assert close(seen[: len(expected)], expected)
    assert set(seen[len(expected) :]) <= {seen[len(expected) - 1]}


@pytest.mark.parametrize(("own", "wanted"), [(30, 25), (25, 30), (60, 25), (24, 25), (12.5, 25), (50, 12.5)])
def test_rate_conversion_keeps_duration_and_order(own, wanted):
    pts = [round(n * 1000 / own) for n in range(48)]
    seen = greys(video_file(ladder(48), pts), wanted)
    assert len(seen) == pytest.approx(48 * wanted / own, abs=1)
    assert seen == sorted(seen)
    shown = [(value - 10) / 4 for value in seen]
    for slot, number in enumerate(shown):
        assert abs(number / own - slot / wanted) <= 0.5 / own + 0.5 / wanted + 0.003, "no frame is early or late"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 150), min_size=2, max_size=12), st.sampled_from([10.0, 25.0, 29.97, 60.0]))
def test_any_timestamps_give_the_frame_of_the_time(steps, fps):
    pts = np.cumsum([0, *steps[:-1]])
    assume(np.all(np.abs(pts / 1000 * fps % 1 - 0.5) > 1e-6))  # exactly between two slots either will do
    seen = greys(video_file(ladder(len(pts)), pts.tolist()), fps)
    slots = np.round(pts / 1000 * fps)
    for index, value in enumerate(seen):
        expected = np.flatnonzero(slots <= index)[-1]
        assert abs(value - (10 + 4 * expected)) <= 1


def corners() -> np.ndarray:
    """Red top left, green top right, blue bottom left, white bottom right."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32], image[:24, 32:], image[24:, :32], image[24:, 32:] = (
        (250, 0, 0),
        (0, 250, 0),
        (0, 0, 250),
        (250, 250, 250),
    )
    return image


@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
@pytest.mark.parametrize("hflip", [False, True])
def test_rotated_and_mirrored(degrees, hflip):
    data = video_file([corners()] * 4, [0, 40, 80, 120], rotation=degrees, hflip=hflip)
    # FFmpeg's matrix turns counterclockwise by `degrees`, then mirrors (av_display_matrix_flip).
    expected = np.rot90(corners(), degrees // 90)
    expected = expected[:, ::-1] if hflip else expected
    reader = VideoReader(data)
    image = next(iter(reader))
    assert reader.size == (expected.shape[1], expected.shape[0])
    assert image.shape == expected.shape
    for y, x in [(8, 8), (8, -8), (-8, 8), (-8, -8)]:
        assert np.abs(image[y, x].astype(int) - expected[y, x]).max() <= 12


def test_pixels_become_square():
    reader = VideoReader(video_file([flat(99)] * 3, [0, 40, 80], sar=Fraction(4, 3)))
    assert reader.size == (85, 48)
    assert next(iter(reader)).shape == (48, 85, 3)


def test_without_pictures(tmp_path):
    with pytest.raises(MediaError, match="no pictures"):
        VideoReader(audio_file(tone(0.5, 44_100)[None], 44_100, form="mp3", codec="libmp3lame"))


@pytest.mark.parametrize("content", [b"", b"no video, just words. " * 30, bytes(9000), b"#EXTM3U\nother.ts\n"])
def test_not_a_video(tmp_path, content):
    file = tmp_path / "me.mp4"
    file.write_bytes(content)
    with pytest.raises(MediaError, match=r"me\.mp4") as caught:
        VideoReader(file)
    assert caught.value.hint
    with pytest.raises(MediaError):
        VideoReader(content)


def test_missing_file_folder_and_rate(tmp_path):
    with pytest.raises(NotFoundError):
        VideoReader(tmp_path / "nowhere.mp4")
    with pytest.raises(MediaError, match="is a folder"):
        VideoReader(tmp_path)
    with pytest.raises(UsageError):
        VideoReader(tmp_path, 0)


def faststart(images, fps=25) -> bytes:
    """An MP4 with its index in front, as VideoWriter and web sites make them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.mp4"
        with VideoWriter(file, (64, 48), fps, None) as writer:
            for image in images:
                writer.write(image)
        return file.read_bytes()


NOISE = [np.random.default_rng(n).integers(0, 256, (48, 64, 3), np.uint8) for n in range(50)]


def test_cut_off_without_its_index():
    data = video_file(NOISE, range(0, 2000, 40))
    with pytest.raises(MediaError, match="index is missing"):
        VideoReader(data[: len(data) * 3 // 4])


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_cut_off_in_the_second_half_gives_what_is_there(form):
    data = faststart(NOISE) if form == "mp4" else video_file(NOISE, range(0, 2000, 40), form=form)
    reader = VideoReader(data[: len(data) * 7 // 10], 25)
    assert 28 <= len(list(reader)) <= 38
    assert reader.truncated


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_cut_off_in_the_first_half_says_where(form):
    data = faststart(NOISE) if form == "mp4" else video_file(NOISE, range(0, 2000, 40), form=form)
    with pytest.raises(MediaError, match=r"breaks off after 0\.\d of 2\.0 s"):
        list(VideoReader(data[: len(data) * 3 // 10], 25))


def test_damage_in_the_middle_is_bridged():
    data = bytearray(faststart(NOISE))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    reader = VideoReader(bytes(data), 25)
    assert len(list(reader)) == 50
    assert reader.damaged > 0


def test_jump_of_the_timestamps():
    with pytest.raises(MediaError, match="timestamps jump"):
        list(VideoReader(video_file(ladder(3), [0, 40, 4_000_000]), 25))


def test_giant_frames_are_refused(monkeypatch):
    monkeypatch.setattr("mien.media.video.MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(MediaError, match="64 × 48"):
        VideoReader(video_file(ladder(3), [0, 40, 80]))


def test_square_pixels_do_not_make_giant_frames(monkeypatch):
    monkeypatch.setattr("mien.media.video.MAX_PIXELS", 64 * 48)
    with pytest.raises(MediaError, match="512 × 48"):
        VideoReader(video_file(ladder(3), [0, 40, 80], sar=Fraction(8, 1)))


def test_colours_of_untagged_video():
    # Small untagged video is BT.601: FFmpeg's own default in `made.video_file`.
    image = np.zeros((48, 64, 3), np.uint8)
    image[:] = (200, 40, 90)
    seen = next(iter(VideoReader(video_file([image] * 3, [0, 40, 80]))))
    assert np.abs(seen[24, 32].astype(int) - (200, 40, 90)).max() <= 3


def test_sound_that_starts_late_stays_in_time(tmp_path):
    """Picture and sound of one file share the clock: the file's start."""
    import av
    from av.audio.frame import AudioFrame
    from av.video.frame import VideoFrame

    file = tmp_path / "late.mkv"
    with av.open(str(file), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "12"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for n in range(50):
            frame = VideoFrame.from_ndarray(flat(220 if n == 30 else 30), format="rgb24").reformat(format="yuv420p")
            frame.pts = n
            container.mux(video.encode(frame))
        samples = np.zeros((1, 16_000), np.int16)
        samples[0, 3200:3300] = 20_000  # at 1.0 + 0.2 s, the start of frame 30
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 16_000
        container.mux(sound.encode(frame))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    assert int(np.argmax(greys(file, 25))) == 30
    click = int(np.flatnonzero(read_audio(file).samples > 0.3)[0])
    assert click / 16_000 == pytest.approx(30 / 25, abs=0.002)


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes_are_only_media_errors(data):
    with pytest.raises(MediaError):
        list(VideoReader(data))


SEEDS = [
    faststart(NOISE[:8]),
    video_file(NOISE[:8], range(0, 320, 40)),
    video_file(NOISE[:8], range(0, 320, 40), form="matroska"),
    video_file(NOISE[:8], range(0, 320, 40), form="webm", codec="libvpx"),
]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.floats(0.3, 1))
def test_damaged_videos_are_read_or_media_errors(seed, changes, keep):
    data = bytearray(seed)
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    try:
        reader = VideoReader(bytes(data[: max(int(len(data) * keep), 1)]), 25)
        shapes = {image.shape for image in reader}
    except MediaError:
        return
    assert shapes == {(reader.size[1], reader.size[0], 3)}


@pytest.mark.real
def test_real_video(real_media):
    # 512 × 480 in pixels that are not square, 587 frames at 30 fps.
    reader = VideoReader(real_media / "video" / "man_glasses_silent.mp4", 5)
    assert reader.size == (480, 480)
    assert sum(1 for _ in reader) == 98
    assert not reader.truncated


@pytest.mark.parametrize(
    ("form", "codec"), [("mp4", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4"), ("mpegts", "libx264")]
)
@pytest.mark.parametrize("fps", [25.0, 10.0])
def test_beginning_later_gives_the_same_frames(form: str, codec: str, fps: float):
    data = video_file(ladder(60), [40 * n for n in range(60)], form=form, codec=codec)
    everything = greys(data, fps)
    for start in range(1, len(everything), 4):
        assert greys(data, fps, start) == everything[start:], start


def test_a_frame_that_is_held_is_found_from_its_middle():
    data = video_file(ladder(40), [*(40 * n for n in range(20)), *(3000 + 40 * n for n in range(20))])
    everything = greys(data, 25.0)
    assert greys(data, 25.0, 50) == everything[50:]


def test_beginning_later_decodes_nothing_of_what_comes_before():
    data = bytearray(video_file(NOISE, [40 * n for n in range(50)]))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    whole, late = VideoReader(bytes(data), 25), VideoReader(bytes(data), 25, start=45)
    assert len(list(whole)) == len(list(late)) + 45 == 50
    assert whole.damaged > 0
    assert late.damaged == 0


def test_beginning_behind_the_end_gives_nothing_and_before_the_beginning_is_refused():
    data = video_file(ladder(50), [40 * n for n in range(50)])
    assert greys(data, 25.0, 70) == []
    with pytest.raises(UsageError, match="-1"):
        VideoReader(data, start=-1)
