"""Reading a form (multipart/form-data, RFC 7578) while it comes in."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

from mien.errors import MediaError, UsageError
from mien.server import disk
from mien.server.filetypes import HEAD_BYTES, NAMES, SUFFIXES, Type, sniff
from mien.server.limits import MAX_JSON_BYTES
from mien.settings import Settings

MAX_FIELDS = 50


class Form:
    """Parses a form; its files go to disk. Used by one thread at a time.

    Args:
        boundary: of the form's parts.
        settings: see `mien.settings`.
        types: what stands in the fields that are files.

    Raises:
        UsageError: the boundary cannot be one.
    """

    def __init__(self, boundary: bytes, settings: Settings, types: Mapping[str, Type]) -> None:
        self._settings, self._types = settings, types
        self.fields: dict[str, str] = {}
        self.files: dict[str, Path] = {}
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

    def remove(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        for path in self.files.values():
            path.unlink(missing_ok=True)

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS:
            raise _no_form(f"it has more than {MAX_FIELDS} fields")
        self._name = ""
        self._value, self._head = bytearray(), bytearray()

    def _end_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._header = (bytearray(), bytearray())
        if name.lower() == b"content-disposition":
            options = parse_options_header(value)[1]
            self._name = options.get(b"name", b"").decode(errors="replace")

    def _check_part(self) -> None:
        if not self._name:
            raise _no_form("a field has no name")
        if self._name in self.fields or self._name in self.files:
            raise _no_form(f"the field {self._name[:50]!r} is in it twice")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._name in self._types:
            self._take_file(data[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > MAX_JSON_BYTES:
            raise HTTPException(413, f"The fields of the form are larger than {MAX_JSON_BYTES >> 20} MB.")
        self._value += data[start:end]

    def _take_file(self, data: bytes) -> None:
        self._file_bytes += len(data)
        if self._file_bytes > self._settings.upload_mb << 20:
            raise HTTPException(413, f"What is sent is larger than {self._settings.upload_mb} MB.")
        if self._file is None:
            self._head += data
            if len(self._head) < HEAD_BYTES:
                return
            data = self._open()
        self._write(data)

    def _open(self) -> bytes:
        """Decides by its beginning what the file is; gives that beginning back."""
        suffix = sniff(bytes(self._head))
        wanted = self._types[self._name]
        if suffix not in SUFFIXES[wanted]:
            raise MediaError(
                f"The file is not {NAMES[wanted]}.", hint="Its content counts, not its name: send another file."
            )
        path = self.files[self._name] = disk.new_path(self._settings, suffix)
        with disk.writing():
            self._file = path.open("xb")
        return bytes(self._head)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        with disk.writing():
            self._file.write(data)

    def _end_part(self) -> None:
        if self._name not in self._types:
            self.fields[self._name] = _text(self._name, self._value)
            return
        if self._file is None and self._head:
            self._write(self._open())
        if self._file is not None:
            with disk.writing():
                self._file.close()
            self._file = None

    def _end(self) -> None:
        self._ended = True


def _text(name: str, value: bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _no_form(f"the field {name[:50]!r} is not text in UTF-8") from error


def _no_form(why: str) -> UsageError:
    return UsageError(f"The form cannot be read: {why.rstrip('.')}.", hint="Send multipart/form-data (RFC 7578).")
