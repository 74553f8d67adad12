"""Every error leaves as problem JSON (RFC 9457): `type`, `title`, `status`, `detail`, and Mien's `code`, `hint`, `retryable`."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.errors import AccessError, BusyError, InputError, MienError, NotFoundError, RateLimitError, UsageError

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

_HTTP_CODES = {
    401: AccessError.code,
    403: AccessError.code,
    404: NotFoundError.code,
    405: "method_not_allowed",
    412: "outdated",
    413: "too_large",
    415: "unsupported_media_type",
}
"""Codes of errors that come from HTTP itself; of others: `usage`."""


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"required": ["type", "title", "status", "detail", "code"]})

    type: str = Field(description="A URN of the code.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence that names the wrong value.")
    code: str = Field(description="Stable; the same as the command line's.")
    hint: str = Field(default="", description="What to do about it.")
    retryable: bool = Field(default=False, description="The very same request may succeed later.")


class ProblemResponse(JSONResponse):
    media_type = PROBLEM_JSON


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of routes that can fail in these ways, and in those that every route can."""
    return {status: {"model": Problem} for status in sorted({400, 401, 403, 422, 429, 500, *statuses})}


def problem(
    status: int,
    code: str,
    detail: str,
    hint: str = "",
    *,
    retryable: bool = False,
    headers: dict[str, str] | None = None,
) -> ProblemResponse:
    """An error as a response."""
    body = Problem(
        type=f"urn:mien:error:{code}",
        title=_phrase(status),
        status=status,
        detail=detail,
        code=code,
        hint=hint,
        retryable=retryable,
    )
    return ProblemResponse(body.model_dump(), status, headers=headers)


def of_mien(error: MienError) -> ProblemResponse:
    """An error of ours as a response."""
    headers = {}
    if isinstance(error, BusyError | RateLimitError):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, AccessError):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.http_status, error.code, error.message, error.hint, retryable=error.retryable, headers=headers)


def of_http(error: HTTPException) -> ProblemResponse:
    """An error of HTTP itself as a response."""
    code = _HTTP_CODES.get(error.status_code, UsageError.code)
    return problem(error.status_code, code, str(error.detail), headers=dict(error.headers or {}))


def of_validation(error: RequestValidationError) -> ProblemResponse:
    """A request that is not what the route takes; the values themselves, which may be speech, are not repeated."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return problem(400, UsageError.code, "The body is not JSON.", "Send JSON in UTF-8.")
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
    return problem(422, InputError.code, f"{where}: {first['msg']}.", "Look at /api/v1/openapi.json.")


def install(app: FastAPI) -> None:
    """Lets every error of the app leave as problem JSON."""

    @app.exception_handler(MienError)
    async def mien_error(request: Request | WebSocket, error: MienError) -> ProblemResponse | None:
        if isinstance(request, WebSocket):
            await request.send_denial_response(of_mien(error))
            return None
        if error.http_status >= 500 and not isinstance(error, BusyError):
            logger.warning("request_failed", extra={"path": request.url.path, "code": error.code})
        return of_mien(error)

    from sqlalchemy.exc import InterfaceError, OperationalError

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    async def database_error(request: Request, error: Exception) -> ProblemResponse:
        logger.warning("database_away", extra={"path": request.url.path})
        return of_mien(BusyError("The database of the jobs cannot be reached.", hint="Try again.", retry_after_s=5))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> ProblemResponse:
        return of_http(error)

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, error: RequestValidationError) -> ProblemResponse:
        return of_validation(error)


def unexpected() -> ProblemResponse:
    """A crash, told without what is inside."""
    return problem(
        500, MienError.code, "Something went wrong inside Mien.", "This is a bug: the server's log has the details."
    )


class Crashes:
    """ASGI: the outermost loop of a request. What nobody expected is logged and answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            if scope["type"] == "lifespan":
                raise
            logger.exception("request_crashed", extra={"path": scope["path"]})
            if not begun and scope["type"] == "http":
                await unexpected()(scope, receive, send)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # 499, which nginx gave its meaning
        return "Client Closed Request"
