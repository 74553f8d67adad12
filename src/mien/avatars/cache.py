"""Avatars prepared from pictures that were only named on the way, so that the second time is quick."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mien.avatars.builder import PackageBuilder, modified, sweep
from mien.avatars.package import SUFFIX, AvatarPackage
from mien.errors import AlreadyExistsError, NotFoundError, PackageError

KEPT = 32
"""Newest packages that are kept; one is 1-10 MB."""


class PreparedCache:
    """Packages by what they were made of. Several processes may use one cache at once.

    Args:
        folder: need not exist; may be deleted at any time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, *, source_sha256: str, engine: str, data_version: int) -> AvatarPackage | None:
        """The package that was made of this picture by this version of the engine; None if there is none (any more)."""
        path = self._path(source_sha256, engine, data_version)
        if not path.is_dir():
            return None
        try:
            package = AvatarPackage.open(path)
        except (PackageError, NotFoundError):
            shutil.rmtree(path, ignore_errors=True)
            return None
        # A cache that may only be read, or that another process empties, still gave the package.
        with suppress(OSError):
            os.utime(path)
        return package

    def make(
        self, build: Callable[[PackageBuilder], AvatarPackage], *, source_sha256: str, engine: str, data_version: int
    ) -> AvatarPackage:
        """Keeps what `build` finishes; where another process was faster, its package is taken."""
        path = self._path(source_sha256, engine, data_version)
        with PackageBuilder(path) as builder:
            try:
                package = build(builder)
            except AlreadyExistsError:
                package = AvatarPackage.open(path)
        self._drop_oldest()
        return package

    def _path(self, source_sha256: str, engine: str, data_version: int) -> Path:
        key = hashlib.sha256(f"{source_sha256} {engine} {data_version}".encode()).hexdigest()
        return self._folder / f"{key[:32]}{SUFFIX}"

    def _drop_oldest(self) -> None:
        sweep(self._folder)
        by_age = sorted(self._folder.glob(f"*{SUFFIX}"), key=modified, reverse=True)
        for path in by_age[KEPT:]:
            shutil.rmtree(path, ignore_errors=True)
