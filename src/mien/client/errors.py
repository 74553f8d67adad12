"""Problem JSON of a server becomes the error that it was there."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import ValidationError

from mien import errors
from mien.errors import AccessError, BusyError, InputError, MienError, RateLimitError, ServerError, UsageError

_CLASSES: dict[str, type[MienError]] = {
    one.code: one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, MienError)
} | {"too_large": InputError, "unsupported_media_type": InputError}

_ADVICE = "Put the server's token into MIEN_API_TOKEN; whoever runs the server makes one with: mien token create NAME"

_LATER = {429, 502, 503, 504}
"""Statuses of proxies before a server that is away for a while."""


def of_code(code: str, message: str, hint: str = "", *, retryable: bool = False) -> MienError:
    """The error of that code; a `MienError` if this version knows none."""
    error = _CLASSES.get(code, MienError)(message, hint=hint)
    error.retryable = retryable
    return error


def of_response(response: httpx.Response) -> MienError:
    """What an answer says that is no success; its body has been read."""
    told = json_of(response)
    if isinstance(told, dict) and isinstance(told.get("code"), str):
        return _of_problem(told, response)
    where = f"{response.request.url.scheme}://{response.request.url.netloc.decode()}"
    if response.is_redirect:
        # Never followed: the token would go along.
        return ServerError(
            f"{where} sends its visitors on to {response.headers['location']}.",
            hint="If that is the right server, give its URL.",
        )
    return ServerError(
        f"{where} answered {response.status_code} {response.reason_phrase}, but not as Mien does.",
        hint="Look at the URL: is it Mien's, and all of it?",
        retryable=response.status_code in _LATER,
    )


def of_validation(error: ValidationError) -> UsageError:
    """Why a request makes no sense, before it is sent."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the request"
    return UsageError(f"{where}: {first['msg']}.", hint="Look at the limits of that option.")


def json_of(response: httpx.Response) -> Any:
    """The body, if it is JSON; None otherwise."""
    if "json" not in response.headers.get("content-type", ""):
        return None
    try:
        return response.json()
    except ValueError:
        return None


def _of_problem(told: dict[str, Any], response: httpx.Response) -> MienError:
    error = of_code(
        told["code"],
        str(told.get("detail", "")) or f"The server answered {response.status_code}.",
        _ADVICE if told["code"] == AccessError.code else str(told.get("hint", "")),
        retryable=bool(told.get("retryable", False)),
    )
    wait = response.headers.get("retry-after", "")
    if isinstance(error, BusyError | RateLimitError) and wait.isdigit():
        error.retry_after_s = int(wait)
    return error
