"""What can be fetched: the entries of `catalog.toml`, their pinned hashes and their sources."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mien.errors import NotFoundError, WeightsError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(gt=0)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""One path component that cannot leave its folder."""
EntryName = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
HttpUrl = Annotated[str, Field(pattern=r"^https?://")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UrlSource(_Model):
    """One address that serves exactly the file."""

    kind: Literal["url"]
    url: HttpUrl


class HuggingFaceSource(_Model):
    """A file of a public Hugging Face repository at a fixed commit."""

    kind: Literal["huggingface"]
    repo: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    path: str

    @property
    def url(self) -> str:
        return f"https://huggingface.co/{self.repo}/resolve/{self.revision}/{self.path}"


class WheelSource(_Model):
    """A member of one of the catalog's pinned wheels."""

    kind: Literal["wheel"]
    wheel: str
    member: str


class FileSource(_Model):
    """A file of this machine or of a mounted share; works offline."""

    kind: Literal["file"]
    path: Path


class PageSource(_Model):
    """A page from which a person fetches the file."""

    kind: Literal["page"]
    url: HttpUrl


Source = Annotated[UrlSource | HuggingFaceSource | WheelSource | FileSource | PageSource, Field(discriminator="kind")]


class Wheel(_Model):
    """One wheel file, used as a plain archive.

    Args:
        url: its immutable address, for environments without pip.
    """

    requirement: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*==[\w.!+]+$")]
    filename: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.]*-[\w.!+]+-[a-z]{2}\d+-[a-z0-9]+-[\w.]+\.whl$")]
    url: HttpUrl
    sha256: Sha256
    size: Size

    @property
    def pip_arguments(self) -> list[str]:
        """What makes `pip download` take this very file on any host."""
        python, abi, platform = self.filename.removesuffix(".whl").split("-")[-3:]
        version = f"{python[2]}.{python[3:]}" if len(python) > 3 else python[2:]
        tags = ["--python-version", version, "--implementation", python[:2], "--abi", abi]
        # A file name may list several platforms, joined by dots.
        platforms = [argument for name in platform.split(".") for argument in ("--platform", name)]
        return ["--no-deps", "--only-binary=:all:", *tags, *platforms, self.requirement]


class OutputPrint(_Model):
    """What one output of a converted network is for the fixed input of `fingerprint.probe`.

    Args:
        values: elements at evenly spaced flat positions, first and last included.
    """

    name: str
    shape: tuple[int, ...]
    mean: float
    std: float
    values: tuple[float, ...]


class Entry(_Model):
    """One file of the store.

    Args:
        file: its name in the store.
        size: bytes; of a file that people fetch, about.
        sha256: "" of a file that people fetch: that of the one that is imported is recorded.
        convert: the format that is converted to ONNX after fetching; None: used as it is.
        terms: what its makers allow, where that is not any use; it is imported only by who agrees.
        tensors: names and shapes by which the file is recognised where its hash is not known.
    """

    name: EntryName
    summary: str
    licence: str
    file: FileName
    size: Size
    sha256: Sha256 | Literal[""] = ""
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    convert: Literal["tflite"] | None = None
    terms: str = ""
    tensors: dict[str, tuple[int, ...]] = {}

    @model_validator(mode="after")
    def _can_be_checked(self) -> Entry:
        by_hand = [isinstance(source, PageSource) for source in self.sources]
        if self.sha256 and any(by_hand):
            raise ValueError(f"{self.name} has a sha256, so that Mien can fetch it: a page is no source of it")
        if not self.sha256 and not (all(by_hand) and self.tensors and self.convert is None):
            raise ValueError(
                f"{self.name} has no sha256, so that only people can fetch it, and needs tensors to be known by"
            )
        return self


class Catalog(_Model):
    """All entries and the wheels that they name.

    Args:
        converter: the version of the converter that the fingerprints belong to; part of the cached names.
        fingerprint: what the converted networks must answer, by entry name.
    """

    entry: tuple[Entry, ...]
    wheel: dict[str, Wheel] = {}
    converter: int = 0
    fingerprint: dict[str, tuple[OutputPrint, ...]] = {}

    @model_validator(mode="after")
    def _references_hold(self) -> Catalog:
        names = [entry.name for entry in self.entry]
        if len(set(names)) < len(names):
            raise ValueError("two entries have the same name")
        for entry in self.entry:
            for source in entry.sources:
                if isinstance(source, WheelSource) and source.wheel not in self.wheel:
                    raise ValueError(f"{entry.name} names the unknown wheel {source.wheel!r}")
        return self

    @classmethod
    def parse(cls, document: dict[str, Any]) -> Catalog:
        """
        Raises:
            WeightsError: the document is not a catalog.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise WeightsError(
                f"The catalog of model files is not valid at {place or 'its top'}: {first['msg']}."
            ) from error

    @classmethod
    def packaged(cls) -> Catalog:
        """Mien's own."""
        folder = files("mien.weights")
        document: dict[str, Any] = {}
        for name in ("catalog.toml", "fingerprints.toml"):
            document |= tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))
        return cls.parse(document)

    def find(self, name: str) -> Entry:
        """
        Raises:
            NotFoundError: there is no such entry.
        """
        for entry in self.entry:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entry)
        raise NotFoundError(f"There is no model file called {name!r}.", hint=f"Known: {known}.")
