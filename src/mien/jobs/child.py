"""A job's process: `python -P -m mien.jobs.child`, started by `mien.jobs.runner`.

It imports what jobs need, and waits for one line on its standard input: `{"folder": ID, "attempt": n}` for a job, `{"inspect": PATH}` for
a look at a picture. So one that was started beforehand begins within tens of milliseconds. What it says, see `mien.jobs.protocol`. When its
input ends, whoever started it is dead, and it ends itself and all processes that it has started.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import math
import os
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import psutil
from filelock import FileLock, Timeout

from mien import log, settings
from mien.errors import Cancelled, JobError, MienError, NotFoundError
from mien.jobs import protocol
from mien.jobs.folder import JobFolder
from mien.jobs.kinds import KINDS, Context
from mien.jobs.request import REQUESTS
from mien.settings import Settings
from mien.types import Progress

logger = logging.getLogger("mien.jobs.child")  # not __name__: that is "__main__"

_PROGRESS_S = 0.05
_LOCK_S = 10.0
"""How long the process of an earlier attempt may take to be gone."""
_PR_SET_CHILD_SUBREAPER = 36


class Wire:
    """Messages to whoever started this process; safe to use from several threads.

    Args:
        file: descriptor that they are written to.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stage = ""
        self._due = 0.0

    def send(self, message: bytes) -> None:
        """Blocks while nobody reads. What nobody can read any more is lost: the end of the input tells of that."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            while message:
                message = message[os.write(self._file, message) :]

    def report(self, progress: Progress) -> None:
        """Leaves out what comes too soon after the one before, unless a stage begins or ends."""
        now = time.monotonic()
        ends = progress.total is not None and progress.done >= progress.total
        if progress.stage == self._stage and not ends and now < self._due:
            return
        self._stage, self._due = progress.stage, now + _PROGRESS_S
        fields = {"stage": progress.stage, "done": progress.done, "total": progress.total, "unit": progress.unit}
        self.send(protocol.encode("progress", fields))

    def metric(self, step: int, **values: float) -> None:
        finite = {name: float(value) for name, value in values.items() if math.isfinite(value)}
        if len(finite) < len(values):
            self.log(f"step {step}: not a number: {', '.join(values.keys() - finite.keys())}")
        self.send(protocol.encode("metric", {"step": step, "values": finite}))

    def artifact(self, name: str, step: int) -> None:
        self.send(protocol.encode("artifact", {"name": name, "step": step}))

    def log(self, text: str) -> None:
        self.send(protocol.encode("log", {"text": text}))

    def context(self) -> Context:
        return Context(report=self.report, metric=self.metric, artifact=self.artifact)


def main() -> None:
    wire = Wire(_own_output())
    _adopt_orphans()
    orders: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    _import_ahead()
    code = _answer(orders.get(), wire)
    logging.shutdown()
    # Not by the usual way: what the libraries would tidy up goes with the process, and the answer is awaited.
    sys.stderr.flush()
    os._exit(code)


def _answer(line: bytes, wire: Wire) -> int:
    """Does what a line asks for; gives the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        order = json.loads(line)
        loaded = settings.load()
        log.configure(min(loaded.log_level, "info", key=["debug", "info", "warning", "error"].index))
        result = _inspect(order["inspect"], loaded) if "inspect" in order else _work(order["folder"], loaded, wire)
    except MienError as error:
        wire.send(protocol.encode_error(error))
    except KeyboardInterrupt:
        wire.send(protocol.encode_error(Cancelled("The job was stopped.")))
    except Exception as error:
        logger.exception("job_failed")
        what = f"{type(error).__name__}: {error}"
        wire.send(protocol.encode_error(JobError(f"The job failed: {what}.", hint="Its log tells more.")))
    else:
        wire.send(protocol.encode("result", {"result": result}))
        return 0
    return 1


def _work(id: str, loaded: Settings, wire: Wire) -> dict[str, Any]:
    folder = JobFolder(loaded, id)
    job = folder.job()
    with _alone(folder):
        wire.send(protocol.encode("start", {"pid": os.getpid()}))
        outcome = folder.outcome()
        if outcome is None:
            request = REQUESTS[job.kind].model_validate(job.request)
            outcome = KINDS[job.kind].run(folder, request, loaded, wire.context())
            folder.finish(outcome)
        shutil.rmtree(folder.work, ignore_errors=True)
    return outcome


def _inspect(path: str, loaded: Settings) -> dict[str, Any]:
    # The room of verbs is heavy, and `_import_ahead` has loaded it already.
    from dataclasses import asdict

    from mien.studio.inspect import inspect_picture

    return asdict(inspect_picture(Path(path), loaded))


@contextlib.contextmanager
def _alone(folder: JobFolder) -> Iterator[None]:
    """Waits for the process of an earlier attempt: the lock is free only when that is gone, however it ended."""
    try:
        with FileLock(folder.path / "lock", timeout=_LOCK_S):
            yield
    except Timeout as error:
        raise JobError(
            "Another process still works on this job.", hint="Try again in a minute.", retryable=True
        ) from error
    except FileNotFoundError as error:
        if folder.path.exists():
            raise
        raise NotFoundError("The job was deleted.", hint="Start it again.") from error


def _own_output() -> int:
    """The descriptor for messages; what libraries print goes to the log instead."""
    file = os.dup(1)
    os.dup2(2, 1)
    return file


def _adopt_orphans() -> None:
    """Processes that lose their parents become children of this one, where they are found when the job ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _import_ahead() -> None:
    from mien import plugins
    from mien.studio import AUTO
    from mien.studio.engines import engine_for_picture

    for kind in KINDS.values():
        _ = kind.run
    try:
        plugins.load(engine_for_picture(AUTO))
    except Exception:
        # Whether it matters is seen when the job comes: it may be for another engine.
        logger.exception("not_imported_ahead")


def _listen(orders: queue.Queue[bytes]) -> None:
    # Unbuffered: a buffer's lock that a thread holds cannot be had when the interpreter ends.
    with open(0, "rb", buffering=0, closefd=False) as file:
        for line in file:
            orders.put(line)
    _end_all()


def _end_all() -> NoReturn:
    """Ends this process and all that it has started, at once."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _interrupt(*_: object) -> None:
    """Leaves the work by the way on which temporary files are removed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
