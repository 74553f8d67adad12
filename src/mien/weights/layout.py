"""Where the store keeps what: `CACHE_DIR/weights/NAME/FILE`, and converted files beside their originals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mien.types import Progress, Report
from mien.weights import disk
from mien.weights.catalog import Catalog, Entry

_POLL_S = 0.2


class Layout:
    def __init__(self, cache_dir: Path, catalog: Catalog) -> None:
        self.folder = cache_dir / "weights"
        self.catalog = catalog

    def original(self, entry: Entry) -> Path:
        """The file as it was published."""
        return self.folder / entry.name / entry.file

    def part(self, entry: Entry) -> Path:
        """A download that is not complete."""
        original = self.original(entry)
        return original.with_name(f"{original.name}.part")

    def ready(self, entry: Entry) -> Path:
        """The file that the engines use; a converted one carries the converter's version."""
        original = self.original(entry)
        return original.with_name(f"{original.stem}.v{self.catalog.converter}.onnx") if entry.convert else original

    def record(self, entry: Entry) -> Path:
        """What is known of a file whose hash the catalog does not know: its sha256 and its size when it was imported."""
        original = self.original(entry)
        return original.with_name(f"{original.name}.sha256")

    def pinned(self, entry: Entry) -> tuple[str, int] | None:
        """The sha256 and the size that the original must have; None: it was not yet imported."""
        if entry.sha256:
            return entry.sha256, entry.size
        try:
            sha256, size = self.record(entry).read_text(encoding="ascii").split()
            return sha256, int(size)
        except (OSError, ValueError):
            return None

    def has_original(self, entry: Entry) -> bool:
        """Whether the file is there in its full size. Its hash was checked when it was placed."""
        original, pinned = self.original(entry), self.pinned(entry)
        return pinned is not None and original.is_file() and original.stat().st_size == pinned[1]

    def is_ready(self, entry: Entry) -> bool:
        return self.ready(entry).is_file() if entry.convert else self.has_original(entry)

    @contextmanager
    def lock(self, name: str, report: Report) -> Iterator[None]:
        """Holds the store's lock of that name, against other threads and processes; `report` may cancel the wait.

        Who needs several takes an entry's lock first and a wheel's lock second.
        """
        file = self.folder / f".{name}.lock"
        with disk.writing(file):
            self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file)
        started = time.monotonic()
        while not _acquired(lock):
            report(Progress("wait", time.monotonic() - started, None, "seconds"))
        try:
            yield
        finally:
            lock.release()


def _acquired(lock: FileLock) -> bool:
    with disk.writing(Path(lock.lock_file)):
        try:
            lock.acquire(timeout=_POLL_S)
        except Timeout:
            return False
    return True
