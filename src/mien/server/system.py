"""`/api/v1`: what this server is, and what it has to talk with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from mien import __version__, plugins
from mien.live.request import SessionRequest
from mien.server import previews
from mien.server.errors import problems
from mien.server.models import Avatar, Capacity, Defaults, Health, Plugin, Preset, System, Voice
from mien.server.state import Configured, Manager

router = APIRouter(prefix="/api/v1", tags=["system"], responses=problems())


@router.get("/health")
async def health() -> Health:
    """The server answers; open to everybody."""
    return Health()


@router.get("/system")
def system(manager: Manager, settings: Configured) -> System:
    """What this server can do, and what it takes where a request names nothing."""
    return System(
        version=__version__,
        engines=_plugins(plugins.ENGINES),
        voices=_plugins(plugins.VOICES),
        recognizers=_plugins(plugins.RECOGNIZERS),
        llms=_presets(),
        live=Capacity.model_validate(manager.capacity),
        defaults=Defaults(
            avatar=SessionRequest().avatar, voice=settings.voice, recognizer=settings.recognizer, llm=settings.llm
        ),
    )


@router.get("/avatars")
def list_avatars(settings: Configured) -> list[Avatar]:
    """The avatars that one can talk with: the built-in ones, then the user's own."""
    from mien.avatars import builtin_names
    from mien.studio import store

    own = {stored.name: stored.manifest for stored in store(settings).list() if stored.manifest is not None}
    builtin = [_avatar(name, "", builtin=True) for name in builtin_names() if name not in own]
    return builtin + [_avatar(name, manifest.engine, builtin=False) for name, manifest in own.items()]


@router.get(
    "/avatars/{name}/preview.jpg",
    response_class=Response,
    responses={**problems(404), 200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_preview(name: str, settings: Configured) -> Response:
    """A small picture of an avatar."""
    from mien.avatars import builtin_picture
    from mien.studio import store

    headers = {"Cache-Control": "private, max-age=60"}
    kept = store(settings)
    picture = builtin_picture(name)
    if picture is not None and not kept.exists(name):
        return FileResponse(picture, media_type="image/jpeg", headers=headers)
    return Response(previews.jpeg(kept.get(name)), media_type="image/jpeg", headers=headers)


@router.get("/voices", responses=problems(404, 501, 502))
def list_voices(
    settings: Configured,
    language: Annotated[
        str, Query(max_length=20, description="Only voices of this language, such as en or zh-CN.")
    ] = "",
    engine: Annotated[
        str, Query(max_length=100, description="Only of this speech engine; needed for those that ask the network.")
    ] = "",
) -> list[Voice]:
    """The voices that can speak here."""
    from mien.speech import list_voices

    return [
        Voice(
            engine=voice.engine,
            name=voice.info.name,
            language=voice.info.language,
            gender=voice.info.gender,
            description=voice.info.description,
        )
        for voice in list_voices(settings, engine, language).voices
        if not voice.info.name.startswith("+")  # what only varies a voice cannot speak
    ]


def _avatar(name: str, engine: str, *, builtin: bool) -> Avatar:
    from urllib.parse import quote

    return Avatar(
        name=name, builtin=builtin, engine=engine, preview=f"{router.prefix}/avatars/{quote(name)}/preview.jpg"
    )


def _plugins(group: str) -> list[Plugin]:
    specs = [plugins.spec(group, name) for name in plugins.names(group)]
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
        for spec in specs
    ]


def _presets() -> list[Preset]:
    from mien.live.services.llm.presets import PRESETS

    return [Preset(name=name, base_url=preset.base_url, model=preset.model) for name, preset in PRESETS.items()]
