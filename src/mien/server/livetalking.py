"""LiveTalking's routes, so that front ends made for it work here (its commit a5a77f4, 2026-07-19).

Errors are HTTP 200 with `{"code": -1, "msg": …}`, as there. What there names a path or an address on the server is never opened here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from mien import plugins
from mien.errors import BusyError, MienError, NotFoundError, UsageError
from mien.live.request import Say, SessionRequest
from mien.server import sse
from mien.server.aliases import Aliases
from mien.server.limits import media_type
from mien.server.models import Offer
from mien.server.state import Configured, Manager

if TYPE_CHECKING:
    from mien.live.events import Event
    from mien.live.manager import LiveManager
    from mien.live.session import LiveSession

logger = logging.getLogger(__name__)

_VOICE = re.compile(r"[\w.-]{1,50}(:[\w.+-]{1,150})?")
_FIRST_CLIP = 2
"""Of `audiotype`: 0 is the usual picture, 1 the idle one, clips follow."""

_LOOK_S = 1.0

_PRIVATE = ("_dir", "_url", "_username", "_prompt")
"""Ends of names of settings that are nobody's business, besides those that are kept out of `repr`."""


def ok(data: Any = None) -> JSONResponse:
    return JSONResponse({"code": 0, "msg": "ok"} | ({} if data is None else {"data": data}))


def fail(message: str, code: int = -1) -> JSONResponse:
    return JSONResponse({"code": code, "msg": message})


class EnvelopeRoute(APIRoute):
    """Every error is HTTP 200 with an envelope, but for a body that is too large."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def enveloped(request: Request) -> Response:
            try:
                return await handler(request)
            except MienError as error:
                return fail(f"{error.message} {error.hint}".strip())
            except ValidationError as error:
                first = error.errors()[0]
                return fail(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")
            except HTTPException:
                raise
            except Exception:
                logger.exception("request_crashed", extra={"path": request.url.path})
                return fail("Something went wrong inside Mien.")

        return enveloped


router = APIRouter(route_class=EnvelopeRoute, include_in_schema=False)


@router.post("/offer")
async def offer(request: Request, manager: Manager) -> Response:
    """A new session, connected at once. The client sends no candidates later, and the answer has all of ours."""
    fields = await _json(request)
    wanted = Offer(sdp=fields.get("sdp", ""), type=fields.get("type", ""))
    asked = _session_request(fields)
    try:
        session = await manager.create(asked)
    except BusyError:
        limit = manager.capacity["limit"]
        return fail(f"Maximum session limit reached ({len(manager.list())}/{limit})")
    try:
        _, answer = await session.offer(wanted.sdp)
    except BaseException:
        await manager.end(session.id, "no_peer")
        raise
    tasks: set[asyncio.Task[None]] = request.app.state.tasks
    task = asyncio.create_task(_end_with_client(manager, session))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return JSONResponse({"sdp": answer, "type": "answer", "sessionid": _aliases(request).add(session.id)})


@router.post("/human")
async def human(request: Request, manager: Manager) -> Response:
    fields = await _json(request)
    session = _session(request, manager, fields.get("sessionid"))
    _check_voice(fields.get("tts"), session)
    kind = fields.get("type")
    if kind in ("echo", "chat"):
        said = Say(text=fields.get("text", ""), mode=kind, when="interrupt" if fields.get("interrupt") else "queue")
        await session.say(said.text, said.mode, said.when)
    elif fields.get("interrupt"):
        await session.interrupt()
    return ok()


@router.post("/humanaudio")
async def human_audio(request: Request, manager: Manager) -> Response:
    if media_type(request) != "multipart/form-data":
        raise UsageError(
            "The recording is not sent as a form.", hint="Send multipart/form-data with sessionid and file."
        )
    async with request.form(max_files=1, max_fields=10) as form:
        session = _session(request, manager, form.get("sessionid"))
        file = form.get("file")
        if file is None or isinstance(file, str):
            raise UsageError("The form has no file.", hint="Send multipart/form-data with sessionid and file.")
        await session.play(await file.read(), "queue")
    return ok()


@router.post("/interrupt_talk")
async def interrupt_talk(request: Request, manager: Manager) -> Response:
    await _session(request, manager, (await _json(request)).get("sessionid")).interrupt()
    return ok()


@router.post("/is_speaking")
async def is_speaking(request: Request, manager: Manager) -> Response:
    return ok(_session(request, manager, (await _json(request)).get("sessionid")).info().speaking)


@router.post("/set_audiotype")
async def set_audiotype(request: Request, manager: Manager) -> Response:
    """The movement of that number; as there, one that does not exist is no error."""
    fields = await _json(request)
    session = _session(request, manager, fields.get("sessionid"))
    number = fields.get("audiotype")
    if not isinstance(number, int):
        raise UsageError(
            "audiotype is not a whole number.", hint="0 and 1: no movement; 2 and up: the movements in order."
        )
    actions = session.info().actions
    if 0 <= number - _FIRST_CLIP < len(actions):
        session.act(actions[number - _FIRST_CLIP])
    return ok()


@router.post("/record")
async def record(request: Request, manager: Manager) -> Response:
    fields = await _json(request)
    session = _session(request, manager, fields.get("sessionid"))
    if fields.get("type") == "start_record":
        session.start_recording()
    elif fields.get("type") == "end_record":
        await session.stop_recording()
    return ok()


@router.get("/record/{sessionid}")
async def get_record(sessionid: str, request: Request, manager: Manager) -> Response:
    try:
        path = manager.recording(_aliases(request).resolve(sessionid))
    except NotFoundError:
        return PlainTextResponse("Record not found", 404)
    return FileResponse(path, media_type="video/mp4")


@router.get("/sse")
async def events(request: Request, manager: Manager) -> Response:
    """Beginning and end of each sentence."""
    session = _session(request, manager, request.query_params.get("sessionid"))
    return sse.response(session.events, None, _Sentences().encode)


@router.get("/api/admin/config")
async def admin_config(settings: Configured) -> Response:
    """The settings, without secrets, paths and addresses."""
    shown = {
        name
        for name, field in type(settings).model_fields.items()
        if field.repr is not False and not name.endswith(_PRIVATE)
    }
    return ok({"config": settings.model_dump(mode="json", include=shown)})


@router.get("/api/admin/sessions")
async def admin_sessions(request: Request, manager: Manager) -> Response:
    return ok({"sessions": [_listed(session, _aliases(request)) for session in manager.list()]})


@router.post("/api/avatar/task")
async def create_task() -> Response:
    return fail("Avatars are made by POST /api/v1/avatars, from a picture, and /api/v1/train, from a video; not here.")


@router.get("/api/avatar/task/{task_id}")
@router.delete("/api/avatar/task/{task_id}")
async def get_task(task_id: str) -> Response:
    return fail("Task not found", 404)


@router.get("/api/avatar/tasks")
async def list_tasks() -> Response:
    return ok({"tasks": []})


@router.get("/api/asr")
async def asr() -> Response:
    return fail("Speech is recognised from the microphone of the WebRTC connection, not here.")


@router.websocket("/api/asr")
async def asr_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_json({"code": -1, "msg": "Speech is recognised from the microphone of the WebRTC connection."})
    await socket.close(1008)


async def _end_with_client(manager: LiveManager, session: LiveSession) -> None:
    """There is one client to a session, and it comes back as another one: what it left is not kept for it."""
    while session.watchers:
        await asyncio.sleep(_LOOK_S)
    with contextlib.suppress(NotFoundError):
        await manager.end(session.id, "no_peer")


class _Sentences:
    """Our events as theirs: a sentence ends when the next begins or the turn is done."""

    def __init__(self) -> None:
        self._open = ""

    def encode(self, event: Event) -> str:
        text = ""
        if event.kind in ("avatar_text", "avatar_done", "closed") and self._open:
            text += self._line("end", self._open)
            self._open = ""
        if event.kind == "avatar_text":
            self._open = str(event.data["text"])
            text += self._line("start", self._open)
        return text

    @staticmethod
    def _line(status: str, text: str) -> str:
        return f"data: {json.dumps({'status': status, 'text': text}, ensure_ascii=False)}\n\n"


async def _json(request: Request) -> dict[str, Any]:
    try:
        fields = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise UsageError("The body is not JSON.") from error
    if not isinstance(fields, dict):
        raise UsageError("The body is not a JSON object.")
    return fields


def _aliases(request: Request) -> Aliases:
    return request.app.state.aliases


def _session(request: Request, manager: LiveManager, given: object) -> LiveSession:
    return manager.get(_aliases(request).resolve(str(given)))


def _session_request(fields: dict[str, Any]) -> SessionRequest:
    """What their offer asks for. `refaudio` there is a voice's name or a file; here only a voice.

    Raises:
        UsageError: it names a file or clips on the server.
    """
    if fields.get("custom_config") and json.dumps(fields["custom_config"]) not in ('"[]"', "[]", '"{}"'):
        raise UsageError("custom_config names files on the server, which are not opened.", hint="Use /set_audiotype.")
    chosen: dict[str, Any] = {}
    if fields.get("avatar"):
        chosen["avatar"] = fields["avatar"]
    if fields.get("refaudio"):
        chosen["voice"] = _voice(fields["refaudio"])
    return SessionRequest(**chosen)


def _voice(given: object) -> str:
    if isinstance(given, str) and _VOICE.fullmatch(given) and given.partition(":")[0] in plugins.names(plugins.VOICES):
        return given
    raise UsageError(
        f"{str(given)[:100]!r} is not a voice.", hint="ENGINE or ENGINE:NAME, as `mien voices` lists them."
    )


def _check_voice(tts: object, session: LiveSession) -> None:
    """A session keeps its voice: naming another for one sentence is an error."""
    named = tts.get("ref_file") if isinstance(tts, dict) else None
    if named and _voice(named) != session.info().voice:
        raise UsageError("A session's voice cannot change.", hint="Name it as `refaudio` of /offer.")


def _listed(session: LiveSession, aliases: Aliases) -> dict[str, Any]:
    info = session.info()
    return {
        "sessionid": aliases.of(session.id),
        "speaking": info.speaking,
        "recording": info.recording,
        "model": info.engine,
        "avatar_id": info.avatar,
        "REF_FILE": info.voice,
        "transport": "webrtc",
        "batch_size": 1,
        "customopt": [],
    }
