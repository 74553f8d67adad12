"""The openai voice against a real HTTP server on this machine."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import av
import httpx
import numpy as np
import pytest

from mien.errors import SettingsError, UsageError, VoiceError
from mien.settings import Settings
from mien.speech import speak
from mien.speech.voices.openai.voice import OpenaiVoice
from mien.types import Samples, SpeechChunk

KEY = "sk-very-secret-0123456789"
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """What the server answers next, and what it was asked."""

    url: str = ""
    answer: Answer = lambda handler: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorization: str | None = None


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append({"path": self.path, **json.loads(body)})
            state.authorization = self.headers["Authorization"]
            state.answer(self)

        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def voice(server: Server, settings: Settings) -> Iterator[OpenaiVoice]:
    changes = {"openai_base_url": server.url, "openai_api_key": KEY}
    opened = OpenaiVoice(settings.model_copy(update=changes), httpx.Timeout(0.5))
    yield opened
    opened.close()


def say(voice: OpenaiVoice, text: str = "Hello.", name: str = "", rate: float = 1.0) -> list[SpeechChunk]:
    return list(voice.synthesize(text, voice=name, rate=rate, pitch=1.0))


def tone(seconds: float = 1.0, rate: int = 24_000) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def as_wav(samples: Samples, rate: int = 24_000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(np.repeat((samples * 32767).astype("<i2"), channels).tobytes())
    return buffer.getvalue()


def sends(body: bytes, content_type: str = "audio/wav", status: int = 200) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def streams(pieces: list[bytes], content_type: str = "audio/wav", whole: bool = True) -> Answer:
    """Chunked transfer, as servers do that speak while they think; cut off if not `whole`."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            handler.wfile.flush()
        if whole:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return answer


def assert_is_tone(chunks: list[SpeechChunk], expected: Samples, rate: int = 24_000) -> None:
    assert {chunk.sample_rate for chunk in chunks} == {rate}
    assert all(chunk.phonemes is None for chunk in chunks)
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, expected, atol=2e-4)


def test_wav_is_spoken_and_the_request_is_as_documented(server: Server, voice: OpenaiVoice) -> None:
    server.answer = sends(as_wav(tone()))
    chunks = say(voice, "Hello.", "nova", 1.25)
    assert_is_tone(chunks, tone())
    assert next(chunk.text for chunk in chunks) == "Hello."
    assert server.requests == [
        {
            "path": "/v1/audio/speech",
            "model": "tts-1",
            "voice": "nova",
            "input": "Hello.",
            "response_format": "wav",
            "speed": 1.25,
        }
    ]
    assert server.authorization == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("name", "model", "chosen"),
    [("", "tts-1", "alloy"), ("af_bella", "tts-1", "af_bella"), ("org/kokoro/af_bella", "org/kokoro", "af_bella")],
)
def test_a_name_may_hold_the_model(server: Server, voice: OpenaiVoice, name: str, model: str, chosen: str) -> None:
    server.answer = sends(as_wav(tone(0.1)))
    say(voice, name=name)
    assert (server.requests[0]["model"], server.requests[0]["voice"]) == (model, chosen)


@pytest.mark.parametrize("piece", [1001, 7, 100_000])
def test_a_streamed_wav_with_an_unknown_length_is_spoken(server: Server, voice: OpenaiVoice, piece: int) -> None:
    wav = bytearray(as_wav(tone(0.3)))
    wav[4:8] = wav[40:44] = b"\xff\xff\xff\xff"
    server.answer = streams([bytes(wav[start : start + piece]) for start in range(0, len(wav), piece)])
    assert_is_tone(say(voice), tone(0.3))


def test_speech_begins_before_the_server_has_ended(server: Server, voice: OpenaiVoice) -> None:
    wav, go_on = as_wav(tone(2)), threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(wav)))
        handler.end_headers()
        half = len(wav) // 2
        for part in (wav[: half // 2], wav[half // 2 : half]):
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(0.05)
        go_on.wait(5)
        handler.wfile.write(wav[half:])

    server.answer = answer
    chunks = voice.synthesize("Hello.", voice="", rate=1, pitch=1)
    first = next(chunks)
    assert not go_on.is_set()
    go_on.set()
    assert_is_tone([first, *chunks], tone(2))


def test_raw_pcm_other_rates_stereo_and_mp3_are_understood(server: Server, voice: OpenaiVoice) -> None:
    pcm = (tone() * 32767).astype("<i2").tobytes()
    server.answer = sends(pcm, "audio/pcm")
    assert_is_tone(say(voice), tone())
    server.answer = sends((tone(1, 16_000) * 32767).astype("<i2").tobytes(), "audio/L16; rate=16000; channels=1")
    assert_is_tone(say(voice), tone(1, 16_000), 16_000)
    server.answer = sends(as_wav(tone(1, 44_100), 44_100, 2))
    assert_is_tone(say(voice), tone(1, 44_100), 44_100)
    server.answer = sends(as_mp3(tone()), "audio/mpeg")
    [chunk] = say(voice)
    assert len(chunk.samples) == pytest.approx(24_000, abs=3000)


def as_mp3(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as container:
        stream: Any = container.add_stream("libmp3lame", rate=24_000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = 24_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("status", "retryable", "hint"),
    [
        (400, False, "MODEL/VOICE"),
        (401, False, "MIEN_OPENAI_API_KEY"),
        (403, False, "MIEN_OPENAI_API_KEY"),
        (404, False, "MIEN_OPENAI_BASE_URL"),
        (429, True, "limits"),
        (500, True, "server"),
        (503, True, "server"),
        (307, False, "MIEN_OPENAI_BASE_URL"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_key(
    server: Server, voice: OpenaiVoice, status: int, retryable: bool, hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()
    server.answer = sends(body, "application/json", status)
    with caplog.at_level(logging.DEBUG), pytest.raises(VoiceError, match=str(status)) as caught:
        say(voice)
    assert caught.value.retryable is retryable
    assert hint in caught.value.hint
    assert KEY not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"
    assert KEY not in caplog.text
    assert "Hello" not in caplog.text


def test_a_silent_server_is_given_up(server: Server, voice: OpenaiVoice) -> None:
    server.answer = lambda handler: time.sleep(1.0)
    with pytest.raises(VoiceError, match="ReadTimeout") as caught:
        say(voice)
    assert caught.value.retryable


def test_a_stream_that_breaks_off_is_an_error(server: Server, voice: OpenaiVoice) -> None:
    wav = as_wav(tone())
    server.answer = streams([wav[:20_000]], whole=False)
    with pytest.raises(VoiceError, match="RemoteProtocolError") as caught:
        say(voice)
    assert caught.value.retryable


def test_a_sentence_that_never_ends_is_given_up(
    server: Server, voice: OpenaiVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.speech.voices.openai.voice._MAX_BYTES", 50_000)
    server.answer = sends(as_wav(tone(5)))
    with pytest.raises(VoiceError, match="did not end"):
        say(voice)


@pytest.mark.parametrize("body", [b"", b"RIFF", b"<html>It works!</html>", as_wav(tone())[:44], b"\0" * 1000])
def test_what_is_no_sound_is_an_error(server: Server, voice: OpenaiVoice, body: bytes) -> None:
    server.answer = sends(body, "audio/wav")
    with pytest.raises(VoiceError, match="openai voice sent"):
        say(voice)


def test_no_server_is_an_error(settings: Settings) -> None:
    voice = OpenaiVoice(settings.model_copy(update={"openai_base_url": "http://127.0.0.1:9/v1"}))
    with pytest.raises(VoiceError, match="ConnectError") as caught:
        say(voice)
    assert caught.value.retryable


@pytest.mark.parametrize("url", ["", "localhost:8880", "ftp://x/v1", "http://", "http://[::1"])
def test_a_bad_address_is_a_settings_error(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="MIEN_OPENAI_BASE_URL"):
        OpenaiVoice(settings.model_copy(update={"openai_base_url": url}))


@pytest.mark.parametrize("key", ["sk-1\n2", "sk 1", "ключ"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(settings: Settings, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        OpenaiVoice(settings.model_copy(update={"openai_api_key": key}))
    assert key not in f"{caught.value} {caught.value.hint}"


def test_a_server_on_this_machine_may_be_used_offline(server: Server, settings: Settings) -> None:
    server.answer = sends(as_wav(tone(0.2)))
    offline = settings.model_copy(update={"offline": True, "openai_base_url": server.url})
    assert list(speak("Hello. Again.", offline, "openai:alloy"))
    assert server.authorization is None
    with pytest.raises(UsageError, match=r"api\.openai\.com"):
        speak("Hello", settings.model_copy(update={"offline": True}), "openai")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"voices": ["af_bella", "am_adam"]}', ["af_bella", "am_adam"]),
        (b'{"voices": [{"id": "a"}, {"name": "b"}, 3]}', ["a", "b"]),
        (b'["x"]', ["x"]),
        (b'{"voices": null}', []),
        (b"null", []),
        (b"not json", []),
    ],
)
def test_voices_are_those_the_server_lists(
    server: Server, voice: OpenaiVoice, body: bytes, expected: list[str]
) -> None:
    server.answer = sends(body, "application/json")
    assert [info.name for info in voice.voices()] == expected


def test_a_server_that_lists_no_voices_has_none(server: Server, voice: OpenaiVoice, settings: Settings) -> None:
    server.answer = sends(b"", status=404)
    assert voice.voices() == []
    assert "alloy" in [info.name for info in OpenaiVoice(settings).voices()]
