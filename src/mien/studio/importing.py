"""Avatars from elsewhere and for elsewhere: LiveTalking's folders, Gaussian splats."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mien import plugins
from mien.avatars import AvatarPackage, AvatarStore, check_name
from mien.errors import UsageError
from mien.media import atomic_output
from mien.media.files import writing
from mien.settings import Settings
from mien.studio.create import store
from mien.studio.engines import engine_of_package
from mien.studio.train import train_avatar
from mien.training import livetalking
from mien.types import Report, silent

_ENGINE = "clip"


def import_avatar(
    where: Path,
    settings: Settings,
    *,
    name: str | None = None,
    licence: str = "",
    consent: str = "",
    into: AvatarStore | None = None,
    report: Report = silent,
) -> AvatarPackage:
    """Keeps an avatar that was made elsewhere.

    Args:
        where: an exported package, or a folder of LiveTalking's (`data/avatars/NAME`). The latter is learnt from like a video without sound
            and becomes a clip avatar: it speaks with the mouths that its pictures show.
        settings: see `mien.settings`.
        name: how it is called from now on; None: as it calls itself, or the folder is called.
        licence: of the pictures of a LiveTalking folder; a package tells its own.
        consent: who agreed to be shown, and how that is recorded; likewise.
        into: None: the user's store.
        report: progress.

    Raises:
        AlreadyExistsError: the name is taken.
        UsageError: it cannot be a name; a licence or consent was given for a package.
        PackageError: the package is broken, unsafe, or made by a newer Mien.
        InputError: the folder's pictures or coordinates cannot be used; see `mien.training.livetalking`.
        MediaError, FaceError: see `mien.training.prepare`.
    """
    chosen = into or store(settings)
    if not livetalking.is_livetalking(where):
        if licence or consent:
            raise UsageError(
                "A package tells its licence and consent itself.", hint="Leave --licence and --consent out."
            )
        return chosen.import_(where, name)
    called = check_name(name or where.absolute().name)
    with chosen.create(called):
        pass  # a name that is taken is said before the work
    work = settings.cache_dir / "training"
    with writing(work):
        work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix=".import-") as folder:
        video = Path(folder, "pictures.mp4")
        livetalking.film(where, video, report)
        return train_avatar(
            called, video, settings, engine=_ENGINE, licence=licence, consent=consent, into=chosen, report=report
        )


def export_splats(package: AvatarPackage, output: Path, *, overwrite: bool = False) -> int:
    """Writes an avatar's face at rest for viewers and editors of 3D Gaussian Splatting.

    Args:
        package: of an engine that draws with Gaussians.
        output: a .ply file; it appears whole or not at all.
        overwrite: an existing file is replaced.

    Returns:
        How many Gaussians it has.

    Raises:
        UsageError: the avatar has no Gaussians.
        AlreadyExistsError: the file exists and `overwrite` is not set.
        PackageError: the avatar cannot be read.
        OutputError: the file cannot be written.
    """
    spec = engine_of_package(package)
    if not spec.splats:
        raise UsageError(
            f"The avatar {package.manifest.name!r} has no Gaussians: it is of the engine {spec.name!r}.",
            hint="Train one: mien train VIDEO --name NAME --engine gaussian",
        )
    with atomic_output(output, overwrite=overwrite) as part, writing(output):
        return plugins.attribute(spec.splats)(package, part)
