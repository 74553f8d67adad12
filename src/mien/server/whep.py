"""WHEP (draft-ietf-wish-whep): any player of it watches a session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from mien.errors import InputError, UsageError
from mien.live.request import SessionRequest
from mien.server.errors import problems
from mien.server.limits import media_type, unsupported
from mien.server.state import Manager, Session

if TYPE_CHECKING:
    from mien.live.manager import LiveManager
    from mien.live.session import LiveSession

router = APIRouter(prefix="/whep", tags=["whep"], responses=problems(404, 413, 415))

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"

_TEXT = {"schema": {"type": "string"}}


class NewSessionQuery(BaseModel):
    """What a player's address may name of a session that begins with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    avatar: str = Field(default="", max_length=100, description="Name of a stored or built-in avatar.")
    voice: str = Field(default="", max_length=200, description="ENGINE or ENGINE:NAME.")
    greeting: str = Field(default="", max_length=2000, description="What the avatar says when the player comes.")
    token: str = Field(default="", description="The server's, for players that can send no header.")


_OFFER: dict[str, Any] = {
    "status_code": 201,
    "response_class": Response,
    "responses": {201: {"content": {SDP: _TEXT}}, **problems(503)},
    "openapi_extra": {"requestBody": {"required": True, "content": {SDP: _TEXT}}},
}


@router.options("", status_code=204, include_in_schema=False)
@router.options("/{session_id}", status_code=204, include_in_schema=False)
@router.options("/{session_id}/{peer_id}", status_code=204, include_in_schema=False)
async def preflight() -> Response:
    """What a player may send; what a browser asks for a page elsewhere is answered by `mien.server.headers`."""
    return Response(status_code=204, headers={"Accept-Post": SDP, "Accept-Patch": FRAGMENT})


@router.post("", **_OFFER)
async def watch_new_session(
    manager: Manager, request: Request, wanted: Annotated[NewSessionQuery, Query()]
) -> Response:
    """Begins a session and connects a player to it, in one address that never changes; it ends some time after the player left."""
    offer = await _offer(request)
    session = await manager.create(SessionRequest(**wanted.model_dump(exclude={"token"}, exclude_defaults=True)))
    try:
        return await _connect(session, manager, offer)
    except BaseException:
        await manager.end(session.id, "no_peer")
        raise


@router.post("/{session_id}", **_OFFER)
async def watch_session(session: Session, manager: Manager, request: Request) -> Response:
    """Connects a player: its SDP offer is answered; `Location` is where it sends candidates, and DELETE when it leaves."""
    return await _connect(session, manager, await _offer(request))


@router.patch(
    "/{session_id}/{peer_id}",
    status_code=204,
    responses=problems(412),
    openapi_extra={"requestBody": {"required": True, "content": {FRAGMENT: _TEXT}}},
)
async def add_player_candidates(session: Session, peer_id: str, request: Request) -> Response:
    """Addresses of the player that it found after its offer."""
    if media_type(request) != FRAGMENT:
        raise unsupported(request, FRAGMENT)
    match = request.headers.get("if-match")
    if match == "*":
        raise InputError("ICE cannot be restarted.", hint="Connect anew with POST.")
    if match not in (None, _etag(peer_id)):
        raise HTTPException(412, "If-Match is not the ETag of this connection.")
    for one in read_fragment(_text(await request.body())):
        await session.candidate(peer_id, one.candidate, one.mid, one.index)
    return Response(status_code=204, headers={"ETag": _etag(peer_id)})


@router.delete("/{session_id}/{peer_id}")
async def leave_session(session: Session, peer_id: str) -> Response:
    """Disconnects a player."""
    await session.hang_up(peer_id)
    return Response(status_code=200)


async def _offer(request: Request) -> str:
    if media_type(request) != SDP:
        raise unsupported(request, SDP)
    return _text(await request.body())


async def _connect(session: LiveSession, manager: LiveManager, offer: str) -> Response:
    peer_id, answer = await session.offer(offer, viewer=True)
    response = Response(answer, 201, media_type=SDP)
    response.headers["Location"] = f"/whep/{session.id}/{peer_id}"
    response.headers["ETag"] = _etag(peer_id)
    response.headers["Accept-Patch"] = FRAGMENT
    for link in _links(manager.ice_servers()):
        response.headers.append("Link", link)
    return response


@dataclass(frozen=True, slots=True)
class FragmentCandidate:
    """A candidate, the name of its m-line and its number, where they are known."""

    candidate: str
    mid: str | None
    index: int | None


def read_fragment(text: str) -> Iterator[FragmentCandidate]:
    """The candidates of an SDP fragment (RFC 8840)."""
    mid: str | None = None
    index = -1
    for line in text.splitlines()[:1000]:
        if line.startswith("m="):
            mid, index = None, index + 1
        elif line.startswith("a=mid:"):
            mid = line.removeprefix("a=mid:").strip()
        elif line.startswith("a=candidate:"):
            yield FragmentCandidate(line.removeprefix("a=").strip(), mid, index if index >= 0 else None)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise UsageError("The SDP is not text in UTF-8.", hint="Send it as the player made it.") from error


def _etag(peer_id: str) -> str:
    """Of the one ICE session that a peer has."""
    return f'"{peer_id}"'


def _links(servers: list[dict[str, Any]]) -> Iterator[str]:
    for server in servers:
        urls = server["urls"]
        for url in [urls] if isinstance(urls, str) else urls:
            link = f'<{url}>; rel="ice-server"'
            if server.get("username"):
                link += f'; username="{server["username"]}"; credential="{server["credential"]}"'
                link += '; credential-type="password"'
            yield link
