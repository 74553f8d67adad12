"""What can be asked of a job, and what is known of one. Light: pydantic only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Kind: TypeAlias = Literal["speak", "create_avatar", "import_avatar", "check_clip", "train", "evaluate", "pull_weights"]
Status: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]

ENDED: frozenset[Status] = frozenset({"succeeded", "failed", "cancelled"})

COLOUR = r"#[0-9a-fA-F]{6}"
"""Pattern of a colour: red, green and blue in hexadecimal digits."""

LOCAL_USER = "local"
"""Whose jobs they are where nobody needs a token."""


class Request(BaseModel):
    """Base of what the jobs' kinds take. Files travel beside it, in the job's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SpeakRequest(Request):
    """A video of an avatar that says a text, or speaks a recording: then the file `audio` travels with it.

    The fields are those of `mien.studio.SpeakOptions`.
    """

    avatar: str = Field(
        default="astronaut", min_length=1, max_length=64, description="Name of a stored or built-in avatar."
    )
    text: str = Field(default="", max_length=50_000, description="What shall be said; empty with a recording.")
    transcript: str = Field(
        default="",
        max_length=50_000,
        description="What is said in the recording, if that is known: the mouth then follows its phonemes.",
    )
    language: str = Field(
        default="",
        max_length=100,
        description="Of the transcript, as espeak-ng calls it, such as de; empty: the one that its script tells.",
    )
    engine: str = Field(default="auto", min_length=1, max_length=100, description="Which engine draws.")
    voice: str = Field(default="", max_length=200, description="ENGINE or ENGINE:NAME; empty: the one of the settings.")
    rate: float = Field(default=1.0, ge=0.5, le=2.0, description="Factor on the voice's speed.")
    driver: Literal["auto", "phonemes", "network", "energy"] = Field(
        default="auto",
        description="What moves the mouth; auto: phonemes where they are known, else the network that hears the sound.",
    )
    fps: float = Field(default=25.0, ge=10, le=60, description="Frames per second.")
    frame: Literal["head", "full"] = Field(
        default="head", description="head: a square around the head; full: the whole picture."
    )
    size: int = Field(
        default=512, ge=128, le=1080, multiple_of=2, description="Side of the square around the head, pixels."
    )
    seed: int = Field(default=0, ge=0, lt=2**31, description="The same seed gives the same blinks and movements.")
    subtitles: bool = Field(default=True, description="Make subtitles, where there is a text or a transcript.")
    label: bool = Field(
        default=True, description='The visible mark "AI-generated"; the file\'s metadata say it in any case.'
    )


class CreateAvatarRequest(Request):
    """An avatar from a picture; the file `source` travels with it."""

    name: str = Field(min_length=1, max_length=64, description="How it is called from now on.")
    engine: str = Field(default="auto", min_length=1, max_length=100, description="Which engine it is for.")
    licence: str = Field(default="", max_length=1000, description="Of the picture.")
    consent: str = Field(min_length=1, max_length=2000, description="Who agreed to be shown, and how that is recorded.")


class ImportAvatarRequest(Request):
    """An exported avatar; the file `package` travels with it."""

    name: str = Field(default="", max_length=64, description="Keep it under this name; empty: under its own.")


class CheckClipRequest(Request):
    """Whether a video is good enough to learn from; the file `source` travels with it."""

    name: str = Field(default="", max_length=200, description="How the video is called in lists.")


class TrainRequest(Request):
    """An avatar learnt from a video; the file `source` travels with it.

    OpenFace's table of action units may travel with it as the file `au_csv`: its blinks and parted lips take the place of Mien's own. So may a
    picture as the file `background`: it is shown behind the person instead of what was filmed.
    """

    name: str = Field(min_length=1, max_length=64, description="How it is called from now on.")
    engine: str = Field(
        default="auto",
        min_length=1,
        max_length=100,
        description="An engine that can be trained; auto: Mien's own are, and the better avatar is kept.",
    )
    size: int | None = Field(
        default=None, ge=128, le=1024, description="Width and height of the avatar in pixels; usually 512."
    )
    check_id: str = Field(
        default="",
        max_length=32,
        description="Id of a check: its video is learnt from; empty: the video is sent along.",
    )
    background_colour: str = Field(
        default="",
        pattern=f"^({COLOUR})?$",
        description="Shown behind the person instead of what was filmed: #rrggbb; a picture is sent as a file.",
    )
    evaluate: bool = Field(
        default=True,
        description="Measure it in the end on a part of the video that it has not learnt from; auto does so where it has a choice.",
    )
    licence: str = Field(default="", max_length=1000, description="Of the video.")
    consent: str = Field(min_length=1, max_length=2000, description="Who agreed to be shown, and how that is recorded.")


class EvaluateRequest(Request):
    """How well the lips of a video go with its sound: of one that was made here, or then the file `video` travels with it.

    The file `reference`, a video of a real face that says the same, may travel with it in any case. The fields are those of
    `mien.evaluate_sync`.
    """

    video_id: str = Field(
        default="", max_length=32, description="Id of a video that was made here; empty: the video is sent along."
    )
    name: str = Field(default="", max_length=200, description="How the video is called in lists and on the page.")
    text: str = Field(
        default="",
        max_length=50_000,
        description="What is said, if that is known; of a video that was made here it is known already.",
    )
    spoken: str = Field(
        default="",
        max_length=100,
        description="Language of the text, as espeak-ng calls it, such as de; empty: the one that its script tells. "
        "Without a text, en: the sounds of English are recognised.",
    )
    lag_ms: float = Field(
        default=0, ge=-200, le=200, description="r is also told at this lag; below 0 the lips are earlier."
    )
    language: Literal["auto", "en", "zh"] = Field(default="auto", description="Of the page; auto: as the browser asks.")


class PullWeightsRequest(Request):
    """Model files from where they are published."""

    name: str = Field(default="", max_length=200, description="In the catalogue; empty: all that Mien itself needs.")


REQUESTS: dict[Kind, type[Request]] = {
    "speak": SpeakRequest,
    "create_avatar": CreateAvatarRequest,
    "import_avatar": ImportAvatarRequest,
    "check_clip": CheckClipRequest,
    "train": TrainRequest,
    "evaluate": EvaluateRequest,
    "pull_weights": PullWeightsRequest,
}


class JobProgress(BaseModel):
    """How far a running job is."""

    stage: str = Field(description='A stable word: "starting", "voice", "avatar", "engine", "render", …')
    done: float = 0
    total: float | None = None
    unit: str = ""
    percent: float = Field(default=0, ge=0, le=100, description="Of the whole job; never falls within an attempt.")
    eta_s: float | None = Field(default=None, description="Seconds to the end, as far as can be told.")
    speed: float | None = Field(default=None, description="Units a second in this stage.")


class JobProblem(BaseModel):
    """Why a job failed, as `MienError.as_dict` tells it."""

    code: str
    message: str
    hint: str = ""
    retryable: bool = False


class JobInfo(BaseModel):
    """One job."""

    id: str
    kind: Kind
    status: Status
    title: str = Field(description="For listings: the beginning of the text, or the avatar's name.")
    owner: str
    request: dict[str, Any]
    created_at: float = Field(description="Seconds since 1970.")
    started_at: float | None = None
    ended_at: float | None = None
    attempt: int = Field(default=0, description="How many times it was begun; more than 1 after a crash or a retry.")
    worker: str = Field(default="", description="Where it runs or ran.")
    progress: JobProgress | None = Field(default=None, description="While it runs.")
    result: dict[str, Any] | None = Field(default=None, description="If it succeeded; depends on the kind.")
    error: JobProblem | None = Field(default=None, description="If it failed.")


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that a job tells.

    Args:
        id: rises; None for what no database holds: how the job is now.
        kind: "started", "progress", "log", "metric", "artifact", "state".
        data: see the description of the API.
    """

    id: int | None
    kind: str
    data: dict[str, Any]


class JobPage(BaseModel):
    """Some jobs, the newest first."""

    jobs: list[JobInfo]
    next_offset: int | None = Field(description="For the next page; null: these were the last.")
