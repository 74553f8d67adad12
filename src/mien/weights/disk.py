"""Files that appear whole or not at all, and disk errors as sentences."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mien.errors import OutputError, WeightsError

BLOCK = 1 << 18
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turns what the operating system says about writing at `place` into `OutputError`."""
    try:
        yield
    except OSError as error:
        raise full_disk(place) if error.errno in _FULL else _refused(place, error) from error


def full_disk(place: Path) -> OutputError:
    return OutputError(f"The disk is full: {place} cannot be written.", hint="Free some space, or set MIEN_CACHE_DIR.")


def _refused(place: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"{place} cannot be written: {reason}.", hint="Set MIEN_CACHE_DIR to a folder you may write to.")


@contextmanager
def reading(place: Path) -> Iterator[None]:
    """Turns what the operating system says about reading `place` into `WeightsError`."""
    try:
        yield
    except OSError as error:
        raise WeightsError(f"{place} cannot be read: {error.strerror or error}.") from error


def sha256_of(path: Path) -> str:
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(blocks: Iterable[bytes], target: Path, *, sha256: str | None = None) -> None:
    """Writes `target` beside itself and renames it when complete; of several writers at once any one wins.

    Args:
        sha256: what the bytes must be; None if they were made here.

    Raises:
        WeightsError: the bytes are others; nothing is kept.
        OutputError: the folder cannot be written to, or the disk is full.
    """
    digest = hashlib.sha256()
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                for block in blocks:
                    digest.update(block)
                    file.write(block)
            if sha256 is not None and digest.hexdigest() != sha256:
                raise WeightsError(f"{target.name} has other bytes than expected (not sha256 {sha256[:12]}…)")
            # mkstemp makes files that only their owner reads; a shared cache needs the usual rights.
            temporary.chmod(0o644)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def blocks_of(path: Path) -> Iterator[bytes]:
    with reading(path), path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
