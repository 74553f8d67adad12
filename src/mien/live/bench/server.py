"""A `mien serve` of one's own to measure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from mien.errors import RenderError
from mien.settings import load

_STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server and its processes have used.

    Args:
        server_s: processor time of the server itself, seconds.
        children_s: of its processes that run.
        memory_mb: of all together; memory that they share counts once where the system tells.
        server_mb: of the server itself.
        processes, threads, files: open now; threads and files of the server itself.
    """

    server_s: float
    children_s: float
    memory_mb: float
    server_mb: float
    processes: int
    threads: int
    files: int


class ServerProcess:
    """A server on a free port of this machine; a context manager. It has the user's avatars and voices, but neither tokens nor jobs.

    Args:
        environment: settings (`MIEN_…`) beside those of this process.
        start_timeout_s: until it must answer.

    Raises:
        RenderError: it does not start.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, start_timeout_s: float = 120.0) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mien-bench-", ignore_cleanup_errors=True)
        own = {"MIEN_DATA_DIR": _lent(Path(self._folder.name)), "MIEN_SERVER_TOKEN": "", "MIEN_DATABASE_URL": ""}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mien", "serve", "--no-workers", "--port", "0", "--json"],
            env={**os.environ, **own, **(environment or {})},
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            # Ctrl-C ends what measures; it then ends the server in order.
            start_new_session=True,
        )
        try:
            self.url: str = self._told(start_timeout_s)["url"].rstrip("/")
        except BaseException:
            self.stop()
            raise
        self._tree = psutil.Process(self._process.pid)

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def usage(self) -> Usage:
        """What it has used until now."""
        own = self._tree.cpu_times()
        children = [child for child in self._tree.children(recursive=True) if child.is_running()]
        children_s = sum(times.user + times.system for times in (child.cpu_times() for child in children))
        return Usage(
            server_s=own.user + own.system,
            children_s=children_s,
            memory_mb=sum(map(_memory_mb, (self._tree, *children))),
            server_mb=_memory_mb(self._tree),
            processes=len(children),
            threads=self._tree.num_threads(),
            files=self._tree.num_fds() if hasattr(self._tree, "num_fds") else 0,
        )

    def client(self) -> httpx.AsyncClient:
        """For its API."""
        return httpx.AsyncClient(base_url=self.url, timeout=60.0)

    def stop(self) -> None:
        """Ends it and waits until it has gone; may be called twice."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._folder.cleanup()

    def _told(self, timeout_s: float) -> dict[str, str]:
        """Its first line."""
        assert self._process.stdout is not None
        watch = threading.Timer(timeout_s, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        try:
            told = json.loads(line)
            return {"url": told["url"]}
        except (ValueError, KeyError, TypeError) as error:
            raise RenderError(
                "The server did not start.", hint="Run mien serve, and see what it says.", retryable=True
            ) from error


_LENT = ("avatars", "piper", "recognizers")


def _lent(folder: Path) -> str:
    """A data folder with what the user's own one has to show and to speak with."""
    own = load().data_dir
    for name in _LENT:
        if (own / name).is_dir():
            (folder / name).symlink_to(own / name, target_is_directory=True)
    return str(folder)


def _memory_mb(process: psutil.Process) -> float:
    try:
        full = process.memory_full_info()
        return getattr(full, "pss", full.uss) / 2**20
    except (psutil.AccessDenied, AttributeError):
        return process.memory_info().rss / 2**20
