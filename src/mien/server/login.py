"""Who one is, logging in and out, and the tokens of this server."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection

from mien.errors import AccessError, ConflictError, RateLimitError
from mien.server.errors import problems
from mien.server.guard import COOKIE, Guard
from mien.server.identity import Admin, Caller, Identity, Scope
from mien.server.limits import JsonRoute
from mien.server.rates import address_of
from mien.server.token_page import set_cookie, to_page, token_page
from mien.server.tokens import MAX_DAYS, Token

router = APIRouter(prefix="/api/v1", tags=["access"], route_class=JsonRoute, responses=problems())
form_router = APIRouter(include_in_schema=False)


class Me(BaseModel):
    """Who sends the request."""

    user: str
    scope: Scope
    local: bool = Field(description="The server has no tokens: whoever is at this machine may do everything.")


class Login(BaseModel):
    """A token, which becomes a cookie."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str = Field(min_length=1, max_length=500)


class NewToken(BaseModel):
    """What a token shall be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=64, description="To tell it from others.")
    user: str = Field(default="", max_length=64, description="Whose jobs it sees and makes; empty: one of that name.")
    scope: Scope = "make"
    days: int | None = Field(default=None, ge=1, le=MAX_DAYS, description="When it expires; null: never.")


class CreatedToken(Token):
    """A token with its text, which is shown this once."""

    token: str


async def _guard(connection: HTTPConnection) -> Any:
    return connection.app.state.guard


Guarded: TypeAlias = Annotated[Guard, Depends(_guard)]


@router.get("/me")
async def get_me(caller: Caller, guard: Guarded) -> Me:
    """Who one is here, and what one may do."""
    return Me(user=caller.user, scope=caller.scope, local=not guard.needs_token())


@router.post("/login", status_code=204, responses=problems(415, 507))
def log_in(login: Login, request: Request, guard: Guarded) -> Response:
    """Sets the cookie of a web page, valid for a week; open to everybody, a few times a minute."""
    answer = Response(status_code=204)
    set_cookie(answer, request.scope, guard.cookie(guard.identify(login.token, address_of(request.scope))))
    return answer


@router.post("/logout", status_code=204)
async def log_out() -> Response:
    """Takes the cookie back."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@router.get("/tokens")
def list_tokens(admin: Admin, guard: Guarded) -> list[Token]:
    """All tokens, the oldest first; needs the scope admin."""
    return [Token.model_validate(token.model_dump()) for token in guard.tokens.list()]


@router.post("/tokens", status_code=201, responses=problems(409, 415, 507))
def create_token(wanted: NewToken, request: Request, response: Response, admin: Admin, guard: Guarded) -> CreatedToken:
    """Makes a token; needs the scope admin. With the first one everybody needs a token, so whoever makes it gets its cookie."""
    first = not guard.needs_token()
    if first and wanted.scope != "admin":
        raise ConflictError(
            "The first token must have the scope admin, or nobody could manage this server from a page any more.",
            hint="Make one with the scope admin for yourself, then this one.",
        )
    token, text = guard.tokens.create(wanted.name, user=wanted.user, scope=wanted.scope, days=wanted.days)
    if first:
        set_cookie(response, request.scope, guard.cookie(Identity(token.user, token.scope, token.id)))
    return CreatedToken(**token.model_dump(), token=text)


@router.delete("/tokens/{token_id}", status_code=204, responses=problems(404, 507))
def revoke_token(token_id: Annotated[str, Path(max_length=100)], admin: Admin, guard: Guarded) -> None:
    """Makes a token void, at once; needs the scope admin."""
    guard.tokens.revoke(token_id)


@form_router.post("/login")
def log_in_by_form(request: Request, guard: Guarded, token: Annotated[str, Form(max_length=500)] = "") -> Response:
    """The page's form."""
    try:
        identity = guard.identify(token, address_of(request.scope))
    except AccessError:
        return token_page(request.scope, "wrong")
    except RateLimitError:
        return token_page(request.scope, "often")
    answer = to_page(request.scope)
    set_cookie(answer, request.scope, guard.cookie(identity))
    return answer


@form_router.get("/login")
async def skip_form(request: Request) -> Response:
    """Who is in needs none."""
    return to_page(request.scope)
