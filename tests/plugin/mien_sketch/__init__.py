"""The smallest honest engine: a picture in which only a mouth moves. It comes in by the door that every plug-in uses."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mien.types import Driver, EngineSpec


class SketchOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fps: float = Field(default=25, ge=5, le=60)
    size: int = Field(default=128, ge=64, le=512)
    frame: Literal["head", "full"] = "head"
    seed: int = Field(default=0, ge=0)
    driver: Driver = "auto"


SPEC = EngineSpec(
    name="sketch",
    summary="Draws a mouth into a picture.",
    licence="Apache-2.0",
    factory="mien_sketch.engine:SketchEngine",
    options=SketchOptions,
    creates_from=("image",),
    prepare="mien_sketch.engine:prepare",
    train="mien_sketch.train:train",
)


class ClayOptions(BaseModel):
    fps: float = 25


CLAY = EngineSpec(
    name="clay",
    summary="Can never be loaded.",
    licence="Apache-2.0",
    factory="mien_clay:Engine",
    options=ClayOptions,
    modules=("mien_clay",),
    install="pip install mien-clay",
    creates_from=("video",),
)
