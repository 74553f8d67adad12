from __future__ import annotations

import io
import struct
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.errors import AlreadyExistsError, MediaError, NotFoundError
from mien.media import AudioReader, is_silent, read_audio, write_wav
from mien.types import Sound

from .made import audio_file, flat, tone, video_file

LOSSY = [
    ("mp3", "libmp3lame", 44_100, "fltp"),
    ("ipod", "aac", 44_100, "fltp"),
    ("ogg", "libopus", 48_000, "flt"),
    ("webm", "libopus", 48_000, "flt"),
    ("matroska", "aac", 22_050, "fltp"),
    ("adts", "aac", 16_000, "fltp"),
]


def wav(samples: np.ndarray, sample_rate: int, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="WAV", subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(
    ("subtype", "step"),
    [
        ("PCM_U8", 2**-7),
        ("PCM_16", 2**-15),
        ("PCM_24", 2**-22),
        ("PCM_32", 2**-22),
        ("FLOAT", 0),
        ("DOUBLE", 0),
        ("ULAW", 0.02),
    ],
)
def test_wav_of_every_depth(subtype, step):
    samples = tone(0.3, 16_000)
    sound = read_audio(wav(samples, 16_000, subtype))
    assert sound.sample_rate == 16_000
    assert sound.samples.dtype == np.float32
    assert len(sound.samples) == len(samples)
    assert np.abs(sound.samples - samples).max() <= step


@pytest.mark.parametrize(("form", "codec", "sample_rate", "sample_format"), LOSSY)
def test_lossy_formats(form, codec, sample_rate, sample_format):
    samples = tone(1.0, sample_rate)
    sound = read_audio(audio_file(samples[None], sample_rate, form=form, codec=codec, sample_format=sample_format))
    assert sound.sample_rate == sample_rate
    # ADTS has no place to say what its encoder put in front and behind.
    slack = 2048 + 1024 if form == "adts" else 0.045 * sample_rate
    assert abs(len(sound.samples) - sample_rate) <= slack
    if form != "adts":
        both = slice(2000, min(len(sound.samples), sample_rate) - 4000)
        assert np.corrcoef(sound.samples[both], samples[both])[0, 1] > 0.99, "in place and in phase"


def test_flac_and_stereo_mix():
    left, right = tone(0.5, 32_000, 300), tone(0.5, 32_000, 700, 0.3)
    data = audio_file(np.stack([left, right]), 32_000, form="flac", codec="flac", layout="stereo", sample_format="s16")
    np.testing.assert_allclose(read_audio(data).samples, (left + right) / 2, atol=2e-4)


def test_surround_mix_keeps_the_centre_and_drops_the_bass():
    channels = np.zeros((6, 8000), np.float32)  # FL FR FC LFE BL BR
    channels[2] = tone(0.5, 16_000)
    channels[3] = tone(0.5, 16_000, 50)
    data = audio_file(channels, 16_000, form="flac", codec="flac", layout="5.1", sample_format="s16")
    expected = channels[2] / (1 + 2 * 2**-0.5 + 2 * 0.5)
    np.testing.assert_allclose(read_audio(data).samples, expected, atol=2e-4)


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 7, 12])
def test_any_number_of_channels(channels):
    samples = np.repeat(tone(0.2, 16_000)[:, None], channels, axis=1)
    sound = read_audio(wav(samples, 16_000, "PCM_16"))
    assert len(sound.samples) == 3200
    # All channels are the same; at most the bass channel is left out of the mix.
    np.testing.assert_allclose(sound.samples, samples[:, 0], atol=1e-3)


@pytest.mark.parametrize("sample_rate", [8000, 11_025, 44_100, 96_000, 192_000])
def test_native_rate_is_kept(sample_rate):
    sound = read_audio(wav(tone(0.1, sample_rate), sample_rate, "PCM_16"))
    assert sound.sample_rate == sample_rate
    assert sound.seconds == pytest.approx(0.1, abs=1 / sample_rate)


def test_nan_and_overload_are_cleaned():
    samples = np.array([0.5, np.nan, np.inf, -np.inf, 3.0, -0.25], np.float32)
    assert read_audio(wav(samples, 16_000, "FLOAT")).samples.tolist() == [0.5, 0, 1, -1, 1, -0.25]


def test_sound_of_a_video(tmp_path):
    from mien.media import VideoWriter

    file = tmp_path / "talk.mp4"
    samples = tone(1.0, 16_000)
    with VideoWriter(file, (64, 48), 25, 16_000) as writer:
        for n in range(25):
            writer.write(flat(90), samples[n * 640 : (n + 1) * 640])
    sound = read_audio(file)
    assert sound.sample_rate == 48_000
    assert len(sound.samples) == 48_000


def test_video_without_sound():
    with pytest.raises(MediaError, match="no sound"):
        read_audio(video_file([flat(9)] * 5, range(0, 200, 40)))


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_zero_length(form):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(0, np.float32), 16_000, format=form)
    with pytest.raises(MediaError):
        read_audio(file.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just some text, not a sound\n" * 9,
        bytes(5000),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_not_a_sound(tmp_path, content):
    file = tmp_path / "voice.wav"
    file.write_bytes(content)
    with pytest.raises(MediaError, match=r"voice\.wav") as caught:
        read_audio(file)
    assert caught.value.hint
    with pytest.raises(MediaError):
        read_audio(content)


def test_playlists_are_not_followed(tmp_path):
    (tmp_path / "secret.wav").write_bytes(wav(tone(0.5, 16_000), 16_000, "PCM_16"))
    for name, text in {
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.wav\n#EXT-X-ENDLIST\n",
        "list.ffconcat": "ffconcat version 1.0\nfile secret.wav\n",
    }.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(MediaError):
            read_audio(tmp_path / name)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(NotFoundError):
        read_audio(tmp_path / "nowhere.wav")
    with pytest.raises(MediaError, match="is a folder"):
        read_audio(tmp_path)


def test_name_that_looks_like_a_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = Path("concat:a|b.wav")
    file.write_bytes(wav(tone(0.1, 16_000), 16_000, "PCM_16"))
    assert len(read_audio(file).samples) == 1600


def test_cut_off_wav_gives_what_is_there():
    data = wav(tone(1.0, 16_000), 16_000, "PCM_16")
    assert len(read_audio(data[: 44 + 16_000]).samples) == 8000


def test_too_long():
    data = wav(tone(2.0, 16_000), 16_000, "PCM_16")
    assert read_audio(data, max_seconds=2.0).seconds == 2.0
    with pytest.raises(MediaError, match=r"longer than 1\.5 s"):
        read_audio(data, max_seconds=1.5)


def test_hole_in_the_timestamps_is_silence():
    import av
    from av.audio.frame import AudioFrame

    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for at in (0, 32_000):
            frame = AudioFrame.from_ndarray(np.full((1, 8000), 16_384, np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    samples = read_audio(file.getvalue()).samples
    assert len(samples) == 40_000
    assert np.all(samples[:8000] == 0.5)
    assert np.all(samples[8000:32_000] == 0)
    assert np.all(samples[32_000:] == 0.5)


def test_ten_minutes_cost_little_memory(tmp_path):
    file = tmp_path / "long.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        second = np.zeros(48_000, "<i2").tobytes()
        for _ in range(600):
            out.writeframesraw(second)
    tracemalloc.start()
    try:
        with AudioReader(file) as reader:
            total = sum(len(block) for block in reader)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 600 * 48_000
    assert peak < 5e6


def test_is_silent():
    assert is_silent(Sound(np.zeros(16_000, np.float32), 16_000))
    assert is_silent(Sound(np.zeros(0, np.float32), 16_000))
    assert is_silent(Sound(tone(1, 16_000, level=5e-4), 16_000))
    assert not is_silent(Sound(tone(1, 16_000, level=0.01), 16_000))
    word = np.zeros(160_000, np.float32)
    word[80_000:83_200] = tone(0.2, 16_000, level=0.05)
    assert not is_silent(Sound(word, 16_000)), "one short word in ten seconds"


def test_write_wav(tmp_path):
    file = tmp_path / "out.wav"
    sound = Sound(tone(0.2, 22_050), 22_050)
    write_wav(file, sound)
    again = read_audio(file)
    assert again.sample_rate == 22_050
    np.testing.assert_allclose(again.samples, sound.samples, atol=1e-4)
    assert [p.name for p in tmp_path.iterdir()] == ["out.wav"]
    with pytest.raises(AlreadyExistsError):
        write_wav(file, sound)


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes_are_only_media_errors(data):
    with pytest.raises(MediaError):
        read_audio(data)


SEEDS = [
    wav(tone(0.05, 16_000), 16_000, "PCM_16"),
    audio_file(tone(0.1, 16_000)[None], 16_000, form="flac", codec="flac", sample_format="s16"),
    *(
        audio_file(tone(0.1, rate)[None], rate, form=form, codec=codec, sample_format=fmt)
        for form, codec, rate, fmt in LOSSY
    ),
]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.floats(0.3, 1))
def test_damaged_sounds_are_read_or_media_errors(seed, changes, keep):
    data = bytearray(seed)
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    try:
        sound = read_audio(bytes(data[: max(int(len(data) * keep), 1)]), max_seconds=60)
    except MediaError:
        return
    assert np.isfinite(sound.samples).all()
    assert np.abs(sound.samples).max(initial=0) <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.sampled_from([8000, 16_000, 44_100]), st.integers(1, 4))
def test_wav_lengths_are_exact(length, sample_rate, channels):
    data = struct.pack(f"<{length * channels}h", *([1000] * (length * channels)))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(sample_rate)
        out.writeframes(data)
    assert len(read_audio(file.getvalue()).samples) == length


@pytest.mark.real
def test_real_sounds(real_media):
    for file, seconds in {"en_radio.wav": 8, "en_tts.wav": 60, "zh_news.wav": 8}.items():
        sound = read_audio(real_media / "audio" / file)
        assert sound.seconds == pytest.approx(seconds, abs=0.01)
        assert not is_silent(sound)
