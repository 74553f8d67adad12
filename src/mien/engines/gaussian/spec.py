"""What is known of the gaussian engine before it is loaded."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from mien.types import Driver, EngineSpec


class GaussianOptions(BaseModel):
    """How a face of Gaussians is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: Driver = Field(
        default="auto", description="What moves the mouth; `auto`: the phonemes where they are known, else the network."
    )


SPEC = EngineSpec(
    name="gaussian",
    summary="A person learnt from a video: thousands of Gaussians draw the speaking face over the film; no GPU needed.",
    licence="Apache-2.0",
    factory="mien.engines.gaussian.engine:GaussianEngine",
    options=GaussianOptions,
    weights=("face-detector", "face-landmarks"),
    creates_from=("video",),
    data_version=1,
    train="mien.engines.gaussian.train:train",
    redraw="mien.engines.gaussian.redraw:redraw",
    splats="mien.engines.gaussian.export:export",
)
