"""Resumable downloads of pinned files over HTTP."""

from __future__ import annotations

import functools
import logging
import ssl
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

import httpx

from mien.errors import WeightsError
from mien.types import Progress, Report
from mien.weights import disk

logger = logging.getLogger(__name__)

_TRANSIENT = (httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError)
_DEAD_FOR_S = 60.0


class Downloader:
    """Fetches files whose size and sha256 are known.

    A host that could not be reached is not asked again for a minute, so that several files cost one wait.

    Args:
        answer_s: how long a host has for its first answer; short, because there are other sources.
        stall_s: how long a running download may give nothing.
        tries: how many requests in a row may bring nothing before a broken download is given up.
    """

    def __init__(self, *, answer_s: float = 6.0, stall_s: float = 20.0, tries: int = 3) -> None:
        self._answer_s = answer_s
        self._stall_s = stall_s
        self._tries = tries
        self._dead: dict[str, tuple[float, str]] = {}

    def fetch(self, url: str, part: Path, *, size: int, sha256: str, report: Report) -> None:
        """Leaves the verified bytes at `part`.

        What an earlier try left there is continued. After a broken or cancelled download the part stays; after a wrong
        hash nothing does.

        Raises:
            WeightsError: the host cannot be reached, refuses, breaks off again and again, or serves other bytes.
            OutputError: the part cannot be written.
        """
        with disk.writing(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            continued = _length(part) > 0
        self._complete(url, part, size, report)
        if disk.sha256_of(part) == sha256:
            _tag_file(part).unlink(missing_ok=True)
            return
        discard(part)
        if not continued:
            raise WeightsError(f"served other bytes than expected (not sha256 {sha256[:12]}…)")
        logger.warning("resumed_part_was_bad", extra={"file": part.name})
        self.fetch(url, part, size=size, sha256=sha256, report=report)

    def _complete(self, url: str, part: Path, size: int, report: Report) -> None:
        failures, most = 0, _length(part)
        while _length(part) < size:
            try:
                self._stream(url, part, size, report)
            except _TRANSIENT as error:
                done = _length(part)
                logger.info("broke_off", extra={"file": part.name, "done": done})
                failures = 0 if done > most else failures + 1
                most = max(most, done)
                if failures == self._tries:
                    raise WeightsError(f"broke off at {done} of {size} bytes ({error})", retryable=True) from error
                time.sleep(0.2 * 2**failures)

    def _stream(self, url: str, part: Path, size: int, report: Report) -> None:
        """One request: appends to the part, or starts it anew if the server does not continue it."""
        with self._client() as client:
            response = self._ask(client, client.build_request("GET", url, headers=_headers(url, part)))
            try:
                if response.status_code == 416:
                    discard(part)
                    raise httpx.RemoteProtocolError("it cannot continue the file")
                if response.status_code not in (200, 206):
                    raise WeightsError(f"answered {response.status_code} {response.reason_phrase}".rstrip())
                self._write(url, response, part, size, report)
            finally:
                response.close()

    def _client(self) -> httpx.Client:
        timeout = httpx.Timeout(self._stall_s, connect=self._answer_s)
        try:
            return httpx.Client(verify=_trust(), follow_redirects=True, timeout=timeout)
        except ValueError as error:
            raise WeightsError(f"cannot be reached (the proxy that the environment names: {error})") from error

    def _ask(self, client: httpx.Client, request: httpx.Request) -> httpx.Response:
        """Sends in a thread: neither name look-up nor the trying of a host's many addresses obeys a timeout."""
        host = request.url.netloc.decode()
        since, reason = self._dead.get(host, (0.0, ""))
        if reason and time.monotonic() - since < _DEAD_FOR_S:
            raise WeightsError(reason, retryable=True)
        answers: SimpleQueue[httpx.Response | httpx.HTTPError | RuntimeError] = SimpleQueue()

        def send() -> None:
            try:
                answers.put(client.send(request, stream=True))
            except (httpx.HTTPError, RuntimeError) as error:
                # RuntimeError: the client was closed because this answer came too late.
                answers.put(error)

        threading.Thread(target=send, daemon=True, name="mien-weights-ask").start()
        try:
            answer = answers.get(timeout=self._answer_s)
        except Empty:
            answer = httpx.ConnectTimeout(f"no answer within {self._answer_s:g} s")
        if isinstance(answer, httpx.Response):
            return answer
        reason = f"cannot be reached ({answer})"
        self._dead[host] = (time.monotonic(), reason)
        raise WeightsError(reason, retryable=True) from answer

    def _write(self, url: str, response: httpx.Response, part: Path, size: int, report: Report) -> None:
        done = _length(part) if _continues(response, _length(part)) else 0
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and done + int(announced) != size:
            raise WeightsError(f"serves {done + int(announced)} bytes instead of {size}")
        with disk.writing(part):
            _tag_file(part).write_text(f"{url}\n{response.headers.get('etag', '')}\n")
        with disk.writing(part), part.open("ab" if done else "wb") as file:
            report(Progress("fetch", done, size, "bytes"))
            for block in response.iter_raw():
                done += len(block)
                if done > size:
                    break
                file.write(block)
                report(Progress("fetch", done, size, "bytes"))
        if done > size:
            discard(part)
            raise WeightsError(f"served more than the expected {size} bytes")
        if done < size:
            raise httpx.RemoteProtocolError("the answer was too short")


@functools.cache
def _trust() -> ssl.SSLContext:
    """Known certificate authorities; loading them takes longer than many a request."""
    return httpx.create_ssl_context()


def discard(part: Path) -> None:
    """Removes a part and what is known of it."""
    with disk.writing(part):
        part.unlink(missing_ok=True)
        _tag_file(part).unlink(missing_ok=True)


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _tag_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _headers(url: str, part: Path) -> dict[str, str]:
    """Asks for the rest of a part, on the condition that it is still the same object.

    Where the server gave no strong tag, or another server began the part, the condition is left out: the bytes are
    pinned, so the hash decides.
    """
    headers = {"Accept-Encoding": "identity"}
    if done := _length(part):
        headers["Range"] = f"bytes={done}-"
        known, _, tag = _tag_file(part).read_text().partition("\n") if _tag_file(part).exists() else ("", "", "")
        if known == url and tag.strip().startswith('"'):
            headers["If-Range"] = tag.strip()
    return headers


def _continues(response: httpx.Response, done: int) -> bool:
    return response.status_code == 206 and response.headers.get("content-range", "").startswith(f"bytes {done}-")
