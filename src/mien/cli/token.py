"""`mien token`: who may use the server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli._console import Json, note, print_json, say, settings, table
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.server.tokens import Scope, Token, TokenStore

app = typer.Typer(help="Who may use the server.", no_args_is_help=True)

_ADVICE = (
    "Keep it now: it is not shown again. Programs send it as Authorization: Bearer; the web page asks for it.\n"
    "From now on the server asks everybody for a token, on this machine too."
)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="To tell it from others, such as laptop.")],
    user: Annotated[
        str,
        typer.Option(
            "--user", help="Whose jobs and videos it sees. Without it: those made while there were no tokens."
        ),
    ] = "",
    scope: Annotated[
        str, typer.Option("--scope", help="read: look; make: also make and delete; admin: also settings and tokens.")
    ] = "make",
    days: Annotated[
        int | None, typer.Option("--days", help="It expires after so many days. Without it: never.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    token, text = _store().create(name, user=user, scope=_scope(scope), days=days)
    if as_json:
        print_json(_shown(token) | {"token": text})
        return
    say(text)
    note(_ADVICE)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the tokens, without what only their holders know."""
    tokens = _store().list()
    if as_json:
        print_json({"tokens": [_shown(token) for token in tokens]})
        return
    rows = [
        (one.id, one.name, one.user, one.scope, _day(one.created_at), _end(one), _day(one.last_used_at))
        for one in tokens
    ]
    table(["id", "name", "user", "scope", "created", "expires", "last used"], rows)


@app.command()
def revoke(id: Annotated[str, typer.Argument(help="As `mien token list` shows it.")], as_json: Json = False) -> None:
    """Make a token void, at once; a running server sees it."""
    token = _store().revoke(id)
    if as_json:
        print_json({"revoked": _shown(token)})
    else:
        say(f"Revoked {token.name!r}.")


def _store() -> TokenStore:
    from mien.server.tokens import TokenStore

    return TokenStore.from_settings(settings())


def _scope(given: str) -> Scope:
    from mien.server.tokens import SCOPES

    for scope in SCOPES:
        if scope == given:
            return scope
    raise UsageError(f"There is no scope {given!r}.", hint=f"One of {', '.join(SCOPES)}.")


def _shown(token: Token) -> dict[str, Any]:
    return token.model_dump(exclude={"sha256"})


def _end(token: Token) -> str:
    return "expired" if token.expired else _day(token.expires_at) or "never"


def _day(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
