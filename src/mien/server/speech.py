"""`/v1/audio/speech` and `/v1/models`, as OpenAI's API has them: programs that know it speak with Mien's voices.

Source: https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from mien import plugins
from mien.errors import MienError, NotFoundError
from mien.server.errors import ProblemResponse, of_http, of_mien, of_validation, problems
from mien.server.limits import JsonRoute
from mien.server.speaking import Speaking
from mien.server.state import Configured
from mien.settings import Settings

_OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""Stand for the voice of the settings."""

_OPENAI_VOICES = frozenset(
    {
        *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer"),
        "verse",
    }
)
"""Stand for an engine's usual voice for the text's language: programs send them because they must send something."""

_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


class _Route(JsonRoute):
    """Errors are problem JSON that also holds `error`, as OpenAI's clients expect it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except MienError as error:
                return _as_openai(of_mien(error))
            except RequestValidationError as error:
                return _as_openai(of_validation(error), _parameter(error))
            except HTTPException as error:
                return _as_openai(of_http(error))

        return answered


router = APIRouter(prefix="/v1", tags=["openai"], responses=problems(), route_class=_Route)


class NamedVoice(BaseModel):
    """A voice by its id."""

    id: str = Field(min_length=1, max_length=200)


class SpeechRequest(BaseModel):
    """What shall be said, and how; fields that only OpenAI knows are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: str = Field(
        min_length=1, max_length=100, description="A speech engine, as GET /v1/models lists them, or one of OpenAI's."
    )
    input: str = Field(min_length=1, max_length=4096, description="The text.")
    voice: str | NamedVoice = Field(
        default="alloy",
        description="A voice of that engine, ENGINE:NAME, or one of OpenAI's names: the usual voice for the text's language.",
    )
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = Field(
        default="mp3", description="opus: in Ogg; aac: ADTS; pcm: 24 kHz, 16 bit, little-endian, mono."
    )
    speed: float = Field(
        default=1.0, ge=0.25, le=4.0, description="Factor on the voice's speed; voices go from 0.5 to 2."
    )
    stream_format: Literal["audio"] = Field(default="audio", description="Of events there are none.")


class Model(BaseModel):
    """A speech engine."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="Not known.")
    owned_by: str = "mien"


class Models(BaseModel):
    """What `model` may be."""

    object: Literal["list"] = "list"
    data: list[Model]


@router.get("/models")
def list_models() -> Models:
    """The speech engines that can be used, and the names of OpenAI's that stand for the usual voice."""
    engines = (plugins.spec(plugins.VOICES, name) for name in plugins.names(plugins.VOICES))
    return Models(
        data=[Model(id=name) for name in (*(one.name for one in engines if not one.missing()), *_OPENAI_MODELS)]
    )


@router.post(
    "/audio/speech",
    response_class=Response,
    responses={
        **problems(404, 413, 415, 501, 502, 503),
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _TYPES.values()}},
    },
)
async def create_speech(request: Request, settings: Configured, wanted: SpeechRequest) -> Response:
    """Says a text; the sound is sent while it is spoken."""
    speaking: Speaking = request.app.state.speaking
    named = wanted.voice if isinstance(wanted.voice, str) else wanted.voice.id
    voice = _voice(settings, wanted.model.strip(), named.strip())
    async with AsyncExitStack() as stack:
        pieces = await stack.enter_async_context(
            speaking.stream(settings, voice, wanted.input, wanted.response_format, wanted.speed)
        )
        return _Stream(pieces, stack.pop_all(), media_type=_TYPES[wanted.response_format])


class _Stream(StreamingResponse):
    """A stream that ends what it comes from, also when nobody wants to read it to its end."""

    def __init__(self, content: Any, source: AsyncExitStack, media_type: str) -> None:
        super().__init__(content, media_type=media_type)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._source:
            await super().__call__(scope, receive, send)


def _voice(settings: Settings, model: str, voice: str) -> str:
    """ENGINE:NAME of a model and a voice.

    Raises:
        NotFoundError: there is no such model.
    """
    engines = plugins.names(plugins.VOICES)
    if voice.partition(":")[0] in engines:
        return voice
    usual = settings.voice.partition(":")[0].strip()
    if model not in engines and model not in _OPENAI_MODELS:
        raise NotFoundError(
            f"There is no model {model!r}.", hint=f"Known are: {', '.join((*engines, *_OPENAI_MODELS))}."
        )
    engine = model if model in engines else usual
    if engine == "openai":
        # The other server knows these names itself.
        return f"openai:{voice}" if model == "openai" else f"openai:{model}/{voice}"
    if voice.lower() in _OPENAI_VOICES or not voice:
        return settings.voice if engine == usual else engine
    return f"{engine}:{voice}"


def _as_openai(response: ProblemResponse, parameter: str | None = None) -> ProblemResponse:
    problem = json.loads(bytes(response.body))
    status = response.status_code
    error = {
        "message": f"{problem['detail']} {problem['hint']}".strip(),
        "type": "server_error" if status >= 500 else "invalid_request_error",
        "param": parameter,
        "code": problem["code"],
    }
    headers = {
        name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")
    }
    return ProblemResponse({**problem, "error": error}, status, headers=headers)


def _parameter(error: RequestValidationError) -> str | None:
    names = [part for part in error.errors()[0]["loc"] if isinstance(part, str) and part != "body"]
    return names[0] if names else None
