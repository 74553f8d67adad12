"""The command tree, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from mien import __version__
from mien.cli import _remote, avatar, bench, evaluate, job, token, weights
from mien.cli._console import print_error, say
from mien.cli.doctor import doctor
from mien.cli.engines import engines
from mien.cli.live import live
from mien.cli.serve import serve
from mien.cli.speak import speak
from mien.cli.train import train
from mien.cli.voices import voices
from mien.cli.worker import worker
from mien.errors import Cancelled, MienError, OutputError, UsageError

logger = logging.getLogger(__name__)

_ONLY_HERE = frozenset({"live", "serve", "worker", "token", "doctor", "bench"})

app = typer.Typer(
    help="A self-hosted digital human: a photo that speaks.",
    add_completion=False,
    # Drawn with boxes the help would take twice as long to appear.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(speak)
app.command()(train)
app.command()(live)
app.command()(serve)
app.command()(worker)
app.add_typer(job.app, name="job")
app.add_typer(token.app, name="token")
app.add_typer(avatar.app, name="avatar")
app.command()(voices)
app.command()(engines)
app.add_typer(weights.app, name="weights")
app.command()(doctor)
app.add_typer(bench.app, name="bench")
app.add_typer(evaluate.app, name="evaluate")


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"mien {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="URL",
            help="Let that Mien server do it; MIEN_API_TOKEN is the token for it. Without it: the setting server_url.",
        ),
    ] = None,
) -> None:
    _remote.name(server)
    if ctx.invoked_subcommand in _ONLY_HERE:
        _remote.only_here(f"mien {ctx.invoked_subcommand}")
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())


def run(arguments: list[str]) -> int:
    """Runs one command; every way it can end becomes an exit code and, unless it ended well, one clear sentence."""
    try:
        code = _outcome(arguments)
    except OSError:
        code = 1  # standard output is lost: its reader (`| head`) has gone, or not even an error fits on its disk
    try:
        sys.stdout.flush()
    except OSError:
        # Already said, or nobody reads it: what is still buffered must not complain when the interpreter closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 1
    return code


def _outcome(arguments: list[str]) -> int:
    try:
        code = app(arguments, prog_name="mien", standalone_mode=False) or 0
        sys.stdout.flush()
    except MienError as error:
        return _fail(error, arguments)
    except typer.TyperException as error:
        # A group that is named alone (`mien avatar`) raises its help.
        if error.format_message().startswith("Usage:"):
            say(error.format_message())
            return UsageError.exit_code
        return _fail(_usage(error), arguments)
    except BrokenPipeError:
        raise
    except OSError as error:
        logger.debug("failed", exc_info=True)
        return _fail(OutputError(_os_sentence(error), hint="Look at the file's place, rights and disk."), arguments)
    except Exception as error:
        logger.debug("crashed", exc_info=True)
        return _fail(_unexpected(error), arguments)
    if code == Cancelled.exit_code:
        return _fail(Cancelled("Stopped; nothing was written."), arguments)
    return code


def _fail(error: MienError, arguments: list[str]) -> int:
    print_error(error.as_dict(), as_json="--json" in arguments)
    return error.exit_code


def _usage(error: typer.TyperException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "mien"
    return UsageError(error.format_message().replace("Value error, ", ""), hint=f"Run: {path} --help")


def _os_sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{reason}: {error.filename}." if error.filename else f"{reason}."


def _unexpected(error: Exception) -> MienError:
    return MienError(
        f"Something went wrong inside Mien ({type(error).__name__}: {error}).",
        hint="This is a bug: run it again with MIEN_LOG_LEVEL=debug and report what is printed.",
    )
