"""What is known of the clip engine before it is loaded."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from mien.types import Driver, EngineSpec


class ClipOptions(BaseModel):
    """How a clip avatar is shown; size and frame rate are its film's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, description="Makes no difference: all that moves is the film's or the sound's.")
    driver: Driver = Field(
        default="auto", description="What moves the mouth; `auto`: the phonemes where they are known, else the network."
    )


SPEC = EngineSpec(
    name="clip",
    summary="Seconds of video speak with the person's own real mouth; no GPU.",
    licence="Apache-2.0",
    factory="mien.engines.clip.engine:ClipEngine",
    options=ClipOptions,
    weights=("face-detector", "face-landmarks"),
    creates_from=("video",),
    train="mien.engines.clip.train:train",
    redraw="mien.engines.clip.redraw:redraw",
    data_version=1,
)
