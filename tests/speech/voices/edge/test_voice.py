"""The edge voice against a local server that speaks the service's protocol; the service itself is not asked."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import pytest

pytest.importorskip("edge_tts", reason="needs: pip install 'mien[edge]'")

from aiohttp import web

from mien.errors import NotFoundError, UsageError, VoiceError
from mien.settings import Settings
from mien.speech import speak
from mien.speech.voices.edge.voice import EdgeVoice, speech
from mien.types import SpeechChunk, Word

RATE = 24_000
VOICES = [
    {"ShortName": "en-US-EmmaMultilingualNeural", "Locale": "en-US", "Gender": "Female", "FriendlyName": "Emma"},
    {"ShortName": "zh-CN-XiaoxiaoNeural", "Locale": "zh-CN", "Gender": "Female", "FriendlyName": "Xiaoxiao"},
]


def mp3(seconds: float = 1.0) -> bytes:
    """A tone as the service sends sound: 24 kHz, 48 kbit/s, mono."""
    buffer = io.BytesIO()
    tone = (16_000 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * RATE)) / RATE)).astype(np.int16)
    with av.open(buffer, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as container:
        stream: Any = container.add_stream("libmp3lame", rate=RATE)
        stream.bit_rate = 48_000
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return buffer.getvalue()


@dataclass
class Service:
    """What the local service says and was asked."""

    url: str = ""
    sound: bytes = field(default_factory=mp3)
    words: list[tuple[str, float, float]] = field(default_factory=list)
    status: int = 200
    ssml: list[str] = field(default_factory=list)

    async def speak(self, request: web.Request) -> web.StreamResponse:
        if self.status != 200:
            return web.Response(status=self.status)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_str()  # speech.config
        self.ssml.append((await socket.receive_str()).split("\r\n\r\n", 1)[1])
        await socket.send_str("X-RequestId:1\r\nPath:turn.start\r\n\r\n{}")
        for text, start, duration in self.words:
            data = {"Offset": int(start * 1e7), "Duration": int(duration * 1e7), "text": {"Text": text}}
            metadata = json.dumps({"Metadata": [{"Type": "WordBoundary", "Data": data}]})
            await socket.send_str(f"X-RequestId:1\r\nPath:audio.metadata\r\n\r\n{metadata}")
        head = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
        for start in range(0, len(self.sound), 720):
            await socket.send_bytes(len(head).to_bytes(2, "big") + head + self.sound[start : start + 720])
        await socket.send_str("X-RequestId:1\r\nPath:turn.end\r\n\r\n{}")
        await socket.close()
        return socket

    async def list_voices(self, request: web.Request) -> web.Response:
        return web.json_response(VOICES)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    state, loop, ready = Service(), asyncio.new_event_loop(), threading.Event()

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.add_routes([web.get("/edge/v1", state.speak), web.get("/voices/list", state.list_voices)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        state.url = f"127.0.0.1:{runner.addresses[0][1]}"
        return runner

    def run() -> None:
        runner = loop.run_until_complete(serve())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    monkeypatch.setattr("edge_tts.communicate.WSS_URL", f"ws://{state.url}/edge/v1?TrustedClientToken=x")
    monkeypatch.setattr("edge_tts.voices.VOICE_LIST", f"http://{state.url}/voices/list?trustedclienttoken=x")
    yield state
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@pytest.fixture
def voice(settings: Settings) -> Iterator[EdgeVoice]:
    opened = EdgeVoice(settings)
    yield opened
    opened.close()


def say(voice: EdgeVoice, text: str, name: str = "", rate: float = 1.0, pitch: float = 1.0) -> SpeechChunk:
    [chunk] = voice.synthesize(text, voice=name, rate=rate, pitch=pitch)
    return chunk


def test_sound_and_words_come_from_the_service(service: Service, voice: EdgeVoice) -> None:
    service.words = [("Hello", 0.1, 0.4), ("there", 0.5, 0.35)]
    chunk = say(voice, "Hello there.")
    assert chunk.sample_rate == RATE
    assert len(chunk.samples) == pytest.approx(RATE, abs=3000)
    assert np.abs(chunk.samples).max() == pytest.approx(0.49, abs=0.05)
    assert chunk.phonemes is None
    assert chunk.words == (Word("Hello", 0.1, 0.5), Word("there", 0.5, 0.85))
    assert chunk.text == "Hello there."


def test_rate_pitch_and_voice_are_asked_for(service: Service, voice: EdgeVoice) -> None:
    say(voice, "Tom & <Jerry>.", "de-DE-KatjaNeural", rate=1.25, pitch=0.9)
    [ssml] = service.ssml
    assert "rate='+25%'" in ssml
    assert "pitch='-17Hz'" in ssml
    assert "(de-DE, KatjaNeural)" in ssml
    assert "Tom &amp; &lt;Jerry&gt;." in ssml


def test_the_voice_follows_the_language(service: Service, settings: Settings) -> None:
    assert len(list(speak("Hello. 你好。", settings, "edge"))) == 2
    assert "EmmaMultilingual" in service.ssml[0]
    assert "Xiaoxiao" in service.ssml[1]


def test_it_can_be_used_inside_an_event_loop(service: Service, voice: EdgeVoice) -> None:
    async def inside() -> SpeechChunk:
        return say(voice, "Hello.")

    assert len(asyncio.run(inside()).samples)


@pytest.mark.parametrize("name", ["nonsense", "zh-CN-XiaoxaoNeural"])
def test_an_unknown_voice_is_named_with_near_ones(service: Service, voice: EdgeVoice, name: str) -> None:
    service.sound = b""
    with pytest.raises(NotFoundError, match=name) as caught:
        say(voice, "Hello.", name)
    assert ("XiaoxiaoNeural" in caught.value.hint) == name.startswith("zh")


def test_no_sound_from_a_known_voice_is_a_voice_error(service: Service, voice: EdgeVoice) -> None:
    service.sound = b""
    with pytest.raises(VoiceError, match="gave no sound"):
        say(voice, "Hello.")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_refuses_is_a_voice_error(service: Service, voice: EdgeVoice, status: int) -> None:
    service.status = status
    with pytest.raises(VoiceError, match=str(status)) as caught:
        say(voice, "Hello.")
    assert caught.value.retryable


def test_no_service_is_a_voice_error(voice: EdgeVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_tts.communicate.WSS_URL", "ws://127.0.0.1:9/edge?x=1")
    with pytest.raises(VoiceError, match="ClientConnectorError") as caught:
        say(voice, "Hello.")
    assert caught.value.retryable
    assert "ssl" not in caught.value.message


def test_sound_that_cannot_be_decoded_is_a_voice_error() -> None:
    with pytest.raises(VoiceError, match="cannot be read"):
        speech([{"type": "audio", "data": b"\0" * 500}], "Hello.")


def test_voices_are_listed(service: Service, voice: EdgeVoice) -> None:
    assert [(info.name, info.language, info.gender) for info in voice.voices()] == [
        ("en-US-EmmaMultilingualNeural", "en-US", "female"),
        ("zh-CN-XiaoxiaoNeural", "zh-CN", "female"),
    ]


def test_offline_it_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="offline"):
        EdgeVoice(settings.model_copy(update={"offline": True}))
