"""What every command needs: settings, JSON, tables, progress.

Results go to standard output; everything said while working goes to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mien.settings import Settings
    from mien.types import Report

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def settings() -> Settings:
    """Reads the settings and starts the log; a command calls it once and passes them down."""
    from mien import log
    from mien.settings import load

    loaded = load()
    log.configure(loaded.log_level)
    return loaded


def say(text: str) -> None:
    """One line of result."""
    print(text)


def note(text: str) -> None:
    """One line about the work, for people."""
    print(text, file=sys.stderr)


def print_json(value: object) -> None:
    """One JSON object on one line of standard output; paths become text."""
    # Where not every character can be printed, as in a pipe on Windows, JSON's own escapes carry all of them.
    every = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not every, default=str))


def print_error(error: dict[str, Any], *, as_json: bool) -> None:
    """An error as `MienError.as_dict` gives it."""
    if as_json:
        print_json({"error": error})
        return
    note(f"Error: {error['message']}")
    if error["hint"]:
        note(f"Hint: {error['hint']}")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output: as wide as the terminal, or unwrapped when it goes into a file or a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        drawn.add_row(*(_plain(cell) for cell in row))
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = 10_000
    console.print(drawn)


def _plain(cell: object) -> str:
    from rich.markup import escape

    return escape("" if cell is None else str(cell))


@contextmanager
def progress(*, enabled: bool = True) -> Iterator[Report]:
    """A `Report` that draws one bar per stage on standard error; nothing is drawn into a file or a pipe.

    Args:
        enabled: False (for `--json`) draws nothing either.
    """
    from mien.types import silent

    if not (enabled and sys.stderr.isatty()):
        yield silent
        return
    from mien.cli._bars import Bars

    with Bars() as bars:
        yield bars.report
