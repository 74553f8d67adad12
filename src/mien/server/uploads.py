"""Forms with a file (multipart/form-data): written to disk as they come in, checked before anything opens them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from mien.errors import Cancelled, MediaError, MienError, OutputError, UsageError
from mien.server.filetypes import HEAD_BYTES, NAMES, SUFFIXES, Type, check_file, sniff
from mien.server.limits import FORM, MAX_JSON_BYTES, drain, media_type, unsupported
from mien.settings import Settings

MAX_FIELDS = 50
SILENCE_S = 60.0
"""A sender of whom nothing comes for so long is gone."""
SPARE_MB = 200
"""Disk space that uploads leave to what is running."""

_STEP_BYTES = 1 << 20
"""So much is parsed and written at once, in a thread."""
_OLD_S = 86_400.0
"""What nobody has written to for so long was left behind by a server that was killed."""

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


def new_path(settings: Settings, suffix: str) -> Path:
    """A free name in a folder beside the jobs', so that taking a file over is one renaming.

    Raises:
        OutputError: the folder cannot be made.
    """
    folder = settings.data_dir / "uploads"
    with _writing():
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - _OLD_S:
                    left.unlink()
    return folder / f"{secrets.token_hex(16)}{suffix}"


def check_disk(settings: Settings, wanted_bytes: int) -> None:
    """Says before anything is taken in whether it would fit.

    Raises:
        OutputError: it would not.
    """
    with _writing():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.data_dir).free
    quota = settings.jobs_disk_mb << 20
    if free - wanted_bytes < SPARE_MB << 20:
        raise OutputError(
            f"Only {free >> 20} MB are free on this server's disk.",
            hint="Delete videos and jobs that are not needed.",
            retryable=True,
        )
    if quota and wanted_bytes > quota:
        raise OutputError(
            f"All jobs together may use {settings.jobs_disk_mb} MB.", hint="Raise the setting jobs_disk_mb."
        )


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
    form = _Form(_boundary(request), settings, types, file)
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


async def _fill(form: _Form, request: Request, settings: Settings) -> None:
    claimed = request.headers.get("content-length", "")
    body = _Body(request.receive)
    try:
        await asyncio.to_thread(check_disk, settings, int(claimed) if claimed.isdecimal() else 0)
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


class _Form:
    """Parses a form; its file goes to disk. Used by one thread at a time."""

    def __init__(self, boundary: bytes, settings: Settings, types: tuple[Type, ...], file_field: str) -> None:
        self._settings, self._types, self._file_field = settings, types, file_field
        self.fields: dict[str, str] = {}
        self.path: Path | None = None
        self._file: BinaryIO | None = None
        self._head = bytearray()
        self._file_bytes = self._field_bytes = self._parts = 0
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._name = ""
        self._value = bytearray()
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._check_part,
                    "on_part_data": self._take,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _no_form(str(error)) from error

    def feed(self, data: bytes) -> None:
        """Raises:
        UsageError, MediaError, OutputError, HTTPException: as `receive`.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _no_form(str(error)) from error

    def end(self) -> None:
        """Nothing more comes."""
        if not self._ended:
            raise _no_form("it is cut off")
        if self._file is not None:
            with _writing():
                self._file.close()

    def remove(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS:
            raise _no_form(f"it has more than {MAX_FIELDS} fields")
        self._name = ""
        self._value = bytearray()

    def _end_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._header = (bytearray(), bytearray())
        if name.lower() == b"content-disposition":
            options = parse_options_header(value)[1]
            self._name = options.get(b"name", b"").decode(errors="replace")

    def _check_part(self) -> None:
        if not self._name:
            raise _no_form("a field has no name")
        if self._name in self.fields or (self._name == self._file_field and self._file_bytes):
            raise _no_form(f"the field {self._name[:50]!r} is in it twice")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._name == self._file_field:
            self._take_file(data[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > MAX_JSON_BYTES:
            raise HTTPException(413, f"The fields of the form are larger than {MAX_JSON_BYTES >> 20} MB.")
        self._value += data[start:end]

    def _take_file(self, data: bytes) -> None:
        self._file_bytes += len(data)
        if self._file_bytes > self._settings.upload_mb << 20:
            raise HTTPException(413, f"The file is larger than {self._settings.upload_mb} MB.")
        if self._file is None:
            self._head += data
            if len(self._head) < HEAD_BYTES:
                return
            data = self._open()
        self._write(data)

    def _open(self) -> bytes:
        """Decides by its beginning what the file is; gives that beginning back."""
        suffix = sniff(bytes(self._head))
        if not any(suffix in SUFFIXES[one] for one in self._types):
            wanted = " or ".join(NAMES[one] for one in self._types)
            raise MediaError(f"The file is not {wanted}.", hint="Its content counts, not its name: send another file.")
        self.path = new_path(self._settings, suffix)
        with _writing():
            self._file = self.path.open("xb")
        return bytes(self._head)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        with _writing():
            self._file.write(data)

    def _end_part(self) -> None:
        if self._name != self._file_field:
            self.fields[self._name] = _text(self._name, self._value)
        elif self._file is None and self._head:
            self._write(self._open())

    def _end(self) -> None:
        self._ended = True


def _text(name: str, value: bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _no_form(f"the field {name[:50]!r} is not text in UTF-8") from error


def _no_form(why: str) -> UsageError:
    return UsageError(f"The form cannot be read: {why.rstrip('.')}.", hint="Send multipart/form-data (RFC 7578).")


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Without the path, which is nobody's business, unlike `mien.media.files.writing`."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        why = "no space is left" if full else error.strerror or type(error).__name__
        raise OutputError(
            f"The file cannot be kept on this server: {why}.",
            hint="Delete videos and jobs that are not needed." if full else "Look at the rights of the data folder.",
            retryable=full,
        ) from error
