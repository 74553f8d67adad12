"""An avatar that a job has made becomes one of the user's: once, however often the job is killed and begun again.

A job makes it in a store of its own, in its folder `work`. From there one renaming brings it into the user's store. What is about to be
renamed is written down before, so that a later attempt knows its own work from an avatar of somebody who was faster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mien.avatars import AvatarPackage, AvatarStore, check_name
from mien.avatars.manifest import MANIFEST_FILE
from mien.errors import AlreadyExistsError, PackageError
from mien.jobs.folder import JobFolder, read_json, write_json
from mien.settings import Settings
from mien.studio import store
from mien.types import Progress, Report


class Publishing:
    """The way of one job's avatar.

    Args:
        folder: of the job.
        name: of the avatar.
        settings: see `mien.settings`.
    """

    def __init__(self, folder: JobFolder, name: str, settings: Settings) -> None:
        self.name = check_name(name)
        self._store = store(settings)
        self._note = folder.work / "publishing.json"
        self.own = AvatarStore(folder.work / "avatars")
        """Where the job makes it."""
        folder.work.mkdir(exist_ok=True)  # without its parents: a job that is deleted now must not come back

    def run(self, make: Callable[[], object], report: Report) -> AvatarPackage:
        """Makes the avatar in `own` and publishes it, as far as an earlier attempt has not done that.

        Args:
            make: makes it, under `name`.
            report: told of the stage "finish".

        Raises:
            AlreadyExistsError: somebody else's avatar has that name.
        """
        package = self._published()
        if package is None:
            if not self._made():
                make()
            report(Progress("finish", 0))
            package = self._publish()
        return package

    def _published(self) -> AvatarPackage | None:
        """By an earlier attempt."""
        if not self._store.path(self.name).exists():
            return None
        noted = read_json(self._note)
        if noted is not None and noted["manifest"] == _manifest(self._store.path(self.name)):
            return self._store.get(self.name)
        raise AlreadyExistsError(
            f"There is already an avatar called {self.name!r}.", hint="Choose another name, or delete that one."
        )

    def _made(self) -> bool:
        """By an earlier attempt, and whole."""
        if not self.own.exists(self.name):
            return False
        try:
            self.own.get(self.name)
        except PackageError:
            self.own.delete(self.name)
            return False
        return True

    def _publish(self) -> AvatarPackage:
        write_json(self._note, {"manifest": _manifest(self.own.path(self.name))})
        return self._store.take(self.own.get(self.name))


def about(package: AvatarPackage) -> dict[str, Any]:
    """What a job's result says of an avatar."""
    manifest = package.manifest
    return {
        "avatar": manifest.name,
        "engine": manifest.engine,
        "width": manifest.size[0],
        "height": manifest.size[1],
        "remarks": list(manifest.remarks),
    }


def _manifest(package: Path) -> str:
    """Tells one avatar from another, even if both were made of the same picture: the manifest says when."""
    try:
        return hashlib.sha256((package / MANIFEST_FILE).read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""
