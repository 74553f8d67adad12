"""`manifest.json`: what an avatar is and which files belong to it."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mien.errors import PackageError, UsageError

SCHEMA = 1
MANIFEST_FILE = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NAME = re.compile(r"\w(?:[\w .-]{0,62}[\w-])?")
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class FileEntry(BaseModel):
    """One file of a package."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="bytes")


class Manifest(BaseModel):
    """Everything that is known of an avatar without reading its data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA
    name: str
    engine: str = Field(min_length=1)
    data_version: int = Field(default=1, description="`EngineSpec.data_version` of the engine that made it.")
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the picture it was made from.")
    size: tuple[int, int] = Field(description="Width, height of that picture, upright.")
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    licence: str = Field(default="", description="Of the picture; empty if nobody said.")
    consent: str = Field(default="", description="Who agreed to be shown, and how that is recorded.")
    remarks: tuple[str, ...] = Field(default=(), description="What was noticed while it was made.")
    files: dict[str, FileEntry] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _name_is_usable(cls, name: str) -> str:
        return check_name(name)

    @field_validator("files")
    @classmethod
    def _paths_are_safe(cls, files: dict[str, FileEntry]) -> dict[str, FileEntry]:
        seen: set[str] = set()
        for path in files:
            check_path(path)
            if path.casefold() in seen:
                raise ValueError(f"{path!r} is listed twice")
            seen.add(path.casefold())
        return files


def check_path(path: str) -> str:
    """The path of a file inside a package, if it can do no harm: relative, plain ASCII, not hidden, not deep.

    Raises:
        ValueError: it is none of that.
    """
    parts = path.split("/")
    harmless = all(
        _PART.fullmatch(part) and not part.endswith(".") and not _WINDOWS_DEVICES.fullmatch(part) for part in parts
    )
    if not harmless or len(parts) > 4 or len(path) > 200 or path.casefold() == MANIFEST_FILE:
        raise ValueError(f"{path!r} is not a file name that a package may have")
    return path


def check_name(name: str) -> str:
    """An avatar's name in its normal form: letters of any script, digits, space, `_`, `-`, `.`; at most 64 characters.

    Raises:
        UsageError: it cannot be used as a name.
    """
    normal = unicodedata.normalize("NFC", name.strip())
    if not _NAME.fullmatch(normal) or ".." in normal or _WINDOWS_DEVICES.fullmatch(normal):
        shown = name if len(name) <= 80 else f"{name[:77]}…"
        raise UsageError(
            f"{shown!r} cannot be the name of an avatar.",
            hint="Use up to 64 letters, digits, spaces, '-', '_' and '.'; begin with a letter or digit.",
        )
    return normal


def parse(data: bytes, where: str) -> Manifest:
    """Reads a manifest.

    Raises:
        PackageError: it is no manifest, is broken, or was written by a newer Mien.
    """
    hint = "The package is damaged or is not an avatar: export it or create it anew."
    try:
        fields = _Schema.model_validate_json(data)
        if fields.schema_version > SCHEMA:
            raise PackageError(
                f"{where} was made by a newer Mien (schema {fields.schema_version}, this one reads {SCHEMA}).",
                hint="Update Mien: pip install --upgrade mien",
            )
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or MANIFEST_FILE
        raise PackageError(f"{where} has a broken manifest: {field}: {first['msg']}.", hint=hint) from error
    except UsageError as error:
        raise PackageError(f"{where} has a broken manifest: {error.message}", hint=hint) from error


class _Schema(BaseModel):
    """The one field that every version of the manifest has."""

    schema_version: int = Field(ge=1)
