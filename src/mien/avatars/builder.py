"""Making a package: files are gathered in a hidden folder that gets its name only when all is there."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image as Pillow

from mien.avatars import arrays
from mien.avatars.manifest import MANIFEST_FILE, FileEntry, Manifest, check_path
from mien.avatars.package import IMAGE_SUFFIXES, AvatarPackage
from mien.errors import AlreadyExistsError, OutputError
from mien.media.files import sync_file, sync_folder, writing
from mien.types import Image

HIDDEN = ".unfinished-"
ABANDONED_S = 24 * 3600
"""A hidden folder older than this belongs to a process that died."""
JPEG_QUALITY = 95


class PackageBuilder:
    """Used as a context: what was not finished when it is left is removed.

    Args:
        destination: the folder that the package shall become; it must not exist when `finish` is called.
    """

    def __init__(self, destination: Path) -> None:
        self._destination = destination
        self._files: dict[str, FileEntry] = {}
        with _writing(destination):
            destination.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=destination.parent))

    def __enter__(self) -> PackageBuilder:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add_arrays(self, name: str, values: Mapping[str, NDArray[Any]]) -> None:
        """Adds `NAME.npz`."""
        self.add_bytes(f"{name}.npz", arrays.pack(values))

    def add_image(self, name: str, image: Image, format: str = "png") -> None:
        """Adds `NAME.png` (exact) or `NAME.jpg` (small)."""
        if f".{format}" not in IMAGE_SUFFIXES:
            raise ValueError(f"{format!r} is not one of {IMAGE_SUFFIXES}")
        file = io.BytesIO()
        picture = Pillow.fromarray(image)
        if format == "png":
            picture.save(file, "PNG", compress_level=3)
        else:
            picture.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        self.add_bytes(f"{name}.{format}", file.getvalue())

    def add_bytes(self, name: str, data: bytes) -> None:
        """Adds any file; `name` may have folders."""
        path = self._folder / check_path(name)
        with _writing(self._destination):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self._files[name] = FileEntry(sha256=hashlib.sha256(data).hexdigest(), size=len(data))

    def finish(self, manifest: Manifest) -> AvatarPackage:
        """Writes the manifest, with the files that were added, and gives the folder its name.

        Raises:
            AlreadyExistsError: the destination exists.
            OutputError: it cannot be written.
        """
        whole = Manifest.model_validate(manifest.model_dump() | {"files": self._files})
        with _writing(self._destination):
            (self._folder / MANIFEST_FILE).write_text(whole.model_dump_json(indent=2) + "\n", encoding="utf-8")
            self._folder.chmod(0o755)
            _sync(self._folder)
            _rename(self._folder, self._destination)
        return AvatarPackage.open(self._destination)


def move(folder: Path, destination: Path) -> None:
    """Gives a finished package another place, by one renaming.

    Raises:
        AlreadyExistsError: the destination exists.
        OutputError: it cannot be written.
    """
    with _writing(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        try:
            _rename(folder, destination)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _move_to_other_disk(folder, destination)


def _move_to_other_disk(folder: Path, destination: Path) -> None:
    copy = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=destination.parent))
    try:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        _sync(copy)
        _rename(copy, destination)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _rename(folder: Path, destination: Path) -> None:
    if destination.exists():
        raise _taken(destination)
    try:
        # A folder that came into being meanwhile is not empty, so the renaming fails rather than replaces.
        os.rename(folder, destination)
    except OSError as error:
        if destination.exists():
            raise _taken(destination) from error
        raise
    sync_folder(destination.parent)


def _sync(folder: Path) -> None:
    """Waits until all of it is on the disk: after a power cut a package is whole, or not there."""
    for parent, _, names in os.walk(folder):
        for name in names:
            sync_file(Path(parent, name))
        sync_folder(Path(parent))


def sweep(folder: Path) -> None:
    """Removes what processes that died have left in a folder of packages."""
    for path in folder.glob(f"{HIDDEN}*"):
        if time.time() - modified(path) > ABANDONED_S:
            shutil.rmtree(path, ignore_errors=True)


def modified(path: Path) -> float:
    """When a file or folder was last changed, seconds of the epoch; now, if another process has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _taken(path: Path) -> AlreadyExistsError:
    return AlreadyExistsError(f"{path} exists already.", hint="Choose another name or delete it first.")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        with writing(path):
            yield
    except OutputError as error:
        hint = "Look at the folder's rights and at the free space; MIEN_DATA_DIR and MIEN_CACHE_DIR move it."
        raise OutputError(error.message, hint=hint, retryable=error.retryable) from error
