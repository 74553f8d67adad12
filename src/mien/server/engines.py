"""`/api/v1/engines`: what can draw avatars."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mien import plugins
from mien.server.errors import problems

router = APIRouter(prefix="/api/v1", tags=["engines"], responses=problems())


class EngineInfo(BaseModel):
    """An engine; `engine` of many requests takes its name."""

    name: str
    summary: str
    licence: str
    ready: bool = Field(description="Everything that it needs is installed.")
    install: str = Field(description="The line that installs what is missing.")
    gpu: bool = Field(description="It draws in time for a conversation only on a GPU.")
    creates_from: list[str] = Field(description='What an avatar for it is made from: "image", "video".')
    trains: bool = Field(description="Its avatars are learnt from a video.")
    options: dict[str, Any] = Field(description="JSON Schema of what it can be told.")


@router.get("/engines")
def list_engines() -> list[EngineInfo]:
    """What can draw avatars here."""
    return [_info(plugins.spec(plugins.ENGINES, name)) for name in plugins.names(plugins.ENGINES)]


def _info(spec: Any) -> EngineInfo:
    return EngineInfo(
        name=spec.name,
        summary=spec.summary,
        licence=spec.licence,
        ready=not spec.missing(),
        install=spec.install,
        gpu=spec.gpu,
        creates_from=list(spec.creates_from),
        trains=bool(getattr(spec, "train", "")),
        options=spec.options.model_json_schema(),
    )
