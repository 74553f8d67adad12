"""Requests to one server: who asks, what is tried again, and what answers mean."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from mien.client.errors import json_of, of_response
from mien.errors import AccessError, NotFoundError, ServerError, UsageError

_PAUSES_S = (0.2, 0.6, 0.0)
"""Before a request is sent again; after the last one nothing is."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that travels with a request.

    Args:
        field: its name in the form.
        content: the file, or its bytes.
    """

    field: str
    content: Path | bytes

    @contextmanager
    def opened(self) -> Iterator[tuple[str, Any]]:
        """For httpx, which reads it piece by piece."""
        if isinstance(self.content, bytes):
            yield self.field, (self.field, self.content, "application/octet-stream")
            return
        with _readable(self.content) as file:
            yield self.field, (self.content.name, file, "application/octet-stream")


class Connection:
    """Connections to a server, kept open between requests. Several threads may use it at once.

    Args:
        url: of the server, without `/api/v1`.
        token: "": the server asks for none.
        timeout_s: how long an answer is waited for.

    Raises:
        UsageError: that is no URL of a server.
        AccessError: that can be no token.
    """

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        self.url = _checked(url)
        self.timeout_s = timeout_s
        parts = urlsplit(self.url)
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1/",
            headers=_headers(token),
            timeout=timeout_s,
            follow_redirects=False,
            # The certificates take longer to load than a request over plain HTTP.
            verify=parts.scheme != "http",
            # A proxy for the internet would not find this machine's own server.
            trust_env=not _is_loopback(parts.hostname or ""),
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON that is there."""
        return self._json(self._repeated("GET", path, params=params))

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        uploads: Sequence[Upload] = (),
        key: str = "",
    ) -> Any:
        """The JSON of the answer; None if it has no content.

        Args:
            method: POST, PATCH or DELETE.
            path: below `/api/v1/`.
            json: the body, or
            form: its fields, with
            uploads: the files among them.
            key: makes it safe to send the same request twice.
        """
        headers = {"Idempotency-Key": key} if key else {}
        response = self._repeated(method, path, uploads=uploads, safe=bool(key), json=json, data=form, headers=headers)
        return None if response.status_code == httpx.codes.NO_CONTENT else self._json(response)

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str], *, params: Mapping[str, Any] | None = None, timeout_s: float = 0
    ) -> Iterator[httpx.Response]:
        """An answer whose body is read in the block, where a broken connection is a retryable `ServerError`."""
        timeout = httpx.Timeout(self.timeout_s, read=timeout_s or self.timeout_s)
        with (
            self._reaching(),
            self._http.stream("GET", path, headers=dict(headers), params=params, timeout=timeout) as response,
        ):
            if not response.is_success:
                response.read()
                raise of_response(response)
            yield response

    def _repeated(self, method: str, path: str, *, safe: bool = False, **content: Any) -> httpx.Response:
        """The answer to a request, which is sent again if the connection broke and that can do no harm."""
        for pause in _PAUSES_S:
            try:
                return self._once(method, path, **content)
            except httpx.TimeoutException as error:
                raise self._unreachable(error) from error
            except httpx.TransportError as error:
                # What never arrived can be sent again in any case.
                harmless = safe or method == "GET" or isinstance(error, httpx.ConnectError)
                if not (harmless and pause):
                    raise self._unreachable(error) from error
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, method: str, path: str, *, uploads: Sequence[Upload] = (), **content: Any) -> httpx.Response:
        with ExitStack() as stack:
            files = [stack.enter_context(upload.opened()) for upload in uploads]
            response = self._http.request(method, path, files=files or None, **content)
        if not response.is_success:
            raise of_response(response)
        return response

    def _json(self, response: httpx.Response) -> Any:
        told = json_of(response)
        if told is None:
            raise ServerError(f"{self.url} answers, but not as Mien does.", hint="Look at the URL: is it Mien's?")
        return told

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: httpx.HTTPError) -> ServerError:
        if isinstance(error, httpx.TimeoutException):
            return ServerError(
                f"{self.url} does not answer within {self.timeout_s:g} s.", hint="Try again later.", retryable=True
            )
        return ServerError(
            f"{self.url} cannot be reached: {error or type(error).__name__}.",
            hint="Is Mien running there (mien serve)? Look at the URL.",
            retryable=True,
        )


def segment(value: str) -> str:
    """A name as one part of a path.

    Raises:
        NotFoundError: nothing can have that name.
    """
    if value in ("", ".", "..") or "/" in value:
        raise NotFoundError(f"There is nothing of the name {value!r}.", hint="Look at the list.")
    return quote(value, safe="")


@contextmanager
def _readable(path: Path) -> Iterator[Any]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {path}.", hint="Look at the path.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", hint="Name a file that can be read.") from error
    with file:
        yield file


def _checked(url: str) -> str:
    try:
        httpx.URL(url)
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        usable = False
        parts = urlsplit("")
    # What else an address may hold, a token above all, is not repeated.
    if not usable or parts.username or parts.query or parts.fragment:
        raise UsageError(
            "The server's address must be http:// or https://, a host, and nothing but a path after it.",
            hint="For example: http://127.0.0.1:8600",
        )
    return url.rstrip("/")


def _headers(token: str) -> dict[str, str]:
    if not token:
        return {}
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise AccessError("The token has characters that no token has.", hint="Look at MIEN_API_TOKEN.")
    return {"Authorization": f"Bearer {token}"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
