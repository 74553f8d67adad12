"""`mien weights`: the model files that Mien fetches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli._console import Json, print_json, progress, say, settings, table
from mien.errors import WeightsError

if TYPE_CHECKING:
    from mien.weights import EntryStatus, WeightStore

app = typer.Typer(help="The model files that Mien fetches.", no_args_is_help=True)


def _store() -> WeightStore:
    from mien.weights import WeightStore

    return WeightStore.from_settings(settings())


def _show(statuses: Sequence[EntryStatus], *, as_json: bool) -> None:
    if as_json:
        print_json({"weights": [asdict(status) for status in statuses]})
        return
    rows = [(s.name, s.state, f"{s.size / 1e6:.1f} MB", s.licence, s.summary) for s in statuses]
    table(["name", "state", "size", "licence", "what it does"], rows)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show every model file and whether it is here."""
    _show(_store().list(), as_json=as_json)


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; all if none is named.")] = None,
    as_json: Json = False,
) -> None:
    """Fetch, verify and convert model files that are not here yet."""
    with progress(enabled=not as_json) as report:
        statuses = _store().pull(names or None, report)
    _show(statuses, as_json=as_json)


@app.command()
def verify(as_json: Json = False) -> None:
    """Check every model file again; bad ones are removed, and the exit code says so."""
    results = _store().verify()
    if as_json:
        print_json({"weights": [asdict(result) for result in results]})
    else:
        table(["name", "state", "detail"], [(r.name, r.state, r.detail) for r in results])
    if any(result.state == "bad" for result in results):
        raise typer.Exit(WeightsError.exit_code)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A model file, or a wheel that holds some.")], as_json: Json = False
) -> None:
    """Take in a file that was brought by hand; it is known by its content."""
    _show(_store().import_file(file), as_json=as_json)


@app.command()
def path(name: Annotated[str, typer.Argument(help="As `mien weights list` names it.")], as_json: Json = False) -> None:
    """Print where a model file is; fetch it first if it is not here."""
    with progress(enabled=not as_json) as report:
        found = _store().path(name, report)
    if as_json:
        print_json({"name": name, "path": found})
    else:
        say(str(found))
