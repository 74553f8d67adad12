"""Files brought by hand: recognised by their content, whatever they are called."""

from __future__ import annotations

import zipfile
from pathlib import Path

from mien.errors import WeightsError
from mien.types import silent
from mien.weights import disk, wheel
from mien.weights.catalog import Entry
from mien.weights.layout import Layout


def take_in(path: Path, layout: Layout) -> list[Entry]:
    """Copies every entry that `path` is or holds into the store.

    Any wheel will do that holds the same files, not only the pinned one: each file is checked by itself.

    Raises:
        WeightsError: the file cannot be read, or is none that the catalog knows.
        OutputError: the store cannot be written to.
    """
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.", hint="Name a model file or a wheel that holds some.")
    # As itself first: a TensorFlow Lite file with metadata is a zip file too.
    taken = _as_itself(path, layout) or _from_wheel(path, layout)
    if not taken:
        wanted = ", ".join(f"{entry.file} (sha256 {entry.sha256[:12]}…)" for entry in layout.catalog.entry)
        raise WeightsError(f"{path} is none of the known model files.", hint=f"Known: {wanted}.")
    return taken


def _as_itself(path: Path, layout: Layout) -> list[Entry]:
    sha256 = disk.sha256_of(path)
    taken = [entry for entry in layout.catalog.entry if entry.sha256 == sha256]
    for entry in taken:
        with layout.lock(entry.name, silent):
            disk.place(disk.blocks_of(path), layout.original(entry), sha256=entry.sha256)
    return taken


def _from_wheel(path: Path, layout: Layout) -> list[Entry]:
    if not zipfile.is_zipfile(path):
        return []
    members = wheel.members(path)
    return [entry for entry in layout.catalog.entry if _take_member(path, members, entry, layout)]


def _take_member(path: Path, members: dict[str, int], entry: Entry, layout: Layout) -> bool:
    for member, size in members.items():
        if size != entry.size or not wheel.member_has_hash(path, member, size, entry.sha256):
            continue
        with layout.lock(entry.name, silent):
            disk.place(wheel.extract(path, member, entry.size), layout.original(entry), sha256=entry.sha256)
        return True
    return False
