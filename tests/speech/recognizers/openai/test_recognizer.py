"""The openai recogniser against a real HTTP server on this machine."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
import pytest

from mien.errors import RecognizerError, SettingsError, UsageError
from mien.settings import Settings
from mien.speech import Listener
from mien.speech.recognizers.openai.recognizer import OpenaiRecognizer
from mien.types import SAMPLE_RATE

KEY = "sk-very-secret-0123456789"
SOUND = np.linspace(-1, 1, SAMPLE_RATE // 2, dtype=np.float32)
Answer = Callable[[BaseHTTPRequestHandler], None]


def sends(body: str | bytes, status: int = 200) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        data = body.encode() if isinstance(body, str) else body
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


@dataclass
class Server:
    """What the server answers, and what it was asked."""

    url: str = ""
    answer: Answer = field(default_factory=lambda: sends('{"text": " Hello\\n there. "}'))
    paths: list[str] = field(default_factory=list)
    forms: list[dict[str, Message]] = field(default_factory=list)
    authorization: str | None = None


def form_of(content_type: str, body: bytes) -> dict[str, Message]:
    parts = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body).get_payload()
    assert isinstance(parts, list)
    return {
        str(part.get_param("name", header="content-disposition")): part for part in parts if isinstance(part, Message)
    }


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.paths.append(self.path)
            state.forms.append(form_of(self.headers["Content-Type"], body))
            state.authorization = self.headers["Authorization"]
            state.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    state.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def configured(server: Server, settings: Settings) -> Settings:
    return settings.model_copy(update={"recognizer_base_url": server.url, "recognizer_api_key": KEY})


def understood(settings: Settings, model: str = "", language: str = "") -> str:
    recognition = OpenaiRecognizer(settings, model, httpx.Timeout(0.5)).recognize(language)
    assert recognition.push(SOUND) == ""
    return recognition.finish()


def test_the_sound_is_sent_as_wav_with_model_and_language(server: Server, configured: Settings):
    assert understood(configured, "large", "zh-CN") == "Hello there."
    assert server.paths == ["/v1/audio/transcriptions"]
    assert server.authorization == f"Bearer {KEY}"
    (form,) = server.forms
    fields = {name: part.get_payload() for name, part in form.items() if name != "file"}
    assert fields == {"model": "large", "language": "zh", "response_format": "json"}
    sound = form["file"].get_payload(decode=True)
    assert isinstance(sound, bytes)
    with wave.open(io.BytesIO(sound)) as file:
        assert file.getparams()[:4] == (1, 2, SAMPLE_RATE, len(SOUND))
        samples = np.frombuffer(file.readframes(len(SOUND)), "<i2")
    np.testing.assert_allclose(samples / 32767, SOUND, atol=1e-4)


def test_without_sound_or_interest_nothing_is_sent(server: Server, configured: Settings):
    recognizer = OpenaiRecognizer(configured, "")
    assert recognizer.recognize().finish() == ""
    recognizer.recognize().cancel()
    assert not server.paths


def test_without_a_language_the_server_finds_it(server: Server, configured: Settings):
    understood(configured)
    assert "language" not in server.forms[0]
    assert server.forms[0]["model"].get_payload() == "whisper-1"


@pytest.mark.parametrize(
    ("status", "hint", "retryable"),
    [
        (401, "MIEN_RECOGNIZER_API_KEY", False),
        (404, "model", False),
        (429, "limits", True),
        (503, "later", True),
    ],
)
def test_a_refusal_says_what_to_do(
    server: Server, configured: Settings, caplog: pytest.LogCaptureFixture, status: int, hint: str, retryable: bool
):
    server.answer = sends(json.dumps({"error": f"not with {KEY}"}), status)
    with caplog.at_level(logging.DEBUG), pytest.raises(RecognizerError, match=str(status)) as caught:
        understood(configured)
    assert hint in caught.value.hint
    assert caught.value.retryable == retryable
    assert KEY not in caught.value.message + caplog.text


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"text": 3}', '{"words": []}', b"\xff\xfe"])
def test_an_answer_without_a_transcript_is_an_error(server: Server, configured: Settings, body: str | bytes):
    server.answer = sends(body)
    with pytest.raises(RecognizerError, match="no transcript"):
        understood(configured)


def test_an_answer_that_does_not_end_is_cut_off(server: Server, configured: Settings):
    server.answer = sends(b" " * (2 << 20))
    with pytest.raises(RecognizerError, match="did not end"):
        understood(configured)


def test_a_server_that_says_nothing_is_not_waited_for(server: Server, configured: Settings):
    silent = threading.Event()

    def says_nothing(_: BaseHTTPRequestHandler) -> None:
        silent.wait(5)

    server.answer = says_nothing
    with pytest.raises(RecognizerError, match="ReadTimeout") as caught:
        understood(configured)
    silent.set()
    assert caught.value.retryable


def test_a_server_that_is_not_there(settings: Settings):
    with pytest.raises(RecognizerError, match="ConnectError"):
        understood(settings.model_copy(update={"recognizer_base_url": "http://127.0.0.1:9/v1"}))


@pytest.mark.parametrize("url", ["", "ftp://host/v1", "host", "http://"])
def test_an_address_that_is_none(settings: Settings, url: str):
    with pytest.raises(SettingsError, match="not a web address"):
        OpenaiRecognizer(settings.model_copy(update={"recognizer_base_url": url}), "")


def test_offline_nothing_leaves_the_machine(settings: Settings):
    with pytest.raises(UsageError, match="set to be offline"):
        OpenaiRecognizer(settings.model_copy(update={"offline": True}), "")
    local = {"offline": True, "recognizer_base_url": "http://localhost:1/v1"}
    OpenaiRecognizer(settings.model_copy(update=local), "")


def test_a_slow_answer_to_one_user_does_not_hold_up_another(server: Server, configured: Settings):
    slow = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        first = len(server.paths) == 1
        if first:
            slow.wait(10)
        sends(json.dumps({"text": "first" if first else "second"}))(handler)

    async def run() -> tuple[str, str]:
        listener = Listener(configured, "openai")
        await listener.start()
        one, other = listener.recognize(), listener.recognize()
        one.push(SOUND)
        other.push(SOUND)
        waiting = asyncio.create_task(one.finish())
        while not server.paths:
            await asyncio.sleep(0.01)
        second = await other.finish()
        slow.set()
        first = await waiting
        await listener.close()
        return first, second

    server.answer = answer
    assert asyncio.run(run()) == ("first", "second")
