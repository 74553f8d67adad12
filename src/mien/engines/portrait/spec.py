"""What is known of the portrait engine before it is loaded."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mien.types import Driver, EngineSpec


class PortraitOptions(BaseModel):
    """How a portrait is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fps: float = Field(default=25, ge=10, le=60, description="Frames per second.")
    frame: Literal["head", "full"] = Field(
        default="head", description="`head`: a square around the head; `full`: the whole picture."
    )
    size: int = Field(default=512, ge=128, le=1080, multiple_of=2, description="Side of the square, pixels.")
    seed: int = Field(default=0, ge=0, description="Of the head's, eyes' and brows' own life.")
    driver: Driver = Field(
        default="auto", description="What moves the mouth; `auto`: the phonemes where they are known, else the network."
    )


SPEC = EngineSpec(
    name="portrait",
    summary="One photo, painting or drawing speaks; no GPU, no training.",
    licence="Apache-2.0",
    factory="mien.engines.portrait.engine:PortraitEngine",
    options=PortraitOptions,
    weights=("face-detector", "face-landmarks", "selfie-matte"),
    creates_from=("image",),
    prepare="mien.engines.portrait.prepare:prepare",
    data_version=1,
)
