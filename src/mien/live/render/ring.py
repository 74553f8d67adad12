"""Memory that two processes share: a few pictures of one stream."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from mien.live.slices import Picture

_MEMORY = Path("/dev/shm")  # noqa: S108 - mkstemp makes names that nobody can guess
_ENOUGH_BYTES = 64 << 20


class Ring:
    """A file without a name, mapped into memory.

    Args:
        fd: of the file; may be closed afterwards.
        slots: how many pictures it holds.
        size: width and height of a picture, even numbers.

    Raises:
        OSError: there is no room.
    """

    def __init__(self, fd: int, slots: int, size: tuple[int, int]) -> None:
        width, height = size
        length = slots * width * height * 3 // 2
        # Without room for it a process would be killed when it writes.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, length)
        else:
            os.ftruncate(fd, length)
        self._memory = mmap.mmap(fd, length)
        self._slots = np.frombuffer(self._memory, np.uint8).reshape(slots, height * 3 // 2, width)

    def __getitem__(self, slot: int) -> Picture:
        """The picture in a slot as it is now, to read or to write; not to be kept beyond `close`."""
        return self._slots[slot]

    def close(self) -> None:
        """Gives the memory back; may be called twice."""
        self._slots = np.zeros((0, 0, 0), np.uint8)
        # A picture that is still referenced keeps the mapping until it goes.
        with suppress(BufferError):
            self._memory.close()


def new_file() -> tuple[int, Path]:
    """An empty file, in memory where the system offers that: its descriptor and name."""
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    fd, name = tempfile.mkstemp(prefix="mien-", dir=_MEMORY if in_memory else None)
    return fd, Path(name)


def open_file(path: Path) -> int:
    """Opens the other side's file and takes its name away, so that nothing can be left behind."""
    fd = os.open(path, os.O_RDWR)
    # Windows keeps the name of a file in use; the other side removes it later.
    with suppress(OSError):
        path.unlink()
    return fd
