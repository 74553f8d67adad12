"""What a user asks of a live session; light, so that the server can read it without loading what runs it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

When = Literal["queue", "interrupt"]
"""What happens if the avatar is speaking: after it, or instead of it."""


class SessionRequest(BaseModel):
    """A new session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    avatar: str = Field(default="astronaut", max_length=100, description="Name of a stored or built-in avatar.")
    engine: str = Field(default="auto", max_length=100, description="Which engine draws.")
    voice: str = Field(default="", max_length=200, description="ENGINE or ENGINE:NAME; empty: of the settings.")
    rate: float = Field(default=1.0, ge=0.5, le=2.0, description="Speed of the voice.")
    recognizer: str = Field(
        default="", max_length=200, description="What understands the user; empty: of the settings."
    )
    language: str = Field(default="", max_length=20, description="BCP 47 tag of the user's language; empty: any.")
    persona: str = Field(default="", max_length=10_000, description="Who the avatar is; empty: of the settings.")
    llm: str = Field(default="", max_length=100, description="A preset of language model; empty: of the settings.")
    model: str = Field(default="", max_length=200, description="Of the language model; empty: of the settings.")
    temperature: float | None = Field(default=None, ge=0, le=2, description="Of the language model.")
    greeting: str = Field(default="", max_length=2000, description="What the avatar says when somebody comes.")
    size: int = Field(default=512, ge=128, le=1080, multiple_of=2, description="Side of the picture, pixels.")
    frame: Literal["head", "full"] = Field(default="head", description="Around the head, or the whole picture.")
    fps: float = Field(default=25, ge=10, le=30, description="Frames per second.")
    seed: int = Field(default=0, ge=0, description="Of blinks and movements.")


class Say(BaseModel):
    """Something to say or to answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1, max_length=10_000)
    mode: Literal["chat", "echo"] = Field(default="echo", description="echo: say this; chat: answer this.")
    when: When = "interrupt"


class SessionInfo(BaseModel):
    """A session as others see it."""

    id: str
    avatar: str
    engine: str
    voice: str
    state: Literal["starting", "idle", "listening", "thinking", "speaking", "closed"]
    generation: int = Field(description="Counts turns; everything of one turn carries its number.")
    speaking: bool
    recording: bool
    peers: int = Field(description="How many watch it now.")
    width: int
    height: int
    fps: float
    actions: list[str] = Field(description="Movements it can be asked for.")
    age_s: float
    silent_s: float = Field(description="Since anybody said anything.")
    metrics: dict[str, float] = Field(description="Frames sent and repeated, ticks missed, medians of the last turns …")
