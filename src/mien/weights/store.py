"""The store of model files in the user's cache folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from mien.types import Report, silent
from mien.weights import disk
from mien.weights.catalog import Catalog, Entry
from mien.weights.layout import Layout

if TYPE_CHECKING:
    from mien.settings import Settings
    from mien.weights.sources import Fetcher

State: TypeAlias = Literal["ready", "fetched", "partial", "missing"]


@dataclass(frozen=True, slots=True)
class EntryStatus:
    """One entry and what the store has of it.

    Args:
        size: bytes of the file that is fetched.
        terms: what its makers allow, where that is not any use.
        state: "ready" to use, "fetched" but not yet converted, "partial": a download was broken off, or "missing".
        path: the file that the engines use; None unless ready.
    """

    name: str
    summary: str
    licence: str
    size: int
    state: State
    path: Path | None
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What re-checking an entry's files found.

    Args:
        state: "bad" files have been removed, so that the next pull brings them anew.
        detail: what was wrong; "" if nothing was.
    """

    name: str
    state: Literal["ok", "bad", "missing"]
    detail: str


class WeightStore:
    """Gives model files by name; fetches, verifies and converts what is not there yet.

    With a full store neither the network nor the disk is written to or asked. Several processes and threads may use one
    folder at once.

    Args:
        cache_dir: the files are kept in its folder `weights`.
        offline: never ask the network.
        catalog: None: Mien's own.
    """

    def __init__(self, cache_dir: Path, *, offline: bool = False, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or Catalog.packaged()
        self._layout = Layout(cache_dir, self.catalog)
        self._offline = offline
        self._made: Fetcher | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> WeightStore:
        return cls(settings.cache_dir, offline=settings.offline)

    @property
    def folder(self) -> Path:
        return self._layout.folder

    def path(self, name: str, report: Report = silent) -> Path:
        """The ready-to-use file of an entry. Blocks while it is fetched and converted.

        Raises:
            NotFoundError: no such entry.
            WeightsError: the file is not here and no source gives it, or its conversion fails.
            OutputError: the store cannot be written to.
        """
        entry = self.catalog.find(name)
        if not self._layout.is_ready(entry):
            with self._layout.lock(entry.name, report):
                if not self._layout.is_ready(entry):
                    self._make_ready(entry, report)
        return self._layout.ready(entry)

    def original(self, name: str, report: Report = silent) -> Path:
        """The file of an entry as it was published. Blocks and raises as `path` does."""
        entry = self.catalog.find(name)
        if not self._layout.has_original(entry):
            with self._layout.lock(entry.name, report):
                self._bring(entry, report)
        return self._layout.original(entry)

    def pull(self, names: Sequence[str] | None, report: Report = silent) -> tuple[EntryStatus, ...]:
        """Makes the named entries ready; None: all whose use is free. Raises as `path` does."""
        free = [entry for entry in self.catalog.entry if not entry.terms]
        entries = free if names is None else [self.catalog.find(name) for name in names]
        for entry in entries:
            self.path(entry.name, report)
        return tuple(self._status(entry) for entry in entries)

    def list(self) -> tuple[EntryStatus, ...]:
        return tuple(self._status(entry) for entry in self.catalog.entry)

    def verify(self) -> tuple[Verification, ...]:
        """Hashes every original again and runs every converted network again; removes what is bad.

        Raises:
            OutputError: a bad file cannot be removed.
        """
        return tuple(self._verify(entry) for entry in self.catalog.entry)

    def import_file(self, path: Path, name: str = "", *, accept_licence: bool = False) -> tuple[EntryStatus, ...]:
        """Takes in a file brought by hand: an entry's original, or a wheel that holds some; known by their hashes, or by their tensors.

        Args:
            path: of the file.
            name: of the entry that it is; "": the one that it can be.
            accept_licence: its terms are agreed to.

        Raises:
            NotFoundError: there is no entry of that name.
            UsageError: it could be several entries, or has terms that are not agreed to.
            WeightsError: the file cannot be read, or is none that the catalog knows, or another one than that named.
            OutputError: the store cannot be written to.
        """
        from mien.weights.importing import take_in

        wanted = self.catalog.find(name) if name else None
        return tuple(self._status(entry) for entry in take_in(path, self._layout, wanted, accept_licence))

    @property
    def _fetcher(self) -> Fetcher:
        # Made on first need: with a full store the HTTP client is not even imported.
        if self._made is None:
            from mien.weights.sources import Fetcher

            self._made = Fetcher(self._layout, offline=self._offline)
        return self._made

    def _make_ready(self, entry: Entry, report: Report) -> None:
        self._bring(entry, report)
        if entry.convert:
            from mien.weights.derive import derive

            derive(
                self._layout.original(entry), self._layout.ready(entry), self.catalog.fingerprint.get(entry.name, ())
            )

    def _bring(self, entry: Entry, report: Report) -> None:
        """Has the original in the store; the caller holds the entry's lock. An altered one is replaced."""
        original = self._layout.original(entry)
        if self._layout.has_original(entry):
            if not entry.convert or disk.sha256_of(original) == entry.sha256:
                return
            _remove(original)
        self._fetcher.fetch(entry, report)

    def _status(self, entry: Entry) -> EntryStatus:
        state = self._state(entry)
        path = self._layout.ready(entry) if state == "ready" else None
        size = (self._layout.pinned(entry) or ("", entry.size))[1]
        return EntryStatus(entry.name, entry.summary, entry.licence, size, state, path, entry.terms)

    def _state(self, entry: Entry) -> State:
        if self._layout.is_ready(entry):
            return "ready"
        if self._layout.has_original(entry):
            return "fetched"
        return "partial" if self._layout.part(entry).exists() else "missing"

    def _verify(self, entry: Entry) -> Verification:
        original, ready = self._layout.original(entry), self._layout.ready(entry)
        if not original.is_file() and not ready.is_file():
            return Verification(entry.name, "missing", "")
        problems = []
        pinned = self._layout.pinned(entry)
        if original.is_file() and (pinned is None or disk.sha256_of(original) != pinned[0]):
            problems.append(f"{original.name} has a wrong sha256")
            _remove(original)
        if entry.convert and ready.is_file():
            from mien.weights.derive import check

            problem = check(ready, self.catalog.fingerprint.get(entry.name, ()))
            if problem:
                problems.append(f"{ready.name}: {problem}")
                _remove(ready)
        return Verification(entry.name, "bad" if problems else "ok", "; ".join(problems))


def _remove(path: Path) -> None:
    with disk.writing(path):
        path.unlink(missing_ok=True)
