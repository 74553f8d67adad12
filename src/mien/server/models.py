"""What goes in and out over HTTP, beyond what `mien.live.request` defines."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from mien.live.request import SessionInfo

MAX_SDP = 200_000


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class IceServer(BaseModel):
    """A STUN or TURN server, as `RTCPeerConnection` takes it."""

    urls: str | list[str]
    username: str | None = None
    credential: str | None = None


class NewSession(SessionInfo):
    """A session that has just begun."""

    ice_servers: list[IceServer]


class Offer(BaseModel):
    """A browser's offer, as `RTCPeerConnection.localDescription` gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sdp: str = Field(min_length=1, max_length=MAX_SDP)
    type: Literal["offer"] = "offer"


class Answer(BaseModel):
    """For `RTCPeerConnection.setRemoteDescription`; it names every address of the server, so none follow."""

    peer_id: str
    sdp: str
    type: Literal["answer"] = "answer"


class Candidate(BaseModel):
    """An address of the browser, as `RTCIceCandidate.toJSON` gives it; an empty candidate ends them."""

    candidate: str = Field(max_length=2000)
    sdp_mid: str | None = Field(default=None, max_length=100, validation_alias=AliasChoices("sdp_mid", "sdpMid"))
    sdp_mline_index: int | None = Field(
        default=None, ge=0, le=100, validation_alias=AliasChoices("sdp_mline_index", "sdpMLineIndex")
    )


class Candidates(BaseModel):
    """Addresses that were found after the offer was sent (trickle ICE)."""

    model_config = ConfigDict(frozen=True)

    peer_id: str = Field(max_length=100)
    candidates: list[Candidate] = Field(max_length=100)


class Turn(BaseModel):
    """What was asked for goes on under this number; events carry it."""

    generation: int


class Action(BaseModel):
    """A movement; `actions` of the session lists them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)


class Record(BaseModel):
    """Whether the session shall be recorded from now on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recording: bool


class Plugin(BaseModel):
    """An engine, a speech engine, or a recogniser."""

    name: str
    summary: str
    licence: str
    ready: bool = Field(description="Everything that it needs is installed.")
    install: str = Field(description="The line that installs what is missing.")
    network: bool = Field(description="What it works on leaves this machine.")
    languages: list[str] = Field(description="Base languages that a recogniser understands; empty: many.")


class Preset(BaseModel):
    """A kind of language model; a session's `llm` takes its name."""

    name: str
    base_url: str = Field(description="Its usual server; empty: none.")
    model: str = Field(description="Its usual model; empty: none.")


class Capacity(BaseModel):
    """How many sessions at once."""

    model_config = ConfigDict(extra="allow")

    limit: int
    open: int


class Defaults(BaseModel):
    """What is taken where a request names nothing."""

    avatar: str
    voice: str
    recognizer: str
    llm: str


class System(BaseModel):
    """What this server can do."""

    version: str
    engines: list[Plugin]
    voices: list[Plugin]
    recognizers: list[Plugin]
    llms: list[Preset]
    live: Capacity
    defaults: Defaults


class Avatar(BaseModel):
    """An avatar that can be talked with."""

    name: str
    builtin: bool
    engine: str = Field(description="Empty: the best one for a picture.")
    preview: str = Field(description="Path of its picture on this server.")


class Voice(BaseModel):
    """A voice; a session's `voice` takes `ENGINE:NAME`."""

    engine: str
    name: str
    language: str
    gender: str
    description: str
