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


class Gpu(BaseModel):
    name: str
    memory_mb: int


class Machine(BaseModel):
    """What the server runs on, now."""

    cores: int
    memory_mb: int
    memory_used_mb: int
    disk_free_mb: int = Field(description="Where avatars and jobs are kept.")
    gpus: list[Gpu]


class Worker(BaseModel):
    """A process that does jobs."""

    name: str
    queue: str
    alive: bool


class JobsState(BaseModel):
    """How much is to be done, of all users, and who does it."""

    queued: int
    running: int
    workers: list[Worker]


class Limits(BaseModel):
    """What a request may bring."""

    upload_mb: int = Field(description="The largest file.")
    text_chars: int = Field(description="The longest text of one video.")
    image_pixels: int = Field(description="The largest picture.")
    job_time_limit_s: int = Field(description="A job that takes longer is ended.")


class System(BaseModel):
    """What this server can do."""

    version: str
    engines: list[Plugin]
    voices: list[Plugin]
    recognizers: list[Plugin]
    llms: list[Preset]
    live: Capacity
    defaults: Defaults
    machine: Machine
    jobs: JobsState
    limits: Limits


class Avatar(BaseModel):
    """An avatar that can be talked with."""

    name: str
    builtin: bool
    engine: str = Field(description="Empty: the best one for a picture.")
    preview: str = Field(description="Path of its picture on this server.")
    created_at: float | None = Field(default=None, description="Seconds since 1970; null: it came with Mien.")
    width: int = Field(default=0, description="Of the picture it was made from, pixels; 0: unknown.")
    height: int = 0
    licence: str = Field(default="", description="Of that picture.")
    consent: str = Field(default="", description="Who agreed to be shown, and how that is recorded.")
    remarks: list[str] = Field(default=[], description="What was noticed when it was made, one sentence each.")
    problem: str = Field(default="", description="Why it cannot be used; empty: it can.")


class Box(BaseModel):
    """A rectangle in pixels of the upright picture."""

    x: float
    y: float
    width: float
    height: float


class FoundFace(Box):
    score: float = Field(description="How sure it is that this is a face, 0 to 1.")


class Remark(BaseModel):
    """How well a picture suits."""

    code: str = Field(description="A stable word.")
    level: Literal["good", "warn", "bad"]
    message: str
    hint: str = ""


class Inspection(BaseModel):
    """What an avatar would be made of, if it was made from this picture."""

    width: int = Field(description="Of the upright picture, pixels.")
    height: int
    faces: list[FoundFace]
    chosen: int | None = Field(description="Which of the faces it would show; null: none.")
    crop: Box | None = Field(description='What a video with frame "head" would show.')
    hints: list[Remark]
    usable: bool


class Video(BaseModel):
    """A video that was made: a `speak` job that succeeded."""

    id: str = Field(description="The job's.")
    title: str
    avatar: str
    voice: str = Field(description="Empty: it speaks a recording.")
    text: str
    created_at: float = Field(description="Seconds since 1970.")
    seconds: float
    width: int
    height: int
    fps: float
    bytes: int
    subtitles: bool
    url: str = Field(description="Path of the MP4 file on this server.")
    poster: str = Field(description="Path of a picture of it on this server.")
    made_in_s: float = Field(description="How long the work took.")


class VideoPage(BaseModel):
    """Some videos, the newest first."""

    videos: list[Video]
    next_offset: int | None = Field(description="For the next page; null: these were the last.")


class Voice(BaseModel):
    """A voice; a session's `voice` takes `ENGINE:NAME`."""

    engine: str
    name: str
    language: str
    gender: str
    description: str
