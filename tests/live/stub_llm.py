"""A language model's server that says what a test or a benchmark tells it to: real HTTP on 127.0.0.1, streaming, in threads of its own."""

from __future__ import annotations

import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server answers to one question.

    Args:
        text: cut into tokens at spaces; a sequence is sent token by token as it is.
        reasoning: thought aloud before the text.
        tools: names and arguments (JSON) of the functions to call, after the text.
        status: of HTTP; not 200: `body` is sent.
        body: of an error; with status 200 sent as it is, and all else is ignored.
        content_type: of `body`.
        first_token_s: silence before the first token.
        tokens_per_s: 0: as fast as it goes.
        cut_after: tokens after which the connection is dropped.
        hang_after: tokens after which nothing more comes.
    """

    text: str | Sequence[str] = ""
    reasoning: str = ""
    tools: Sequence[tuple[str, str]] = ()
    status: int = 200
    body: str = ""
    content_type: str = "text/event-stream"
    first_token_s: float = 0
    tokens_per_s: float = 0
    cut_after: int | None = None
    hang_after: int | None = None


Script: TypeAlias = Sequence[Answer] | Callable[[dict[str, Any]], Answer]
"""Answers in order, of which the last one repeats; or a function of the request's body."""


@dataclass(slots=True)
class Received:
    """One question; times are seconds of `time.monotonic`."""

    body: dict[str, Any]
    headers: dict[str, str]
    """Names in small letters."""
    at: float
    sent: list[float] = field(default_factory=list)
    """When each token was sent."""
    done: threading.Event = field(default_factory=threading.Event)
    """It was answered, or the client left."""
    left: float | None = None
    """When the client closed the connection before the answer was complete."""


class StubLlm:
    """The server; a context manager.

    Args:
        script: what it answers.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Received] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stub = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> StubLlm:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer_to(self, received: Received) -> Answer:
        with self._lock:
            self.requests.append(received)
            if callable(self.script):
                return self.script(received.body)
            return self.script[min(len(self.requests), len(self.script)) - 1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    stub: StubLlm

    def __init__(self, *args: Any) -> None:
        self.closing = threading.Event()
        super().__init__(*args)


class _ClientLeft(Exception):
    pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _stub_server(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        received = Received(body, {name.lower(): value for name, value in self.headers.items()}, time.monotonic())
        answer = self._stub_server.stub.answer_to(received)
        try:
            if answer.status != 200 or answer.body:
                self._plain(answer)
            else:
                self._stream(answer, received)
        except (_ClientLeft, ConnectionError):
            received.left = time.monotonic()
            self.close_connection = True
        finally:
            received.done.set()

    def _plain(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer, received: Received) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._event({"role": "assistant", "content": ""})
        self._wait(answer.first_token_s)
        for number, delta in enumerate(_deltas(answer)):
            if number == answer.hang_after:
                self._wait(None)
            if number == answer.cut_after:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            received.sent.append(time.monotonic())
            self._event(delta)
            self._wait(1 / answer.tokens_per_s if answer.tokens_per_s else 0)
        self._event({}, "tool_calls" if answer.tools else "stop")
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "stub", "object": "chat.completion.chunk", "created": 0, "model": "stub", "choices": [choice]}
        self._chunk(f"data: {json.dumps(chunk)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _wait(self, seconds: float | None) -> None:
        """Waits, forever if None, and notices at once if the client leaves."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self._stub_server.closing.is_set():
            left = 0.1 if end is None else max(0.0, end - time.monotonic())
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.1))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise _ClientLeft
            if end is not None and time.monotonic() >= end:
                return
        raise _ClientLeft

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    for piece in re.findall(r"\s*\S+", answer.reasoning):
        yield {"reasoning_content": piece}
    for piece in re.findall(r"\s*\S+\s*$|\s*\S+", answer.text) if isinstance(answer.text, str) else answer.text:
        yield {"content": piece}
    for index, (name, arguments) in enumerate(answer.tools):
        # As OpenAI does: first the name, then the arguments in pieces.
        call = {"index": index, "id": f"call_{time.monotonic_ns()}", "type": "function"}
        yield {"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]}
        for piece in (arguments[:4], arguments[4:]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
