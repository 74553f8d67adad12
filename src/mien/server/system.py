"""`/api/v1`: what this server is, and what it has to talk with."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from fastapi import APIRouter

from mien import __version__, plugins
from mien.live.request import SessionRequest
from mien.server.errors import problems
from mien.server.filetypes import MAX_PIXELS
from mien.server.machine import machine
from mien.server.models import (
    Capacity,
    Defaults,
    Health,
    JobsState,
    Limits,
    Plugin,
    Preset,
    System,
    Worker,
)
from mien.server.speak import MAX_TEXT_CHARS
from mien.server.state import Configured, JobStore, Manager
from mien.settings import Settings

router = APIRouter(prefix="/api/v1", tags=["system"], responses=problems())


@router.get("/health")
async def health() -> Health:
    """The server answers; open to everybody."""
    return Health()


@router.get("/system")
async def system(manager: Manager, jobs: JobStore, settings: Configured) -> System:
    """What this server can do, and what it takes where a request names nothing."""
    counts = await jobs.counts()
    live = Capacity.model_validate(manager.capacity)
    return await asyncio.to_thread(_system, settings, live, jobs, counts)


def _system(settings: Settings, live: Capacity, jobs: JobStore, counts: dict[str, int]) -> System:
    workers = jobs.workers()
    return System(
        version=__version__,
        engines=_plugins(plugins.ENGINES),
        voices=_plugins(plugins.VOICES),
        recognizers=_plugins(plugins.RECOGNIZERS),
        llms=_presets(),
        live=live,
        defaults=Defaults(
            avatar=SessionRequest().avatar, voice=settings.voice, recognizer=settings.recognizer, llm=settings.llm
        ),
        machine=machine(settings.data_dir),
        jobs=JobsState(**counts, workers=[Worker(name=one["name"], queue=one["queue"], alive=True) for one in workers]),
        limits=Limits(
            upload_mb=settings.upload_mb,
            text_chars=MAX_TEXT_CHARS,
            image_pixels=MAX_PIXELS,
            job_time_limit_s=settings.job_time_limit_s,
        ),
    )


def _plugins(group: str) -> list[Plugin]:
    return [
        Plugin(
            name=spec.name,
            summary=spec.summary,
            licence=spec.licence,
            ready=not spec.missing(),
            install=spec.install,
            network=getattr(spec, "network", False),
            languages=list(getattr(spec, "languages", ())),
        )
        for spec in _specs(group)
    ]


@functools.cache
def _specs(group: str) -> tuple[Any, ...]:
    """Looked for once: it takes a tenth of a second, and none is added while a server runs."""
    return tuple(plugins.spec(group, name) for name in plugins.names(group))


def _presets() -> list[Preset]:
    from mien.live.services.llm.presets import PRESETS

    return [Preset(name=name, base_url=preset.base_url, model=preset.model) for name, preset in PRESETS.items()]
