"""Files of a server, whole or not at all."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import BinaryIO

import httpx

from mien.client.connection import Connection
from mien.errors import ServerError

_PAUSE_S = 0.3
"""Between attempts."""
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


def download(connection: Connection, path: str, output: Path, *, overwrite: bool = False) -> Path:
    """Writes a file of the server; goes on where it was when the connection broke. Blocks.

    Raises:
        AlreadyExistsError, OutputError: it cannot be written.
        ServerError: nothing came for the connection's `timeout_s`, or something else than the server said.
    """
    # Light itself, but with it comes all that reads pictures and sound.
    from mien.media.files import atomic_output, writing

    with atomic_output(output, overwrite=overwrite) as part, writing(output), part.open("wb") as file:
        _Download(connection, path, file).run()
    return output


class _Download:
    def __init__(self, connection: Connection, path: str, file: BinaryIO) -> None:
        self._connection, self._path, self._file = connection, path, file
        self._etag = ""
        self._size: int | None = None

    def run(self) -> None:
        came = time.monotonic()
        while True:
            before = self._file.tell()
            try:
                self._attempt()
                return
            except ServerError as error:
                if self._file.tell() > before:
                    came = time.monotonic()
                if not error.retryable or time.monotonic() - came > self._connection.timeout_s:
                    raise
            time.sleep(_PAUSE_S)

    def _attempt(self) -> None:
        headers = {"Accept-Encoding": "identity"}
        if self._etag and self._file.tell():
            headers |= {"Range": f"bytes={self._file.tell()}-", "If-Range": self._etag}
        with self._connection.stream(self._path, headers) as response:
            self._begin(response)
            for chunk in response.iter_raw():
                self._file.write(chunk)
        if self._size is not None and self._file.tell() != self._size:
            raise self._wrong(f"sent {self._file.tell()} of {self._size} bytes")

    def _begin(self, response: httpx.Response) -> None:
        """Finds out what comes, and where in the file it belongs."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._wrong("sends it packed, which was not asked for", retryable=False)
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            self._check_part(response)
            return
        length = response.headers.get("content-length", "")
        if not length.isdigit() and response.headers.get("transfer-encoding") != "chunked":
            raise self._wrong("does not say how large it is", retryable=False)
        self._size = int(length) if length.isdigit() else None
        etag = response.headers.get("etag", "")
        self._etag = "" if etag.startswith("W/") else etag
        self._file.seek(0)
        self._file.truncate()

    def _check_part(self, response: httpx.Response) -> None:
        told = _RANGE.fullmatch(response.headers.get("content-range", ""))
        same = response.headers.get("etag", self._etag) == self._etag
        if not (told and same and int(told[1]) == self._file.tell() and int(told[2]) == self._size):
            self._etag = ""  # from the beginning then
            raise self._wrong("sent another part than was asked for")

    def _wrong(self, what: str, *, retryable: bool = True) -> ServerError:
        return ServerError(
            f"{self._connection.url} was asked for a file and {what}.", hint="Try again.", retryable=retryable
        )
