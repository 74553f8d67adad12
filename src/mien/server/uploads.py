"""Forms with files (multipart/form-data): written to disk as they come in, checked before anything opens them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
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

JSON = "application/json"

SILENCE_S = 60.0
"""A sender of whom nothing comes for so long is gone."""

_STEP_BYTES = 1 << 20
"""So much is parsed and written at once, in a thread."""

M = TypeVar("M", bound=BaseModel)


class NoFields(BaseModel, extra="forbid"):
    """A form of nothing but its files."""


@dataclass(frozen=True, slots=True)
class Upload(Generic[M]):
    """Args:
    wanted: the fields.
    files: where they lie, by field; whoever keeps one moves it.
    """

    wanted: M
    files: Mapping[str, Path]


def form_content(model: type[BaseModel], *files: str, optional: Collection[str] = ()) -> dict[str, Any]:
    """The form in the description of the API: the model's fields and files."""
    schema = model.model_json_schema()
    binary = {name: {"type": "string", "format": "binary"} for name in (*files, *optional)}
    properties = {**binary, **schema.get("properties", {})}
    wanted = [*files, *schema.get("required", [])]
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
    files: Mapping[str, Type],
    *,
    optional: Collection[str] = (),
) -> AsyncIterator[Upload[M]]:
    """A form, once it is whole and its files are what they should be. What is left of the files in the end is removed.

    Args:
        request: its body has not been read.
        settings: see `mien.settings`.
        model: of the fields.
        files: what stands in the fields that are files.
        optional: those of them that may be missing.

    Raises:
        HTTPException: 408, 413, 415.
        RequestValidationError: the fields are not what the model takes.
        UsageError: it is not a form.
        MediaError, PackageError: a file is not what it should be, or unsafe.
        OutputError: there is no room on the disk.
        Cancelled: the sender has gone.
    """
    form = Form(_boundary(request), settings, files)
    try:
        await _fill(form, request, settings)
        wanted = validated(model, form.fields)
        missing = [name for name in files if name not in form.files and name not in optional]
        if missing:
            raise RequestValidationError(
                [{"type": "missing", "loc": ("body", name), "msg": "Field required"} for name in missing]
            )
        for path in form.files.values():
            await asyncio.to_thread(check_file, path)
        yield Upload(wanted, form.files)
    finally:
        form.remove()


@asynccontextmanager
async def receive_either(
    request: Request, settings: Settings, model: type[M], files: Mapping[str, Type]
) -> AsyncIterator[Upload[M]]:
    """A form as `receive` takes it, whose files may all be missing, or the same fields as JSON.

    Raises:
        as `receive`.
    """
    kind = media_type(request)
    if kind == FORM:
        async with receive(request, settings, model, files, optional=files) as upload:
            yield upload
    elif kind == JSON or kind.endswith("+json"):
        try:
            wanted = model.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestValidationError(of_body(error)) from error
        yield Upload(wanted, {})
    else:
        raise unsupported(request, JSON, FORM)


def either_content(model: type[BaseModel], *files: str) -> dict[str, Any]:
    """What `receive_either` takes, in the description of the API."""
    return {
        JSON: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}},
        **form_content(model, optional=files),
    }


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
