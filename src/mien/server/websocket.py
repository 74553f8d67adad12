"""A session over one WebSocket, for networks that let no WebRTC through.

First a hello as JSON text, then the stream as binary messages. The client sends its microphone as binary messages, int16 little-endian
mono at 16 kHz, and requests as JSON text. Each side closes if it hears nothing of the other for 30 s; a ping comes every 10 s.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mien.errors import InputError, MienError
from mien.live.request import Say
from mien.server.models import Action
from mien.server.state import Session

if TYPE_CHECKING:
    from mien.live.session import LiveSession

logger = logging.getLogger(__name__)

router = APIRouter()

SILENCE_S = 30.0
PING_S = 10.0
MAX_SOUND_BYTES = 64_000
"""Two seconds; a microphone sends a few hundredths at a time."""

_NORMAL, _GOING_AWAY, _BAD_DATA, _TRY_LATER = 1000, 1001, 1007, 1013


class _Say(Say):
    type: Literal["say"]


class _Act(Action):
    type: Literal["action"]


class _Plain(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["interrupt", "ping", "pong"]


_REQUEST: TypeAdapter[_Say | _Act | _Plain] = TypeAdapter(_Say | _Act | _Plain)


class Hello(BaseModel):
    """The first message."""

    type: Literal["hello"] = "hello"
    mime: str
    fps: float
    size: tuple[int, int] = Field(description="Width, height.")
    sound_rate: int = Field(description="Hz.")


@router.websocket("/api/v1/live/sessions/{session_id}/ws")
async def watch(socket: WebSocket, session: Session, format: Literal["mp4", "jpeg"] = "mp4") -> None:
    await socket.accept()
    try:
        sink = await session.stream(format)
    except MienError as error:
        await socket.send_json({"type": "error", **error.as_dict()})
        await socket.close(_TRY_LATER if error.retryable else _NORMAL)
        return
    try:
        await socket.send_text(_hello(session, sink.mime).model_dump_json())
        code = await _until_one_ends(_give(socket, sink), _take(socket, session), _ping(socket))
        if code is not None:
            await socket.close(code)
    except (WebSocketDisconnect, RuntimeError):
        # It has gone while something was being sent.
        logger.debug("socket_lost", extra={"session": session.id})
    finally:
        await session.end_stream(sink)


def _hello(session: LiveSession, mime: str) -> Hello:
    from mien.live.slices import OUTPUT_RATE

    info = session.info()
    return Hello(mime=mime, fps=info.fps, size=(info.width, info.height), sound_rate=OUTPUT_RATE)


async def _until_one_ends(*works: Any) -> int | None:
    """Runs them together; the first that ends, ends all.

    Returns:
        The code to close with; None if the other side has gone.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _give(socket: WebSocket, sink: Any) -> int:
    async for message in sink.messages():
        await socket.send_bytes(message)
    return _GOING_AWAY


async def _ping(socket: WebSocket) -> int:
    while True:
        await asyncio.sleep(PING_S)
        await socket.send_text('{"type":"ping"}')


async def _take(socket: WebSocket, session: LiveSession) -> int | None:
    while True:
        try:
            message = await asyncio.wait_for(socket.receive(), SILENCE_S)
        except TimeoutError:
            return _GOING_AWAY
        if message["type"] == "websocket.disconnect":
            return None
        sound = message.get("bytes")
        if sound is None:
            await _obey(socket, session, message.get("text") or "")
        elif len(sound) % 2 or len(sound) > MAX_SOUND_BYTES:
            return _BAD_DATA
        else:
            _hear(session, sound)


def _hear(session: LiveSession, sound: bytes) -> None:
    import numpy as np

    session.hear(np.frombuffer(sound, "<i2").astype(np.int16, copy=False))


async def _obey(socket: WebSocket, session: LiveSession, text: str) -> None:
    try:
        request = _REQUEST.validate_json(text)
        if isinstance(request, _Say):
            await session.say(request.text, request.mode, request.when)
        elif isinstance(request, _Act):
            session.act(request.name)
        elif request.type == "interrupt":
            await session.interrupt()
        elif request.type == "ping":
            await socket.send_text('{"type":"pong"}')
    except ValidationError:
        await _tell(socket, InputError("The message is none of say, action, interrupt, ping.", hint="Send JSON text."))
    except MienError as error:
        await _tell(socket, error)


async def _tell(socket: WebSocket, error: MienError) -> None:
    await socket.send_text(json.dumps({"type": "error", **error.as_dict()}, ensure_ascii=False))
