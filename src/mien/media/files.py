"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mien.errors import AlreadyExistsError, OutputError


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Says before any work is done whether a file can be put at `path`.

    Raises:
        AlreadyExistsError: there is a file and `overwrite` is off.
        OutputError: the folder is missing or not a folder, or the path is a folder or a device.
    """
    with writing(path):
        if path.is_dir():
            raise OutputError(f"{path} is a folder.", hint="Name a file in it.")
        if not path.parent.is_dir():
            raise OutputError(f"The folder {path.parent} does not exist.", hint="Make it first, or name another.")
        if not path.exists():
            return
        if not path.is_file():
            raise OutputError(f"{path} is not an ordinary file.", hint="Name another output file.")
    if not overwrite:
        raise AlreadyExistsError(
            f"{path} exists already.", hint="Allow overwriting (--overwrite), or name another file."
        )


@contextmanager
def atomic_output(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Gives the path of a temporary file beside `path` that takes its place when the block ends well.

    From then on the file survives a power cut, which otherwise might leave an empty one. Whatever ends the block otherwise, an interrupt included, the temporary file is removed.

    Raises:
        AlreadyExistsError: there is a file and `overwrite` is off.
        OutputError: the file cannot be made or put in its place. What the block raises passes through; see `writing`.
    """
    check_output(path, overwrite=overwrite)
    target = Path(os.path.realpath(path))  # unlike `resolve`, it makes nothing of a link that leads to itself
    part = target.with_name(f".{target.stem[:40]}.{secrets.token_hex(4)}.part{target.suffix}")
    with writing(path):
        # Not mkstemp: its 0600 would stay on the finished file instead of what the umask says.
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield part
        check_output(path, overwrite=overwrite)
        with writing(path):
            sync_file(part)
            part.replace(target)
            sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Waits until a file's content is on the disk; raises OSError."""
    file = os.open(path, os.O_RDWR)  # Windows flushes no file that is open for reading only
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    """Waits until the names of a folder's files are on the disk; raises OSError."""
    if os.name == "nt":
        return  # it opens no folders, and keeps their changes in a journal by itself
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the system's refusals inside the block into an `OutputError` about `path`."""
    try:
        yield
    except OSError as error:
        raise _output_error(path, error) from error


def write_bytes(path: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Writes a file whole or not at all; raises as `atomic_output`."""
    with atomic_output(path, overwrite=overwrite) as part, writing(path):
        part.write_bytes(data)


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def _output_error(path: Path, error: OSError) -> OutputError:
    """The system's reason for a failed write, in plain words."""
    if error.errno in _FULL:
        return OutputError(
            f"{path} cannot be written: no space is left.",
            hint="Free some space, or name another folder.",
            retryable=True,
        )
    if error.errno in _REFUSED:
        return OutputError(
            f"{path} cannot be written: the folder {path.parent} is read-only for this user.",
            hint="Name another folder.",
        )
    return OutputError(f"{path} cannot be written: {error.strerror or error}.", hint="Name another output file.")
