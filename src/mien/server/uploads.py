"""Forms with a file (multipart/form-data): written to disk as they come in, checked before anything opens them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from mien.errors import Cancelled, MienError, UsageError
from mien.jobs.limits import admit
from mien.server.filetypes import Type, check_file
from mien.server.forms import Form
from mien.server.limits import FORM, drain, media_type, unsupported
from mien.settings import Settings

SILENCE_S = 60.0
"""A sender of whom nothing comes for so long is gone."""

_STEP_BYTES = 1 << 20
"""So much is parsed and written at once, in a thread."""

M = TypeVar("M", bound=BaseModel)


class NoFields(BaseModel, extra="forbid"):
    """A form of nothing but its file."""


@dataclass(frozen=True, slots=True)
class Upload(Generic[M]):
    """Args:
    wanted: the fields.
    file: where the file lies; whoever keeps it moves it; None: there was none.
    """

    wanted: M
    file: Path | None


def form_content(model: type[BaseModel], file: str = "file", *, required: bool = True) -> dict[str, Any]:
    """The form in the description of the API: the model's fields and one file."""
    schema = model.model_json_schema()
    properties = {file: {"type": "string", "format": "binary"}, **schema.get("properties", {})}
    wanted = [*([file] if required else []), *schema.get("required", [])]
    return {FORM: {"schema": {"type": "object", "properties": properties, "required": wanted}}}


def described(content: dict[str, Any]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its body itself."""
    return {"requestBody": {"required": True, "content": content}}


def validated(model: type[M], fields: Any) -> M:
    """Raises:
    RequestValidationError: as FastAPI raises it, naming the field.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(of_body(error)) from error


def of_body(error: ValidationError) -> list[dict[str, Any]]:
    """What FastAPI would say of a body in which this is wrong."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [{**one, "loc": ("body", *one["loc"])} for one in found]


@asynccontextmanager
async def receive(
    request: Request,
    settings: Settings,
    model: type[M],
    *types: Type,
    file: str = "file",
    required: bool = True,
) -> AsyncIterator[Upload[M]]:
    """A form, once it is whole and its file is what it should be. What is left of the file in the end is removed.

    Args:
        request: its body has not been read.
        settings: see `mien.settings`.
        model: of the fields.
        types: what the file may be.
        file: the field that it comes in.
        required: a form without it is refused.

    Raises:
        HTTPException: 408, 413, 415.
        RequestValidationError: the fields are not what the model takes.
        UsageError: it is not a form.
        MediaError, PackageError: the file is none of these types, or unsafe.
        OutputError: there is no room on the disk.
        Cancelled: the sender has gone.
    """
    form = Form(_boundary(request), settings, types, file)
    try:
        await _fill(form, request, settings)
        wanted = validated(model, form.fields)
        if form.path is None and required:
            raise RequestValidationError([{"type": "missing", "loc": ("body", file), "msg": "Field required"}])
        if form.path is not None:
            await asyncio.to_thread(check_file, form.path)
        yield Upload(wanted, form.path)
    finally:
        form.remove()


def _boundary(request: Request) -> bytes:
    if media_type(request) != FORM:
        raise unsupported(request, FORM)
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary", b"")
    if not boundary:
        raise UsageError("The form's content type names no boundary.", hint="Let your HTTP library make the header.")
    return boundary


async def _fill(form: Form, request: Request, settings: Settings) -> None:
    claimed = request.headers.get("content-length", "")
    body = _Body(request.receive)
    try:
        await asyncio.to_thread(admit, settings, int(claimed) if claimed.isdecimal() else 0)
        async for step in body.steps():
            await asyncio.to_thread(form.feed, step)
        await asyncio.to_thread(form.end)
    except (MienError, HTTPException):
        await drain(body.last, request.receive)
        raise


class _Body:
    """What comes in of a request.

    Args:
        receive: gives its messages.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.last: Message = {"type": "http.request", "more_body": True}

    async def steps(self) -> AsyncIterator[bytes]:
        """The body in pieces that are worth a thread."""
        waiting = bytearray()
        while self.last.get("more_body"):
            waiting += await self._next()
            if len(waiting) >= _STEP_BYTES or not self.last.get("more_body"):
                yield bytes(waiting)
                waiting.clear()

    async def _next(self) -> bytes:
        self.last = {}  # of a body that breaks off nothing is left to be drained
        try:
            async with asyncio.timeout(SILENCE_S):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, f"Nothing came for {SILENCE_S:.0f} s.", headers={"Connection": "close"}) from error
        if message["type"] == "http.disconnect":
            raise Cancelled("The sender has gone.")
        self.last = message
        return message.get("body", b"")
