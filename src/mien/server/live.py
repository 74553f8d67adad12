"""`/api/v1/live`: sessions, and everything that can be asked of one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from mien.live.request import Say, SessionInfo, SessionRequest, When
from mien.server import sse
from mien.server.errors import problems
from mien.server.limits import JsonRoute, media_type, unsupported
from mien.server.models import (
    Action,
    Answer,
    Candidates,
    IceServer,
    NewSession,
    Offer,
    Record,
    Turn,
)
from mien.server.state import Manager, Session

router = APIRouter(
    prefix="/api/v1/live/sessions", tags=["live"], route_class=JsonRoute, responses=problems(404, 413, 415)
)

_BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.post("", status_code=201, response_model_exclude_none=True, responses=problems(501, 502, 503))
async def create_session(request: SessionRequest, manager: Manager, response: Response) -> NewSession:
    """Begins a session. It is ready: the avatar already moves. Connect with `offer`, WHEP or the WebSocket."""
    session = await manager.create(request)
    response.headers["Location"] = f"{router.prefix}/{session.id}"
    servers = [IceServer.model_validate(server) for server in manager.ice_servers()]
    return NewSession(**session.info().model_dump(), ice_servers=servers)


@router.get("")
async def list_sessions(manager: Manager) -> list[SessionInfo]:
    """All sessions."""
    return [session.info() for session in manager.list()]


@router.get("/{session_id}")
async def get_session(session: Session) -> SessionInfo:
    """State and metrics of a session."""
    return session.info()


@router.delete("/{session_id}", status_code=204)
async def end_session(session: Session, manager: Manager) -> None:
    """Ends a session and frees all that it holds."""
    await manager.end(session.id)


@router.post("/{session_id}/offer")
async def offer(session: Session, request: Offer) -> Answer:
    """Connects a browser: its WebRTC offer is answered."""
    peer_id, sdp = await session.offer(request.sdp)
    return Answer(peer_id=peer_id, sdp=sdp)


@router.patch("/{session_id}/offer", status_code=204)
async def add_candidates(session: Session, request: Candidates) -> None:
    """Addresses of the browser that it found after its offer."""
    for one in request.candidates:
        await session.candidate(request.peer_id, one.candidate, one.sdp_mid, one.sdp_mline_index)


@router.post("/{session_id}/say", status_code=202)
async def say(session: Session, request: Say) -> Turn:
    """Says a text, or answers it."""
    return Turn(generation=await session.say(request.text, request.mode, request.when))


@router.post(
    "/{session_id}/audio",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"audio/*": _BINARY, "video/*": _BINARY, "application/octet-stream": _BINARY},
        }
    },
)
async def play_audio(session: Session, request: Request, when: When = "interrupt") -> Turn:
    """Speaks a recording: the body, in any common format."""
    kind = media_type(request)
    if kind != "application/octet-stream" and not kind.startswith(("audio/", "video/")):
        raise unsupported(request, "audio/*", "video/*", "application/octet-stream")
    return Turn(generation=await session.play(await request.body(), when))


@router.post("/{session_id}/interrupt", status_code=204)
async def interrupt(session: Session) -> None:
    """Silences the avatar at once; what it was going to say is dropped."""
    await session.interrupt()


@router.post("/{session_id}/action", status_code=204)
async def act(session: Session, request: Action) -> None:
    """Lets the avatar make a movement."""
    session.act(request.name)


@router.post("/{session_id}/record", responses=problems(507))
async def record(session: Session, request: Record) -> SessionInfo:
    """Begins or ends the recording."""
    if request.recording:
        session.start_recording()
    else:
        await session.stop_recording()
    return session.info()


@router.get(
    "/{session_id}/recording",
    response_class=FileResponse,
    responses={200: {"content": {"video/mp4": _BINARY}}, 206: {"description": "The range that was asked for."}},
)
async def get_recording(session_id: str, manager: Manager) -> FileResponse:
    """The last recording, once it was stopped; also of a session that is over."""
    return FileResponse(manager.recording(session_id), media_type="video/mp4", filename=f"{session_id}.mp4")


@router.get(
    "/{session_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    session: Session,
    after: Annotated[
        int | None,
        Query(ge=0, description="The last event that was seen, 0 for all that are kept; without it: from now."),
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """What happens in the session, as server-sent events until it is closed. `Last-Event-ID` goes on where a reader was cut off."""
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    return sse.response(session.events, seen)
