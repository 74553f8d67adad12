"""Who sends a request, and what they may do. `mien.server.access` finds it out and puts it into the request's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends
from starlette.requests import HTTPConnection

from mien.errors import ForbiddenError
from mien.jobs.request import LOCAL_USER
from mien.server.tokens import SCOPES, Scope

__all__ = ["SCOPES", "Admin", "Caller", "Identity", "Scope", "identity_of"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Args:
    user: whose jobs they are.
    scope: the highest that it has.
    token_id: of the token it came with; "" on a server without tokens, or with the token of the settings.
    """

    user: str = LOCAL_USER
    scope: Scope = "admin"
    token_id: str = ""

    def may(self, scope: Scope) -> bool:
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


async def identity_of(connection: HTTPConnection) -> Identity:
    return getattr(connection.state, "identity", None) or Identity()


async def _admin(connection: HTTPConnection) -> Identity:
    identity = await identity_of(connection)
    if not identity.may("admin"):
        raise ForbiddenError("This needs a token with the scope admin.", hint="Ask whoever runs this server for one.")
    return identity


Caller: TypeAlias = Annotated[Identity, Depends(identity_of)]
Admin: TypeAlias = Annotated[Identity, Depends(_admin)]
