"""Brings one entry's file from the first of its sources that gives it."""

from __future__ import annotations

import logging
from pathlib import Path

from mien.errors import WeightsError
from mien.types import Report
from mien.weights import disk, wheel
from mien.weights.catalog import Entry, FileSource, PageSource, Source, WheelSource
from mien.weights.download import Downloader, discard
from mien.weights.layout import Layout

logger = logging.getLogger(__name__)


class Fetcher:
    """Args:
    offline: only sources on this machine are asked.
    """

    def __init__(self, layout: Layout, *, offline: bool, downloader: Downloader | None = None) -> None:
        self._layout = layout
        self._offline = offline
        self._downloader = downloader or Downloader()

    def fetch(self, entry: Entry, report: Report) -> None:
        """Brings the entry's original file into the store; the caller holds the entry's lock.

        Raises:
            WeightsError: no source gave the pinned bytes; the message holds what each of them answered.
            OutputError: the store cannot be written to.
        """
        if not entry.sha256:
            raise _for_people(entry)
        answers = []
        for source in entry.sources:
            if self._offline and not isinstance(source, FileSource):
                continue
            try:
                self._from(source, entry, report)
            except WeightsError as error:
                logger.info(
                    "source_failed", extra={"entry": entry.name, "source": _label(source), "why": error.message}
                )
                answers.append(f"{_label(source)}: {error.message}")
            else:
                # What another source began is of no more use.
                discard(self._layout.part(entry))
                return
        raise self._failure(entry, answers)

    def _from(self, source: Source, entry: Entry, report: Report) -> None:
        original, part = self._layout.original(entry), self._layout.part(entry)
        if isinstance(source, WheelSource):
            self._from_wheel(source, report)
        elif isinstance(source, FileSource):
            self._copy(source.path.expanduser(), entry)
        else:
            self._downloader.fetch(source.url, part, size=entry.size, sha256=entry.sha256, report=report)
            with disk.writing(original):
                part.replace(original)
        logger.info("fetched", extra={"entry": entry.name, "source": _label(source)})

    def _from_wheel(self, source: WheelSource, report: Report) -> None:
        """Unpacks every entry that the wheel holds, since it is fetched once for all of them."""
        pinned = self._layout.catalog.wheel[source.wheel]
        with self._layout.lock(pinned.filename, report):
            if not self._missing_from(source.wheel):
                return
            archive = wheel.fetch(pinned, self._layout.folder, self._downloader, report)
            try:
                for entry, member in self._missing_from(source.wheel):
                    blocks = wheel.extract(archive, member, entry.size)
                    disk.place(blocks, self._layout.original(entry), sha256=entry.sha256)
            finally:
                with disk.writing(archive):
                    archive.unlink(missing_ok=True)

    def _missing_from(self, wheel_name: str) -> list[tuple[Entry, str]]:
        return [
            (entry, source.member)
            for entry in self._layout.catalog.entry
            for source in entry.sources
            if isinstance(source, WheelSource) and source.wheel == wheel_name and not self._layout.has_original(entry)
        ]

    def _copy(self, path: Path, entry: Entry) -> None:
        if not path.is_file():
            raise WeightsError(f"there is no file {path}")
        disk.place(disk.blocks_of(path), self._layout.original(entry), sha256=entry.sha256)

    def _failure(self, entry: Entry, answers: list[str]) -> WeightsError:
        hint = f"{_by_hand(entry, self._layout)}mien weights import FILE"
        if self._offline:
            told = "".join(f" ({answer})" for answer in answers)
            return WeightsError(f"{entry.name!r} is not in {self._layout.folder} and Mien is offline{told}.", hint=hint)
        return WeightsError(f"{entry.name!r} could not be fetched. {'; '.join(answers)}.", hint=hint, retryable=True)


def _label(source: Source) -> str:
    if isinstance(source, WheelSource):
        return f"wheel {source.wheel}"
    return str(source.path) if isinstance(source, FileSource) else source.url.split("/")[2]


def _by_hand(entry: Entry, layout: Layout) -> str:
    """How a person brings the file here from a machine with network."""
    for source in entry.sources:
        if isinstance(source, WheelSource):
            pip = " ".join(layout.catalog.wheel[source.wheel].pip_arguments)
            return f"Where there is network, run `pip download {pip}`, bring the file here, then: "
    return f"Bring {entry.file} (sha256 {entry.sha256[:12]}…) here from another machine, then: "


def _for_people(entry: Entry) -> WeightsError:
    places = " or ".join(source.url for source in entry.sources if isinstance(source, PageSource))
    return WeightsError(
        f"{entry.name!r} is fetched by hand. {entry.terms} It is published at {places} ({entry.file}, {entry.size / 1e6:.0f} MB).",
        hint=f"If you agree to these terms: mien weights import FILE --as {entry.name} --accept-licence",
    )
