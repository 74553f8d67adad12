"""`mien voices`: what can speak here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mien.cli._console import Json, note, print_json, settings, table


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
    from mien.speech import list_voices

    listing = list_voices(settings(), engine, language)
    if as_json:
        voices = [{"engine": voice.engine, **asdict(voice.info)} for voice in listing.voices]
        print_json({"voices": voices, "remarks": listing.remarks})
        return
    if not listing.voices:
        note("No voice was found.")
    table(
        ("voice", "language", "gender", "description"),
        [
            (f"{item.engine}:{item.info.name}", item.info.language, item.info.gender, item.info.description)
            for item in listing.voices
        ],
    )
    for remark in listing.remarks:
        note(remark)
