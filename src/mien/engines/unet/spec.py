"""What is known of the unet engine before it is loaded."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from mien.types import Driver, EngineSpec


class UnetOptions(BaseModel):
    """How a mouth that a network draws is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: Driver = Field(
        default="auto", description="What moves the mouth; `auto`: the phonemes where they are known, else the network."
    )


SPEC = EngineSpec(
    name="unet",
    summary="A person learnt from a video: a small convolutional network draws the mouth into the film; learning needs PyTorch.",
    licence="Apache-2.0",
    factory="mien.engines.unet.engine:UnetEngine",
    options=UnetOptions,
    weights=("face-detector", "face-landmarks"),
    creates_from=("video",),
    data_version=1,
    train="mien.engines.unet.train:train",
    redraw="mien.engines.unet.redraw:redraw",
)
