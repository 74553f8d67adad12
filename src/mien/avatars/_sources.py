"""Where a package's files lie: in a folder, or in one zip file. Nothing is ever extracted by the names
a zip gives, and files that the manifest does not list are never read."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from mien.avatars.manifest import MANIFEST_FILE, check_path
from mien.errors import NotFoundError, PackageError

MAX_FILES = 1000
MAX_BYTES = 2 << 30
"""Of all files together; an avatar of minutes of video stays well below."""
MAX_RATIO = 200
"""Unpacked to packed; real packages hold compressed data and stay below 10."""
FREE_BYTES = 16 << 20
"""Below this size the ratio does not matter."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class Source(Protocol):
    where: Path

    def read(self, name: str, limit: int) -> bytes:
        """A file's bytes; at most `limit + 1` of them."""
        ...


class FolderSource:
    """A package as a folder."""

    def __init__(self, where: Path) -> None:
        self.where = where

    def read(self, name: str, limit: int) -> bytes:
        path = self.where
        for part in name.split("/"):
            path /= part
            if path.is_symlink():
                raise PackageError(f"{path} is a link, which a package must not have.", hint="Copy the file itself.")
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise PackageError(f"{path} is not a plain file.", hint="Create the avatar anew.")
            with path.open("rb") as file:
                return file.read(limit + 1)
        except OSError as error:
            raise PackageError(
                f"{path} cannot be read: {error.strerror}.", hint="Create the avatar anew or get a whole copy of it."
            ) from error


class ZipSource:
    """A package as one zip file, checked whole before anything of it is read."""

    def __init__(self, where: Path) -> None:
        self.where = where
        with self._open() as archive:
            self._members = _checked(archive, where)

    def read(self, name: str, limit: int) -> bytes:
        if name not in self._members:
            raise _damaged(self.where, f"{name} is missing")
        with self._open() as archive, archive.open(self._members[name]) as file:
            return file.read(limit + 1)

    @contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.where) as archive:
                yield archive
        except _DAMAGE as error:
            raise _damaged(self.where, str(error) or type(error).__name__) from error


def open_source(where: Path) -> Source:
    """The files of the package at `where`.

    Raises:
        NotFoundError: there is nothing.
        PackageError: what is there is not a package, or an unsafe one.
    """
    if where.is_dir():
        return FolderSource(where)
    if not where.exists():
        raise NotFoundError(f"There is no avatar package {where}.", hint="Look at the path; `mien avatar list`.")
    return ZipSource(where)


def _checked(archive: zipfile.ZipFile, where: Path) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise _unsafe(where, f"it holds {len(members)} files, more than {MAX_FILES}")
    checked: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for member in members:
        name = member.filename
        if name != MANIFEST_FILE:
            try:
                check_path(name)
            except ValueError as error:
                raise _unsafe(where, str(error)) from error
        if name.casefold() in seen:
            raise _unsafe(where, f"{name!r} is in it twice")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _unsafe(where, f"{name!r} is not a plain file")
        if member.flag_bits & 0x1:
            raise _unsafe(where, f"{name!r} is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _unsafe(where, f"{name!r} is packed in an unusual way")
        seen.add(name.casefold())
        checked[name] = member
    # Members may lie on top of each other, so the ratio counts against the whole file, not against what each one claims.
    unpacked = sum(member.file_size for member in members)
    packed = where.stat().st_size
    if unpacked > MAX_BYTES or (unpacked > FREE_BYTES and unpacked > MAX_RATIO * packed):
        raise _unsafe(where, f"it would unpack to {unpacked >> 20} MB")
    return checked


def _unsafe(where: Path, why: str) -> PackageError:
    return PackageError(f"{where} is not a safe avatar package: {why}.", hint="Do not use it; get it from its maker.")


def _damaged(where: Path, why: str) -> PackageError:
    return PackageError(
        f"{where} is not a whole avatar package: {why}.", hint="Get it again, or create the avatar anew."
    )
