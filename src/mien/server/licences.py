"""`/api/v1/licences`: what Mien stands on, and under which conditions."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

import mien
from mien import plugins
from mien.server.errors import problems

router = APIRouter(prefix="/api/v1", tags=["system"], responses=problems())

_HOME = "https://www.apache.org/licenses/LICENSE-2.0"
_NAME = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[([\w,.-]+)\])?")
_EXTRA = re.compile(r"extra == ['\"]([\w.-]+)['\"]")
_LONGEST = 120
"""Characters; some packages put the whole text where its name belongs."""
_GROUPS: tuple[tuple[Literal["engine", "voice", "recognizer"], str], ...] = (
    ("engine", plugins.ENGINES),
    ("voice", plugins.VOICES),
    ("recognizer", plugins.RECOGNIZERS),
)
_URLS = ("homepage", "source", "repository", "documentation")


class Licence(BaseModel):
    """Something that Mien is, has, or uses."""

    name: str
    licence: str = Field(description="SPDX expression where its makers give one.")
    url: str = Field(description="Empty: none is known.")
    what: str = Field(description="What it is, or what it is used for.")
    kind: Literal["mien", "package", "engine", "voice", "recognizer", "weights", "notice"]


@router.get("/licences")
def list_licences() -> list[Licence]:
    """What is installed, with its licences, as the packages say; then the notices that come with Mien."""
    return [*_all()]


@functools.cache
def _all() -> tuple[Licence, ...]:
    own = Licence(name="Mien", licence="Apache-2.0", url=_HOME, what="Mien itself.", kind="mien")
    return (own, *_plugins(), *_weights(), *_packages(), *_notices())


def _plugins() -> Iterator[Licence]:
    for kind, group in _GROUPS:
        for name in plugins.names(group):
            spec = plugins.spec(group, name)
            yield Licence(name=name, licence=spec.licence, url="", what=spec.summary, kind=kind)


def _weights() -> Iterator[Licence]:
    from mien.weights import Catalog

    for entry in Catalog.packaged().entry:
        url = next((url for source in entry.sources if (url := getattr(source, "url", ""))), "")
        yield Licence(
            name=entry.name, licence=entry.licence, url=url.partition("?")[0], what=entry.summary, kind="weights"
        )


def _packages() -> Iterator[Licence]:
    """Everything that is installed among what Mien, and what it uses, asks for."""
    found: dict[str, metadata.PackageMetadata] = {}
    waiting = [("mien", _extras_of_mien())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = asked = waiting.pop()
        if asked in seen:
            continue
        seen.add(asked)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = package.metadata
        waiting += _asked_for(package.requires or (), extras)
    return (_package(found[name]) for name in sorted(found) if name != "mien")


def _extras_of_mien() -> frozenset[str]:
    """All but the developers' tools."""
    return frozenset(metadata.metadata("mien").get_all("Provides-Extra") or ()) - {"dev"}


def _asked_for(requirements: Iterable[str], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The packages that requirements name, and the extras of theirs, as far as these extras want them."""
    for requirement in requirements:
        wanted = _EXTRA.search(requirement)
        named = _NAME.match(requirement)
        if named and (wanted is None or wanted[1] in extras):
            yield re.sub(r"[-_.]+", "-", named[1]).lower(), frozenset(filter(None, (named[2] or "").split(",")))


def _package(about: metadata.PackageMetadata) -> Licence:
    name = about["Name"]
    return Licence(name=name, licence=_licence(about), url=_url(about), what=_field(about, "Summary"), kind="package")


def _field(about: metadata.PackageMetadata, name: str) -> str:
    return (about.get_all(name) or [""])[0]


def _licence(about: metadata.PackageMetadata) -> str:
    expression = _field(about, "License-Expression")
    named = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or () if one.startswith("License :: OSI")]
    text = _field(about, "License").strip()
    return expression or ", ".join(named) or "".join(text.splitlines()[:1])[:_LONGEST] or "not stated"


def _url(about: metadata.PackageMetadata) -> str:
    pairs = [one.partition(", ") for one in about.get_all("Project-URL") or ()]
    named = {label.lower(): url for label, _, url in pairs}
    return next((named[label] for label in _URLS if label in named), _field(about, "Home-page"))


def _notices() -> Iterator[Licence]:
    """The rows of THIRD_PARTY.md about what comes with Mien, or within the packages."""
    for cells in _rows(_third_party()):
        if not cells[0].strip("`").startswith(("tests/", "docs/")):
            name, licence, what = (_plain(cell) for cell in cells)
            yield Licence(name=name, licence=licence, url="", what=what, kind="notice")


def _third_party() -> str:
    """The wheel has it in the package, a working copy beside `src`."""
    folder = Path(mien.__file__).parent
    for path in (folder / "THIRD_PARTY.md", folder.parents[1] / "THIRD_PARTY.md"):
        if path.is_file():
            return path.read_text("utf-8")
    return ""


def _rows(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, licence and the third column of the tables with such columns."""
    licence = 0
    for line in text.splitlines():
        if not line.startswith("|"):
            licence = 0
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "licence" in cells:
            licence = cells.index("licence")
        elif licence and len(cells) == 3 and not set(cells[0]) <= set("-: "):
            yield cells[0], cells[licence], cells[3 - licence]


def _plain(markdown: str) -> str:
    return markdown.replace("`", "").replace("**", "")
