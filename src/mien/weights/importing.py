"""Files brought by hand: recognised by their content, whatever they are called: by their hash, or by the tensors in them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from mien.errors import UsageError, WeightsError
from mien.types import silent
from mien.weights import disk, wheel
from mien.weights.catalog import Entry
from mien.weights.checkpoint import read_tensors
from mien.weights.layout import Layout

_MOST_BYTES = 2 << 30
"""Of a file that is looked into: none of the catalog's has half of that."""


def take_in(path: Path, layout: Layout, wanted: Entry | None = None, accept_licence: bool = False) -> list[Entry]:
    """Copies every entry that `path` is or holds into the store.

    Any wheel will do that holds the same files, not only the pinned one: each file is checked by itself.

    Args:
        path: of the file.
        layout: of the store.
        wanted: the entry that it is; None: the one that it can be.
        accept_licence: the terms of an entry that has some are agreed to.

    Raises:
        UsageError: it could be several entries, or has terms that are not agreed to.
        WeightsError: the file cannot be read, or is none that the catalog knows, or another one than that wanted.
        OutputError: the store cannot be written to.
    """
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.", hint="Name a model file or a wheel that holds some.")
    # As itself first: a TensorFlow Lite file with metadata is a zip file too.
    taken = _as_itself(path, layout) or _from_wheel(path, layout) or _by_tensors(path, layout, wanted, accept_licence)
    if not taken:
        known = ", ".join(
            f"{entry.file} (sha256 {entry.sha256[:12]}…)" if entry.sha256 else entry.name
            for entry in layout.catalog.entry
        )
        raise WeightsError(f"{path} is none of the known model files.", hint=f"Known: {known}.")
    if wanted is not None and wanted not in taken:
        raise WeightsError(f"{path} is not {wanted.name!r}, but {taken[0].name!r}.", hint="Leave --as out.")
    return taken


def _as_itself(path: Path, layout: Layout) -> list[Entry]:
    sha256 = disk.sha256_of(path)
    taken = [entry for entry in layout.catalog.entry if entry.sha256 == sha256]
    for entry in taken:
        with layout.lock(entry.name, silent):
            disk.place(disk.blocks_of(path), layout.original(entry), sha256=entry.sha256)
    return taken


def _by_tensors(path: Path, layout: Layout, wanted: Entry | None, accept_licence: bool) -> list[Entry]:
    """The entry whose tensors the file has; its hash is recorded."""
    if path.stat().st_size > _MOST_BYTES:
        raise WeightsError(
            f"{path} has {path.stat().st_size >> 20} MB; none of the known model files has as much.",
            hint="Name the file that their makers publish.",
        )
    try:
        shapes = {name: values.shape for name, values in read_tensors(path).items()}
    except WeightsError:
        if wanted is not None:
            raise
        return []
    fitting = [entry for entry in layout.catalog.entry if entry.tensors and entry.tensors.items() <= shapes.items()]
    if not fitting:
        return []
    names = ", ".join(entry.name for entry in fitting)
    if wanted is not None and wanted not in fitting:
        raise WeightsError(f"{path} is not {wanted.name!r}: its tensors are those of {names}.", hint=f"Known: {names}.")
    if wanted is None and len(fitting) > 1:
        raise UsageError(f"{path} can be any of these: {names}.", hint=f"Say which: --as {fitting[0].name}")
    entry = wanted or fitting[0]
    if entry.terms and not accept_licence:
        raise UsageError(
            f"{entry.name!r} may not be used freely. {entry.terms}", hint="If you agree to that: --accept-licence"
        )
    _placed(path, entry, layout)
    return [entry]


def _placed(path: Path, entry: Entry, layout: Layout) -> None:
    sha256 = disk.sha256_of(path)
    with layout.lock(entry.name, silent):
        disk.place(disk.blocks_of(path), layout.original(entry), sha256=sha256)
        disk.place([f"{sha256} {path.stat().st_size}\n".encode()], layout.record(entry))


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
