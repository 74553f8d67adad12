"""Speech for programs that know OpenAI's API."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
from collections.abc import Iterator
from typing import Any

import av
import httpx
import numpy as np
import openai
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.server.conftest import HERE, eventually

from mien.errors import BusyError, NotFoundError
from mien.live.manager import LiveManager
from mien.server.app import create_app
from mien.server.speaking import Speaking
from mien.server.speech import _voice
from mien.settings import Settings

SPEECH = "/v1/audio/speech"
FORMATS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav"}
TEXT = "Hello there. This is the second sentence. 你好，很高兴认识你。"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("speech")
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True)
    return create_app(settings, manager=LiveManager(settings))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=HERE, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    """The application behind a real server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def program(url: str) -> Iterator[openai.OpenAI]:
    """OpenAI's own client."""
    with openai.OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=0) as client:
        yield client


def seconds(data: bytes, container_format: str) -> float:
    with av.open(io.BytesIO(data), "r", format=container_format) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def body(**changed: Any) -> dict[str, Any]:
    return {"model": "tts-1", "voice": "alloy", "input": "Hello."} | changed


@pytest.mark.parametrize("format", FORMATS)
def test_openais_client_gets_each_format(program: openai.OpenAI, format: Any):
    sound = program.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format=format).content
    assert 5 < seconds(sound, FORMATS[format]) < 10


def test_pcm_is_what_openai_says_it_is(program: openai.OpenAI):
    sound = program.audio.speech.create(model="espeak", voice="en-us", input=TEXT, response_format="pcm").content
    samples = np.frombuffer(sound, "<i2")
    assert 5 < len(samples) / 24_000 < 10
    assert 2000 < np.abs(samples).max() < 32_767


def test_it_is_sent_while_it_is_spoken(program: openai.OpenAI):
    text = " ".join(f"This is sentence number {number}." for number in range(40))
    with program.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=text, response_format="pcm"
    ) as response:
        assert response.headers["transfer-encoding"] == "chunked"
        assert response.headers["content-type"] == "audio/pcm"
        pieces = [len(piece) for piece in response.iter_bytes()]
    assert len(pieces) > 10


def test_speed_goes_as_far_as_the_voice_does(client: TestClient):
    def length(speed: float) -> int:
        return len(client.post(SPEECH, json=body(response_format="pcm", speed=speed)).content)

    assert length(4) == length(2) < length(1) < length(0.5) == length(0.25)


def test_the_models_are_the_speech_engines(program: openai.OpenAI):
    names = [model.id for model in program.models.list()]
    assert {"espeak", "tts-1"} <= set(names)


@pytest.mark.parametrize(
    ("usual", "model", "voice", "spoken_by"),
    [
        ("espeak", "tts-1", "alloy", "espeak"),
        ("espeak:cmn", "tts-1-hd", "nova", "espeak:cmn"),
        ("espeak:cmn", "espeak", "nova", "espeak:cmn"),
        ("espeak", "piper", "alloy", "piper"),
        ("espeak", "tts-1", "en-us+f3", "espeak:en-us+f3"),
        ("espeak", "piper", "en_US-x", "piper:en_US-x"),
        ("espeak", "tts-1", "piper:en_US-x", "piper:en_US-x"),
        ("openai:verse", "tts-1", "alloy", "openai:tts-1/alloy"),
        ("espeak", "openai", "alloy", "openai:alloy"),
        ("espeak", "tts-1", "../../x", "espeak:../../x"),
    ],
)
def test_which_voice_speaks(usual: str, model: str, voice: str, spoken_by: str):
    assert _voice(Settings(voice=usual), model, voice) == spoken_by


@pytest.mark.parametrize(
    ("wrong", "status", "parameter"),
    [
        ({"model": "nobody"}, 404, None),
        ({"model": ""}, 422, "model"),
        ({"voice": "nobody-at-all"}, 404, None),
        ({"voice": "../../etc/passwd"}, 404, None),
        ({"voice": "espeak:../../etc/passwd"}, 404, None),
        ({"voice": "en\0us"}, 404, None),
        ({"voice": 7}, 422, "voice"),
        ({"input": ""}, 422, "input"),
        ({"input": "…!"}, 422, None),
        ({"input": "\0"}, 422, None),
        ({"input": "x" * 4097}, 422, "input"),
        ({"input": ["x"]}, 422, "input"),
        ({"response_format": "exe"}, 422, "response_format"),
        ({"speed": 0}, 422, "speed"),
        ({"stream_format": "sse"}, 422, "stream_format"),
        ({"model": "piper"}, 404, None),
        ({"model": "edge"}, 400, None),
    ],
)
def test_errors_are_understood_by_both_kinds_of_programs(
    client: TestClient, wrong: dict[str, Any], status: int, parameter: str | None
):
    answer = client.post(SPEECH, json=body(**wrong))
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["status"] == status
    assert problem["error"]["message"].startswith(problem["detail"])
    assert problem["error"]["param"] == parameter
    assert problem["error"]["code"] == problem["code"]
    assert problem["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"model":"tts-1","voice":"alloy","input":"\\ud800"}', "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"model":"tts-1","input":"x"}', "text/plain", 415),
        (b"x" * (2 << 20), "application/json", 413),
    ],
)
def test_bodies_that_are_none(client: TestClient, content: bytes, kind: str, status: int):
    answer = client.post(SPEECH, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text


def test_openais_client_raises_its_own_errors(program: openai.OpenAI):
    with pytest.raises(openai.NotFoundError, match="no model 'nobody'") as raised:
        program.audio.speech.create(model="nobody", voice="alloy", input="x")
    assert raised.value.code == "not_found"


def test_a_token_is_asked_for_as_everywhere(tmp_path: Any):
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", server_token="secret-token")
    client = TestClient(create_app(settings, manager=LiveManager(settings)), base_url=HERE)
    assert client.post(SPEECH, json=body()).status_code == 401
    assert client.post(SPEECH, json=body(), headers={"Authorization": "Bearer secret-token"}).status_code == 200


def test_who_leaves_in_the_middle_frees_the_voice(app: FastAPI, url: str):
    room = app.state.speaking._room
    free = room._value
    text = " ".join(f"This is the long sentence number {number}, and it goes on." for number in range(60))
    for _ in range(3):
        with httpx.stream("POST", f"{url}{SPEECH}", json=body(input=text, response_format="wav")) as response:
            next(response.iter_bytes())
            assert room._value == free - 1
        eventually(lambda: room._value == free)


def test_too_many_at_once_are_told_to_come_again(app: FastAPI):
    async def main() -> None:
        speaking = Speaking(streams=1, patience_s=0.05)
        settings = app.state.settings
        async with speaking.stream(settings, "espeak", "Hello.", "pcm") as first:
            with pytest.raises(BusyError):
                async with speaking.stream(settings, "espeak", "Hello.", "pcm"):
                    pass
            assert [piece async for piece in first]
        async with speaking.stream(settings, "espeak", "Hello.", "pcm") as second:
            assert await anext(second)

    asyncio.run(main())


def test_a_voice_that_cannot_speak_keeps_no_place(app: FastAPI):
    async def main() -> None:
        speaking = Speaking(streams=1, patience_s=0.05)
        for _ in range(3):
            with pytest.raises(NotFoundError, match="nobody"):
                async with speaking.stream(app.state.settings, "espeak:nobody", "Hello.", "pcm"):
                    pass
        async with speaking.stream(app.state.settings, "espeak", "Hello.", "pcm") as pieces:
            assert [piece async for piece in pieces]

    asyncio.run(main())
