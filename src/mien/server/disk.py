"""Room for what is sent to the server, on the disk where jobs are kept."""

from __future__ import annotations

import contextlib
import errno
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from mien.errors import OutputError
from mien.settings import Settings

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
            with contextlib.suppress(OSError):  # gone already, or not to be removed: no reason to refuse what comes
                if left.stat().st_mtime < time.time() - _OLD_S:
                    left.unlink()
    return folder / f"{secrets.token_hex(16)}{suffix}"


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
