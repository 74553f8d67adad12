"""Which workers are alive, and which have died.

A worker holds a lock that the system frees when it dies, however that happens: of a file where the jobs are in SQLite, in the
database where they are in PostgreSQL, so that machines see each other's. Beside it stands a small file for people.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mien.jobs.database import database_url, is_sqlite
from mien.jobs.folder import read_json, write_json
from mien.settings import Settings

BEAT_S = 5.0
_SILENT_S = 3 * BEAT_S


class Claim:
    """The lock of one worker's name.

    Args:
        settings: see `mien.settings`.
        name: the worker's.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        url = database_url(settings)
        self._lock = _FileClaim(_folder(settings) / f"{name}.lock") if is_sqlite(url) else _DatabaseClaim(url, name)

    def take(self) -> bool:
        """Whether nobody else holds it; if so, it is held from now on. Blocks shortly."""
        return self._lock.take()

    def held(self) -> bool:
        """Whether it is still held: a connection can break."""
        return self._lock.held()

    def release(self) -> None:
        self._lock.release()


class _FileClaim:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path, timeout=0, thread_local=False)

    def take(self) -> bool:
        try:
            self._lock.acquire()
        except Timeout:
            return False
        return True

    def held(self) -> bool:
        return self._lock.is_locked

    def release(self) -> None:
        self._lock.release()


class _DatabaseClaim:
    """A session's advisory lock: it ends with the connection, which the server notices by TCP keepalives."""

    def __init__(self, url: str, name: str) -> None:
        self._address = url.replace("+psycopg", "", 1)
        self._key = int.from_bytes(hashlib.sha256(f"mien worker {name}".encode()).digest()[:8], "big", signed=True)
        self._connection: Any = None

    def take(self) -> bool:
        import psycopg

        self.release()  # what is left of a broken connection
        self._connection = psycopg.connect(
            self._address,
            autocommit=True,
            connect_timeout=5,
            keepalives=1,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,  # where something was sent and not acknowledged, keepalives do nothing
            # The server's own, which decide when it frees the lock of a machine that has vanished; two hours otherwise.
            options="-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
        )
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
        if row and row[0]:
            return True
        self.release()
        return False

    def held(self) -> bool:
        import psycopg

        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def name_of(queue: str, gpu: int | None, number: int) -> str:
    """A worker's name, the same after every start: its host, its queue, and a number from the second one on."""
    host = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in socket.gethostname())
    return f"{host}:{queue}{'' if gpu is None else gpu}{'' if number == 1 else f'-{number}'}"


def beat(settings: Settings, name: str, queue: str) -> None:
    """Says that a worker is alive; to be called every `BEAT_S`."""
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    said = {"name": name, "queue": queue, "host": socket.gethostname(), "pid": os.getpid(), "time": time.time()}
    write_json(folder / f"{name}.json", said, durable=False)


def gone(settings: Settings, name: str) -> None:
    with suppress(OSError):
        (_folder(settings) / f"{name}.json").unlink()


def alive(settings: Settings) -> list[dict[str, Any]]:
    """Those who said so lately: name, queue, host, pid."""
    said = filter(None, (read_json(path) for path in _folder(settings).glob("*.json")))
    return sorted((one for one in said if time.time() - one["time"] < _SILENT_S), key=lambda one: one["name"])


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "workers"
