"""Room for what is sent to the server, on the disk where jobs are kept."""

from __future__ import annotations

import contextlib
import errno
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from mien.errors import OutputError
from mien.settings import Settings

SPARE_MB = 200
"""Disk space that is left to what is running."""

_OLD_S = 86_400.0
"""What nobody has written to for so long was left behind by a server that was killed."""


def new_path(settings: Settings, suffix: str) -> Path:
    """A free name in a folder beside the jobs', so that taking a file over is one renaming.

    Raises:
        OutputError: the folder cannot be made.
    """
    folder = settings.data_dir / "uploads"
    with writing():
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - _OLD_S:
                    left.unlink()
    return folder / f"{secrets.token_hex(16)}{suffix}"


def check(settings: Settings, wanted_bytes: int) -> None:
    """Says before anything is taken in whether it would fit.

    Raises:
        OutputError: it would not.
    """
    with writing():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.data_dir).free
    quota = settings.jobs_disk_mb << 20
    if free - wanted_bytes < SPARE_MB << 20:
        raise OutputError(
            f"Only {free >> 20} MB are free on this server's disk.",
            hint="Delete videos and jobs that are not needed.",
            retryable=True,
        )
    if quota and wanted_bytes > quota:
        raise OutputError(
            f"All jobs together may use {settings.jobs_disk_mb} MB.", hint="Raise the setting jobs_disk_mb."
        )


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Without the path, which is nobody's business, unlike `mien.media.files.writing`."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        why = "no space is left" if full else error.strerror or type(error).__name__
        raise OutputError(
            f"The file cannot be kept on this server: {why}.",
            hint="Delete videos and jobs that are not needed." if full else "Look at the rights of the data folder.",
            retryable=full,
        ) from error
