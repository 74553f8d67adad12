"""A real HTTP server on 127.0.0.1 that can misbehave."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Served:
    """One file and how it is served.

    Args:
        break_at: bytes after which the first, second, … answer is cut off.
        delay_s: time before the answer begins.
        pause_s: time before every block of 1000 bytes.
        length: whether answers announce theirs.
        bad_range: the answer to a request for a range.
    """

    body: bytes
    status: int = 200
    etag: str = ""
    ranges: bool = True
    break_at: list[int] = field(default_factory=list)
    delay_s: float = 0.0
    pause_s: float = 0.0
    length: bool = True
    bad_range: int | None = None
    redirect: str = ""


class FileServer:
    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                # Clients that go away in the middle are part of the tests.
                with suppress(ConnectionError):
                    super().handle()

            def do_GET(self) -> None:
                outer.requests.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
                outer.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def serve(self, path: str, served: Served) -> str:
        self.files[path] = served
        return self.url(path)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        served = self.files.get(handler.path, Served(b"no such file", status=404))
        time.sleep(served.delay_s)
        if served.redirect:
            handler.send_response(302)
            handler.send_header("Location", served.redirect)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start = _start(handler, served)
        if start and served.bad_range:
            handler.send_response(served.bad_range)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        self._send(handler, served, start)

    def _send(self, handler: BaseHTTPRequestHandler, served: Served, start: int) -> None:
        rest = served.body[start:]
        handler.send_response(206 if start else served.status)
        if served.length:
            handler.send_header("Content-Length", str(len(rest)))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(served.body) - 1}/{len(served.body)}")
        if served.etag:
            handler.send_header("ETag", served.etag)
        handler.end_headers()
        allowed = served.break_at.pop(0) if served.break_at else len(rest)
        for offset in range(0, min(allowed, len(rest)), 1000):
            time.sleep(served.pause_s)
            handler.wfile.write(rest[offset : min(offset + 1000, allowed)])
            handler.wfile.flush()
        handler.close_connection = handler.close_connection or allowed < len(rest) or not served.length


def _start(handler: BaseHTTPRequestHandler, served: Served) -> int:
    asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    condition = handler.headers.get("If-Range")
    if not asked or not served.ranges or (condition is not None and condition != served.etag):
        return 0
    return int(asked[1])
