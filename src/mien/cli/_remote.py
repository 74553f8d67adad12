"""`mien --server URL …`: commands that another Mien's server carries out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

from mien.errors import ServerError, UsageError

if TYPE_CHECKING:
    from mien.client import Client
    from mien.settings import Settings

_named: ContextVar[str | None] = ContextVar("server", default=None)


def name(url: str | None) -> None:
    """Keeps what `--server` says for the command that follows; None: nothing, so the settings count."""
    _named.set(url)


def is_named() -> bool:
    """Whether `--server` says that it shall not be done here; the settings are not asked."""
    return bool(_named.get())


def refuse(command: str) -> NoReturn:
    """Raises:
    UsageError: the command works on this machine only.
    """
    raise UsageError(
        f"`{command}` works on this machine only, not on a server.",
        hint=f"Run it without --server; on the server's own machine: {command}",
    )


def only_here(command: str) -> None:
    """Refuses `--server`."""
    if is_named():
        refuse(command)


def url(settings: Settings) -> str:
    """The server that is to be asked; "": this machine does the work."""
    named = _named.get()
    return settings.server_url if named is None else named


@contextmanager
def connected(settings: Settings) -> Iterator[Client | None]:
    """A client of the server that is to be asked; None: this machine does the work."""
    where = url(settings)
    if not where:
        yield None
        return
    from mien.client import Client

    with Client(where, settings.api_token) as client:
        yield client


def pick(told: Mapping[str, Any] | None, *fields: str) -> dict[str, Any]:
    """Some fields of what a server says.

    Raises:
        ServerError: it does not say them.
    """
    said = told or {}
    if missing := [field for field in fields if field not in said]:
        raise ServerError(
            f"The server does not say {', '.join(missing)}.", hint="Use the same version of Mien here and there."
        )
    return {field: said[field] for field in fields}
