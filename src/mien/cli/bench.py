"""`mien bench`: what this machine can do, measured."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli._console import Json, note, print_json, say, settings, table

if TYPE_CHECKING:
    from mien.live.bench.hold import Step

app = typer.Typer(help="Measure what this machine can do.", no_args_is_help=True)


@app.callback()
def _bench() -> None:
    """Keeps `live` a command of its own while it is the only one."""


@app.command()
def live(
    sessions: Annotated[int, typer.Option("--sessions", help="Try no more than this many.", min=1, max=200)] = 32,
    seconds: Annotated[float, typer.Option("--seconds", help="Watch each number this long.", min=2, max=600)] = 10.0,
    as_json: Json = False,
) -> None:
    """Tell how many live sessions this machine holds at 25 frames per second."""
    from mien.live.bench.hold import LEAST_FPS, MOST_P95_MS, climb
    from mien.live.capacity import measure

    planned = measure(settings())

    def tell(step: Step) -> None:
        if not as_json:
            note(f"{step.sessions}: {step.fps} frames per second, 95 % within {step.p95_ms} ms")

    if not as_json:
        note("Starting a server …")
    steps = climb(sessions, seconds, tell)
    holds = sum(step.held for step in steps)
    if as_json:
        print_json({"holds": holds, "allows": planned.sessions, "steps": [asdict(step) for step in steps]})
        return
    columns = ("sessions", "fps", "p95 ms", "worst ms", "server", "drawing", "client", "memory MB", "")
    table(columns, [(*list(asdict(step).values())[:-1], "" if step.held else "too late") for step in steps])
    say(
        f"This machine holds {holds} live sessions that all speak at once"
        + ("" if holds < sessions else " or more")
        + "."
    )
    say(f"A server would let {planned.sessions} in, unless MIEN_LIVE_MAX_SESSIONS says otherwise.")
    note(
        f"Held: at least {LEAST_FPS} frames per second, 95 % of them within {MOST_P95_MS:.0f} ms; processor time in cores."
    )
