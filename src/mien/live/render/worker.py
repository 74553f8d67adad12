"""The render process: `python -m mien.live.render.worker`, started by `Child`.

The main thread draws. One thread reads messages, another opens avatars, which takes up to seconds; both only put things into the
main thread's queue. The process ends when its input ends, which is when the server ends, however that happens.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

import cv2
import numpy as np

from mien import log
from mien.avatars import builtin_names
from mien.errors import MienError, RenderError
from mien.live.render import protocol
from mien.live.render.drawing import LEAD, Drawn, Speaker
from mien.live.render.protocol import Head
from mien.live.render.ring import Ring, open_file
from mien.settings import Settings
from mien.studio import RenderOptions
from mien.studio.create import open_named_avatar
from mien.studio.engines import engine_of_package, load_engine, open_session
from mien.types import Engine, RenderSession

T = TypeVar("T")

logger = logging.getLogger("mien.live.render.worker")  # not __name__: that is "__main__"

_GRACE_S = 2.0
"""After the end of the input a frame that is being drawn may be finished."""
_ORPHAN_CHECK_S = 2.0


class Engines:
    """Opens sessions; each engine is loaded once and shared by all of them. Used by one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loaded: dict[str, Engine] = {}

    def open(self, avatar: str, engine: str, options: RenderOptions) -> RenderSession:
        package = open_named_avatar(avatar, self._settings, engine=engine)
        spec = engine_of_package(package, engine)
        if spec.name not in self._loaded:
            self._loaded[spec.name] = load_engine(spec, self._settings)
        return open_session(self._loaded[spec.name], package, options)

    def warm(self) -> None:
        """Draws something, so that the first user does not wait for what is loaded and compiled on first use."""
        try:
            session = self.open(builtin_names()[0], "auto", RenderOptions(size=128))
            session.idle_frame()
            session.push_audio(np.zeros(1600, np.float32))
            session.end_segment()
            list(session.frames())
        except MienError as error:
            logger.warning("not_warmed", extra={"why": error.message})
        except Exception:
            logger.exception("not_warmed")


class Worker:
    """All streams of the process.

    Args:
        settings: see `mien.settings`.
        output: where messages go.
    """

    def __init__(self, settings: Settings, output: BinaryIO) -> None:
        self._output = output
        self._parent = os.getppid()
        self._engines = Engines(settings)
        self._opener = ThreadPoolExecutor(1, thread_name_prefix="opener")
        self._streams: dict[int, _Stream] = {}
        self._opening: set[int] = set()
        self.queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        """What the main thread shall do next; None: end."""

    def run(self) -> None:
        """Draws until the queue says that it is the end."""
        self._opener.submit(self._warm)
        busy = True
        while self._work(block=not busy):
            busy = self._draw()

    def receive(self, head: Head, body: bytes) -> None:
        """Carries out a message."""
        op, stream = head["op"], head["stream"]
        if op == "open":
            self._begin_to_open(head)
        elif op == "close":
            self._opening.discard(stream)
            self._close(stream)
        elif stream in self._streams:
            self._guarded(stream, lambda: self._streams[stream].receive(head, body))

    def _work(self, *, block: bool) -> bool:
        """Does all that waits in the queue; False at the end."""
        while True:
            try:
                task = self.queue.get(block, _ORPHAN_CHECK_S)
            except queue.Empty:
                if not block:
                    return True
                # Another process that was forked from the server may keep our input open.
                if os.getppid() != self._parent:
                    return False
                continue
            if task is None:
                return False
            task()
            block = False

    def _draw(self) -> bool:
        """Draws one frame for the stream that has the fewest waiting, and, where networks put their pictures off, one for each stream, so that
        they are made in one call; False if none is due.
        """
        due: list[tuple[_Stream, Drawn]] = []
        for stream in sorted(self._streams.values(), key=lambda stream: stream.speaker.waiting):
            drawn = self._guarded(stream.number, stream.speaker.draw)
            if drawn is not None:
                # Among equals the others come first next time.
                self._streams[stream.number] = self._streams.pop(stream.number)
                due.append((stream, drawn))
                if not drawn.put_off:
                    break
        for stream, drawn in due:
            self._guarded(stream.number, lambda stream=stream, drawn=drawn: self.send(stream.put(drawn)))
        return bool(due)

    def _guarded(self, stream: int, work: Callable[[], T]) -> T | None:
        """An engine that fails ends its own stream only."""
        try:
            return work()
        except Exception:
            logger.exception("stream_failed", extra={"stream": stream})
            self._close(stream)
            self.send(protocol.pack({"op": "failed", "stream": stream}))
            return None

    def _close(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            stream.ring.close()

    def send(self, message: bytes) -> None:
        self._output.write(message)
        self._output.flush()

    def _warm(self) -> None:
        self._engines.warm()
        self.queue.put(lambda: self.send(protocol.pack({"op": "warm"})))

    def _begin_to_open(self, head: Head) -> None:
        try:
            file = open_file(Path(head["file"]))
        except FileNotFoundError:
            return  # The server does not want it any more.
        self._opening.add(head["stream"])
        self._opener.submit(self._open, head, file)

    def _open(self, head: Head, file: int) -> None:
        number = head["stream"]
        try:
            session = self._engines.open(head["avatar"], head["engine"], RenderOptions(**head["options"]))
            stream = _Stream(number, session, file)
        except MienError as error:
            answer = protocol.pack_error(number, error)
        except Exception:
            logger.exception("open_failed", extra={"stream": number})
            answer = protocol.pack_error(
                number,
                RenderError(f"The avatar {head['avatar']!r} could not be opened.", hint="Look at the server's log."),
            )
        else:
            self.queue.put(lambda: self._opened(stream))
            return
        finally:
            os.close(file)
        self.queue.put(lambda: self.send(answer))

    def _opened(self, stream: _Stream) -> None:
        if stream.number not in self._opening:
            stream.ring.close()
            return
        self._opening.discard(stream.number)
        self._streams[stream.number] = stream
        self.send(stream.description())


class _Stream:
    """A speaker and the memory that its pictures go to."""

    def __init__(self, number: int, session: RenderSession, file: int) -> None:
        self.number = number
        self._session = session
        self.speaker = Speaker(session)
        # Planar YUV 4:2:0 knows no odd sizes.
        self._size = session.size[0] // 2 * 2, session.size[1] // 2 * 2
        self.ring = Ring(file, LEAD, self._size)
        self._free = list(range(LEAD))

    def description(self) -> bytes:
        return protocol.pack(
            {
                "op": "opened",
                "stream": self.number,
                "size": self._size,
                "slots": LEAD,
                "fps": self._session.fps,
                "latency_frames": self._session.latency_frames,
                "actions": getattr(self._session, "actions", ()),
            }
        )

    def receive(self, head: Head, body: bytes) -> None:
        match head["op"]:
            case "push":
                self.speaker.push(head["generation"], protocol.unpack_chunk(head, body))
            case "end":
                self.speaker.end_segment(head["generation"])
            case "clear":
                self.speaker.clear(head["generation"])
            case "act":
                self.speaker.act(head["name"])
            case "listen":
                self.speaker.listen(head["on"])
            case "taken":
                self._free += head["slots"]
                self.speaker.waiting = LEAD - len(self._free)

    def put(self, drawn: Drawn) -> bytes:
        """Writes the picture into shared memory; the message that says so."""
        slot = self._free.pop()
        self.speaker.waiting = LEAD - len(self._free)
        width, height = self._size
        cv2.cvtColor(drawn.frame.image[:height, :width], cv2.COLOR_RGB2YUV_I420, dst=self.ring[slot])
        head = {
            "op": "frame",
            "stream": self.number,
            "slot": slot,
            "generation": drawn.generation,
            "idle": drawn.idle,
            "first": drawn.first,
            "last": drawn.last,
            "position_s": drawn.position_s,
        }
        return protocol.pack(head, drawn.sound.tobytes())


def _read(source: BinaryIO, worker: Worker) -> None:
    for head, body in protocol.messages(source):
        worker.queue.put(lambda head=head, body=body: worker.receive(head, body))
    worker.queue.put(None)
    time.sleep(_GRACE_S)
    os._exit(0)


def main() -> None:
    # Ctrl-C in a terminal reaches all processes: the server decides what follows from it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    # Whatever a library prints must not come between the messages.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    head, _ = next(protocol.messages(source))
    settings = Settings(**head["settings"])
    log.configure(settings.log_level)
    worker = Worker(settings, output)
    worker.send(protocol.pack({"op": "ready"}))
    threading.Thread(target=_read, args=(source, worker), name="reader", daemon=True).start()
    worker.run()
    # At once: nothing is to be saved, and an avatar that is just being opened would be waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
