"""The program that runs a recogniser: `python -m mien.speech.recognizers.worker`, spoken to as `wire` says.

One thread reads, so that the end of the parent ends this process even while it works; the main thread recognises. A recogniser that
waits for a server waits in threads of its own.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from mien import log, plugins
from mien.errors import MienError, RecognizerError
from mien.settings import Settings
from mien.speech.recognizer import Recognition, Recognizer, RecognizerSpec
from mien.speech.recognizers import wire
from mien.types import Samples

logger = logging.getLogger(__name__)

_REQUESTS_AT_ONCE = 8


class Inbox:
    """Messages from the parent, read ahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # Not bounded here: the parent sends no more than it may be behind with.
        self._messages: queue.SimpleQueue[wire.Message] = queue.SimpleQueue()
        self.dropped: set[int] = set()
        """Utterances that nobody waits for."""

    def start(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def take(self) -> wire.Message:
        """The next message; blocks."""
        return self._messages.get()

    def _read(self) -> None:
        while (message := wire.read(self._stream)) is not None:
            if message[0].get("do") == "drop":
                self.dropped.add(message[0]["id"])
            self._messages.put(message)
        os._exit(0)


class Outbox:
    """Messages to the parent, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, **head: Any) -> None:
        with self._lock:
            self._stream.write(wire.pack(head))
            self._stream.flush()

    def fail(self, error: Exception, **head: Any) -> None:
        if not isinstance(error, MienError):
            logger.error("recognizer_failed", exc_info=error)
            error = RecognizerError(
                f"The recogniser met an error of its own: {type(error).__name__}.",
                hint="Look at the log.",
                retryable=True,
            )
        self.send(error=error.as_dict(), **head)


class Worker:
    """The utterances under way, and what is done with each message."""

    def __init__(self, spec: RecognizerSpec, recognizer: Recognizer, inbox: Inbox, outbox: Outbox) -> None:
        self._recognizer = recognizer
        self._inbox, self._outbox = inbox, outbox
        self._open: dict[int, Recognition] = {}
        self._pool = ThreadPoolExecutor(_REQUESTS_AT_ONCE) if spec.network else None

    def run(self) -> None:
        """Never returns."""
        while True:
            head, samples = self._inbox.take()
            try:
                self._do(head, samples)
            except Exception as error:  # noqa: BLE001 - one utterance must not end the others
                self._open.pop(head["id"], None)
                self._outbox.fail(error, id=head["id"])

    def _do(self, head: dict[str, Any], samples: Samples) -> None:
        number, action = head["id"], head["do"]
        if number in self._inbox.dropped:
            self._forget(head)
        elif action == "begin":
            self._open[number] = self._recognizer.recognize(head["language"])
        elif number not in self._open:
            return  # it failed before
        elif action == "push":
            self._outbox.send(id=number, heard=len(samples), text=self._open[number].push(samples))
        elif self._pool:
            self._pool.submit(self._finish, number, self._open.pop(number))
        else:
            self._finish(number, self._open.pop(number))

    def _finish(self, number: int, recognition: Recognition) -> None:
        try:
            self._outbox.send(id=number, final=recognition.finish())
        except Exception as error:  # noqa: BLE001 - the outermost frame of a thread
            self._outbox.fail(error, id=number)

    def _forget(self, head: dict[str, Any]) -> None:
        recognition = self._open.pop(head["id"], None)
        if recognition:
            recognition.cancel()
        if head["do"] == "drop":  # the last one of it
            self._inbox.dropped.discard(head["id"])


def main() -> None:
    # What libraries print must not fall between the answers.
    outbox = Outbox(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    inbox = Inbox(sys.stdin.buffer)
    inbox.start()
    hello, _ = inbox.take()
    try:
        settings = Settings(**hello["settings"])
        log.configure(settings.log_level)
        spec: RecognizerSpec = plugins.spec(plugins.RECOGNIZERS, hello["engine"])
        recognizer: Recognizer = plugins.load(spec)(settings, hello["model"])
    except Exception as error:  # noqa: BLE001 - the parent is told
        outbox.fail(error)
        os._exit(0)  # the inbox's thread still reads, and Python aborts when it ends while one does
    outbox.send(ready=True)
    Worker(spec, recognizer, inbox, outbox).run()


if __name__ == "__main__":
    main()
