"""`mien serve`: the server, until ctrl-C."""

from __future__ import annotations

import importlib.util
import os
from typing import Annotated
from urllib.parse import urlencode

import typer

from mien.cli._console import Json, note, print_json, say, settings
from mien.errors import MissingDependency
from mien.settings import Settings

HOST = "127.0.0.1"
PORT = 8600

_NEEDED = ("fastapi", "uvicorn", "pipecat", "aiortc", "psutil", "websockets", "multipart", "dbos", "prometheus_client")

Host = Annotated[
    str, typer.Option("--host", help="The address to listen on; others than this machine's own need a token.")
]
Port = Annotated[int, typer.Option("--port", help="The port to listen on; 0: any that is free.", min=0, max=65535)]


def serve(
    host: Host = HOST,
    port: Port = PORT,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = False,
    workers: Annotated[
        bool, typer.Option("--workers/--no-workers", help="Do jobs on this machine, too; else see mien worker.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Run the server: the page, REST, jobs, WebRTC, WHEP; ctrl-C ends it."""
    run(host, port, open_page=open_page, workers=workers, as_json=as_json)


def run(host: str, port: int, *, open_page: bool, as_json: bool, avatar: str = "", workers: bool = True) -> None:
    """Serves until ctrl-C.

    Raises:
        MissingDependency: what a server needs is not installed.
        MienError: it cannot start, or there is no such avatar.
    """
    loaded = settings()
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependency(
            f"The server needs {', '.join(missing)}, which is not installed.", hint="Run: pip install 'mien[serve]'"
        )
    _check_avatar(avatar, loaded)
    from mien.server.guard import Guard
    from mien.server.running import serve

    def ready(actual: int) -> None:
        token = Guard(lambda: loaded).needs_token()
        _announce(_url(host, actual, avatar), open_page=open_page, as_json=as_json, token=token)

    if not as_json:
        note("Starting …")
    serve(loaded, host, port, ready, workers=workers)
    if not as_json:
        note("Stopped.")


def _check_avatar(name: str, loaded: Settings) -> None:
    from mien.avatars import builtin_picture
    from mien.studio import store

    if name and builtin_picture(name) is None:
        store(loaded).get(name)


def _url(host: str, port: int, avatar: str) -> str:
    """Where a browser on this machine finds it: an address that means all of them is none that can be opened."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    query = f"?{urlencode({'avatar': avatar})}" if avatar else ""
    return f"http://{shown}:{port}/{query}"


def _announce(url: str, *, open_page: bool, as_json: bool, token: bool) -> None:
    import sys

    if as_json:
        print_json({"url": url, "pid": os.getpid()})
    else:
        say(f"Mien is at {url}")
        if token:
            note("It asks for a token: type it into the page, or send it as Authorization: Bearer. See mien token.")
        note("Press ctrl-C to stop.")
    sys.stdout.flush()
    if open_page:
        _open(url)


def _open(url: str) -> None:
    import threading
    import webbrowser

    # Some browsers keep whoever starts them waiting.
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
