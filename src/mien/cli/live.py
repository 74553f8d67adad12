"""`mien live`: the server, and the page of it in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from mien.cli._console import Json
from mien.cli.serve import HOST, PORT, Host, Port, run


def live(
    avatar: Annotated[
        str, typer.Option("--avatar", "-a", help="Whom to talk with: a stored avatar's name, or astronaut.")
    ] = "",
    host: Host = HOST,
    port: Port = PORT,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    as_json: Json = False,
) -> None:
    """Talk with an avatar: runs the server and opens its page in the browser; ctrl-C ends it."""
    run(host, port, open_page=open_page, as_json=as_json, avatar=avatar)
