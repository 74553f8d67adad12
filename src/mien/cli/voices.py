"""`mien voices`: what can speak here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from mien.cli._console import Json, note, print_json, settings, table
from mien.cli._remote import connected, pick

if TYPE_CHECKING:
    from mien.client import Client
    from mien.settings import Settings

Found: TypeAlias = tuple[list[dict[str, Any]], Sequence[str]]
"""The voices, and what is to be said of them."""


def voices(
    engine: Annotated[
        str, typer.Option("--engine", "-e", help="Only this speech engine; needed for those that ask the network.")
    ] = "",
    language: Annotated[
        str, typer.Option("--language", "-l", help="Only voices of this language, such as en or zh-CN.")
    ] = "",
    as_json: Json = False,
) -> None:
    """List the voices; use one with `mien speak --voice ENGINE:NAME`."""
    loaded = settings()
    with connected(loaded) as client:
        voices, remarks = _of(client, engine, language) if client else _here(loaded, engine, language)
    if as_json:
        print_json({"voices": voices, "remarks": remarks})
        return
    if not voices:
        note("No voice was found.")
    table(
        ("voice", "language", "gender", "description"),
        [(f"{one['engine']}:{one['name']}", one["language"], one["gender"], one["description"]) for one in voices],
    )
    for remark in remarks:
        note(remark)


def _here(loaded: Settings, engine: str, language: str) -> Found:
    from mien.speech import list_voices

    listing = list_voices(loaded, engine, language)
    return [{"engine": voice.engine, **asdict(voice.info)} for voice in listing.voices], listing.remarks


def _of(client: Client, engine: str, language: str) -> Found:
    fields = ("engine", "name", "language", "gender", "description")
    return [pick(one, *fields) for one in client.voices(engine, language)], ()
