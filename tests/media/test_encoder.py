"""Sound that is encoded while it is made."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from mien.media import AUDIO_FORMATS, AudioEncoder, AudioFormat, read_audio
from mien.media.encoder import STREAM_RATE

TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(22_050 * 2) / 22_050)).astype(np.float32)
EXPECTED = {"mp3": "mp3", "opus": "opus", "aac": "aac", "flac": "flac", "wav": "pcm_s16le"}


def encoded(format: AudioFormat, piece: int = 3000) -> list[bytes]:
    encoder = AudioEncoder(format, 22_050)
    pieces = [encoder.push(TONE[start : start + piece]) for start in range(0, len(TONE), piece)]
    return [*pieces, encoder.finish()]


@pytest.mark.parametrize("format", EXPECTED)
def test_it_is_what_it_is_called_and_as_long_as_what_went_in(format: AudioFormat):
    data = b"".join(encoded(format))
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name.removesuffix("float") == EXPECTED[format]
        assert stream.codec_context.channels == 1
        tags = {**container.metadata, **stream.metadata}
        assert format in ("aac", "wav") or "AI-generated" in tags.get("comment", "")
    sound = read_audio(data)
    seconds = len(sound.samples) / sound.sample_rate
    assert seconds == pytest.approx(2.0, abs=0.1)  # codecs with frames begin and end with a part of one
    middle = sound.samples[len(sound.samples) // 4 : -len(sound.samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.argmax(spectrum) * sound.sample_rate / len(middle) == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_pcm_has_no_header_and_the_exact_length():
    assert len(b"".join(encoded("pcm"))) == 2 * 2 * STREAM_RATE


@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_it_comes_before_the_end(format: AudioFormat):
    pieces = encoded(format)
    assert sum(len(piece) for piece in pieces[: len(pieces) // 2]) > 0.3 * sum(map(len, pieces))


@pytest.mark.parametrize("format", AUDIO_FORMATS)
def test_too_loud_is_clipped_and_too_short_is_no_error(format: AudioFormat):
    encoder = AudioEncoder(format, 16_000)
    assert encoder.push(np.full(400, 7.0, np.float32)) + encoder.finish()
    assert isinstance(AudioEncoder(format, 16_000).finish(), bytes)
