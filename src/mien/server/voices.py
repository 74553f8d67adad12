"""`/api/v1/voices`: what can speak here, and how it sounds."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from mien import __version__, plugins
from mien.errors import ForbiddenError, OutputError
from mien.server.errors import problems
from mien.server.identity import Caller
from mien.server.models import Voice
from mien.server.speaking import Speaking
from mien.server.state import Configured
from mien.settings import Settings

if TYPE_CHECKING:
    from mien.speech import ListedVoice

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/voices", tags=["voices"], responses=problems())

_KEPT_S = 60.0
"""Listing espeak's voices starts a process; whoever puts a Piper voice into its folder sees it after this time."""

_SAMPLES = 300
"""Files of about 20 kB; beyond it the one that nobody has asked for the longest goes."""

_MP3: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/mpeg": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "It is the one that the browser has."},
}

_Name = Annotated[str, Query(max_length=200, description="ENGINE:NAME, or ENGINE for its usual one.")]
_Text = Annotated[str, Query(max_length=300, description="Empty: a short sentence in the voice's language.")]


class VoiceLists:
    """The voices of each engine, remembered for a minute and as long as the settings stay. For any thread."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Settings, list[ListedVoice]]] = {}

    def get(self, settings: Settings, engine: str) -> list[ListedVoice]:
        """Blocks, and raises, as `mien.speech.list_voices`.

        Args:
            settings: see `mien.settings`.
            engine: "" for every one that can tell without the network.
        """
        from mien.speech import list_voices

        known = self._kept.get(engine)
        if known and known[1] is settings and time.monotonic() - known[0] < _KEPT_S:
            return known[2]
        found = list_voices(settings, engine).voices
        self._kept[engine] = (time.monotonic(), settings, found)
        return found


@router.get("", responses=problems(404, 501, 502))
def list_voices(
    request: Request,
    settings: Configured,
    language: Annotated[
        str, Query(max_length=20, description="Only voices of this language, such as en or zh-CN.")
    ] = "",
    engine: Annotated[
        str, Query(max_length=100, description="Only of this speech engine; needed for those that ask the network.")
    ] = "",
) -> list[Voice]:
    """The voices that can speak here."""
    from mien.speech.text import same_language

    return [
        Voice(
            engine=voice.engine,
            name=voice.info.name,
            language=voice.info.language,
            gender=voice.info.gender,
            description=voice.info.description,
        )
        for voice in request.app.state.voice_lists.get(settings, engine)
        if not language or same_language(voice.info.language, language)
        if not voice.info.name.startswith("+")  # what only varies a voice cannot speak
    ]


@router.get("/sample", response_class=Response, responses={**problems(404, 501, 502, 503), **_MP3})
async def get_voice_sample(
    request: Request,
    settings: Configured,
    caller: Caller,
    voice: _Name,
    text: _Text = "",
    if_none_match: Annotated[str, Header(max_length=1000)] = "",
) -> Response:
    """A short sentence as the voice says it, MP3. A text of one's own needs the scope make."""
    if text and not caller.may("make"):
        raise ForbiddenError("A text of your own needs a token with the scope make.", hint="Leave the text out.")
    plugins.spec(plugins.VOICES, voice.partition(":")[0].strip())
    key = _key(settings, voice, text)
    etag = f'"{key[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=86400"}
    if etag in (one.strip().removeprefix("W/") for one in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    path = settings.cache_dir / "samples" / f"{key}.mp3"
    sound = await asyncio.to_thread(_kept, path)
    if sound is None:
        sound = await _made(request.app.state.speaking, settings, voice, text)
        try:
            await asyncio.to_thread(_keep, path, sound)
        except (OSError, OutputError):
            logger.warning("sample_not_kept")  # it is spoken anew the next time
    return Response(sound, media_type="audio/mpeg", headers=headers)


def _key(settings: Settings, voice: str, text: str) -> str:
    """The same for the same sound; the same name may mean another voice at another server."""
    said = "\0".join((__version__, settings.openai_base_url, str(settings.piper_dir), voice, text))
    return hashlib.sha256(said.encode()).hexdigest()


async def _made(speaking: Speaking, settings: Settings, voice: str, text: str) -> bytes:
    from mien.speech.samples import sentence

    said = text or sentence(voice.partition(":")[2])
    async with speaking.stream(settings, voice, said, "mp3") as pieces:
        return b"".join([piece async for piece in pieces])


def _kept(path: Path) -> bytes | None:
    try:
        sound = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    return sound


def _keep(path: Path, sound: bytes) -> None:
    from mien.media import atomic_output

    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_output(path, overwrite=True) as part:
        part.write_bytes(sound)
    kept = sorted(path.parent.glob("*.mp3"), key=_used_at)
    for old in kept[:-_SAMPLES]:
        old.unlink(missing_ok=True)


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another request has just removed it
        return 0.0
