"""The `.mien` package: a manifest and the files it vouches for, as a folder or as one zip file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mien.avatars import arrays
from mien.avatars._sources import MAX_BYTES, Source, open_source
from mien.avatars.manifest import MANIFEST_FILE, MAX_MANIFEST_BYTES, Manifest, parse
from mien.errors import MediaError, PackageError
from mien.media.images import read_image
from mien.types import Image

SUFFIX = ".mien"
IMAGE_SUFFIXES = (".png", ".jpg")


class AvatarPackage:
    """An avatar whose files were all found whole; its data are read when asked for.

    Args:
        source: where the files lie.
        manifest: what was read there.
    """

    def __init__(self, source: Source, manifest: Manifest) -> None:
        self._source = source
        self.manifest = manifest

    @classmethod
    def open(cls, where: Path) -> AvatarPackage:
        """Opens a package and checks every file against the manifest.

        Raises:
            NotFoundError: there is nothing at `where`.
            PackageError: it is broken, unsafe, or made by a newer Mien.
        """
        source = open_source(where)
        package = cls(source, read_manifest(source))
        if sum(entry.size for entry in package.manifest.files.values()) > MAX_BYTES:
            raise PackageError(f"{where} is too large for an avatar.", hint=f"At most {MAX_BYTES >> 20} MB.")
        for name in package.manifest.files:
            package.read(name)
        return package

    @property
    def where(self) -> Path:
        """The folder or file it lies in."""
        return self._source.where

    def read(self, name: str) -> bytes:
        """A file's bytes, checked again: the folder may have changed since it was opened.

        Raises:
            PackageError: it is not listed, or is not what the manifest says.
        """
        entry = self.manifest.files.get(name)
        if entry is None:
            raise self._problem(f"{name} is missing")
        data = self._source.read(name, entry.size)
        if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise self._problem(f"{name} was changed or cut off")
        return data

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays that were added under `name`; fresh copies.

        Raises:
            PackageError: there are none, or they cannot be read.
        """
        try:
            return arrays.unpack(self.read(f"{name}.npz"))
        except ValueError as error:
            raise self._problem(f"{name}.npz: {error}") from error

    def image(self, name: str) -> Image:
        """The picture that was added under `name`; a fresh copy.

        Raises:
            PackageError: there is none, or it cannot be read.
        """
        for suffix in IMAGE_SUFFIXES:
            if f"{name}{suffix}" in self.manifest.files:
                try:
                    return read_image(self.read(f"{name}{suffix}"))
                except MediaError as error:
                    raise self._problem(f"{name}{suffix}: {error.message}") from error
        raise self._problem(f"the picture {name!r} is missing")

    def _problem(self, why: str) -> PackageError:
        return PackageError(
            f"The avatar {self.manifest.name!r} ({self.where}) is not whole: {why}.",
            hint="Get it again, or create the avatar anew.",
        )


def read_manifest(source: Source) -> Manifest:
    """The manifest alone.

    Raises:
        PackageError: there is none, or a broken one.
    """
    data = source.read(MANIFEST_FILE, MAX_MANIFEST_BYTES)
    if len(data) > MAX_MANIFEST_BYTES:
        raise PackageError(f"The manifest of {source.where} is too large.", hint="This is not an avatar of Mien's.")
    return parse(data, str(source.where))
