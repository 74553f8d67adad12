"""The avatars a user has made, each a `NAME.mien` folder in one folder of the data directory."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mien.avatars._sources import open_source
from mien.avatars.builder import HIDDEN, PackageBuilder, move, sweep
from mien.avatars.builtin import builtin_names
from mien.avatars.manifest import MANIFEST_FILE, Manifest, check_name
from mien.avatars.package import SUFFIX, AvatarPackage, read_manifest
from mien.errors import AlreadyExistsError, MienError, NotFoundError, OutputError
from mien.media.files import atomic_output, writing


@dataclass(frozen=True, slots=True)
class Stored:
    """One line of the listing; `manifest` is None if the avatar is broken, and `problem` says why."""

    name: str
    manifest: Manifest | None
    problem: str = ""


class AvatarStore:
    """Several processes may use one store at once: every change is one renaming.

    Args:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where the avatar of that name is or would be."""
        return self.folder / f"{check_name(name)}{SUFFIX}"

    def exists(self, name: str) -> bool:
        return (self.path(name) / MANIFEST_FILE).is_file()

    def get(self, name: str) -> AvatarPackage:
        """Opens an avatar.

        Raises:
            NotFoundError: there is none of that name.
            PackageError: it is broken.
        """
        return AvatarPackage.open(self._existing(name))

    def list(self) -> list[Stored]:
        """All avatars by name; the files themselves are not checked."""
        if not self.folder.is_dir():
            return []
        return [self._stored(path) for path in sorted(self.folder.glob(f"*{SUFFIX}")) if path.is_dir()]

    def create(self, name: str) -> PackageBuilder:
        """A builder for a new avatar.

        Raises:
            AlreadyExistsError: the name is taken. The builder's `finish` raises it too, if somebody was faster.
        """
        destination = self.path(name)
        if destination.exists():
            raise AlreadyExistsError(
                f"There is already an avatar called {check_name(name)!r}.",
                hint=f"Choose another name or delete it: mien avatar delete {check_name(name)!r}",
            )
        sweep(self.folder)
        return PackageBuilder(destination)

    def delete(self, name: str) -> None:
        """Removes an avatar; whoever has it open sees it whole or not at all.

        Raises:
            NotFoundError: there is none of that name.
        """
        path = self._existing(name)
        try:
            grave = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=self.folder))
            path.rename(grave / path.name)
            shutil.rmtree(grave)
        except FileNotFoundError as error:
            raise _unknown(name, self) from error
        except OSError as error:
            raise OutputError(
                f"{path} cannot be deleted: {error.strerror}.", hint="Look at the rights of the folder."
            ) from error

    def export(self, name: str, output: Path, *, overwrite: bool = False) -> None:
        """Writes an avatar as one zip file that `import_` and `-a` take.

        Raises:
            AlreadyExistsError: the output exists and `overwrite` is not set.
            OutputError: it cannot be written.
        """
        write_zip(self.get(name), output, overwrite=overwrite)

    def import_(self, where: Path, name: str | None = None) -> AvatarPackage:
        """Takes a package into the store, as `name` or under its own name.

        Raises:
            PackageError: it is broken, unsafe, or made by a newer Mien.
            AlreadyExistsError: the name is taken.
        """
        package = AvatarPackage.open(where)
        chosen = check_name(name or package.manifest.name)
        with self.create(chosen) as builder:
            for file in package.manifest.files:
                builder.add_bytes(file, package.read(file))
            return builder.finish(package.manifest.model_copy(update={"name": chosen}))

    def take(self, package: AvatarPackage) -> AvatarPackage:
        """Moves a finished package from another store into this one, under its name; it is in one or the other at any moment.

        Raises:
            AlreadyExistsError: the name is taken.
            OutputError: the store cannot be written.
        """
        destination = self.path(package.manifest.name)
        sweep(self.folder)
        move(package.where, destination)
        return AvatarPackage.open(destination)

    def _existing(self, name: str) -> Path:
        path = self.path(name)
        if not (path / MANIFEST_FILE).is_file():
            raise _unknown(name, self)
        return path

    def _stored(self, path: Path) -> Stored:
        name = path.name.removesuffix(SUFFIX)
        try:
            return Stored(name, read_manifest(open_source(path)))
        except MienError as error:
            return Stored(name, None, error.message)


def package_name(where: Path) -> str:
    """How a package calls itself; nothing else of it is checked.

    Raises:
        NotFoundError: there is nothing at `where`.
        PackageError: it is broken, unsafe, or made by a newer Mien.
    """
    return read_manifest(open_source(where)).name


def write_zip(package: AvatarPackage, output: Path, *, overwrite: bool = False) -> None:
    """Writes a package as one zip file; it appears whole or not at all. Errors as in `AvatarStore.export`."""
    # Stored, not packed: npz, png and jpg are packed already.
    with (
        atomic_output(output, overwrite=overwrite) as part,
        writing(output),
        zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(MANIFEST_FILE, package.manifest.model_dump_json(indent=2) + "\n")
        for name in sorted(package.manifest.files):
            archive.writestr(name, package.read(name))


def _unknown(name: str, store: AvatarStore) -> NotFoundError:
    if name in builtin_names():
        return NotFoundError(
            f"{name!r} is built in, not one of the stored avatars.", hint=f"It can only speak: mien speak -a {name}"
        )
    known = ", ".join(stored.name for stored in store.list()) or "none"
    return NotFoundError(f"There is no avatar called {name!r}.", hint=f"Stored avatars: {known}.")
