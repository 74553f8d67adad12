"""Learning an avatar from a video."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from mien import plugins
from mien.avatars import AvatarPackage, AvatarStore, Manifest, check_name
from mien.errors import MissingDependency, UsageError
from mien.media import VideoReader
from mien.settings import Settings
from mien.studio.create import store
from mien.types import EngineSpec, Image, Metric, Report, TrainingRun, silent


def engine_for_training(name: str) -> EngineSpec:
    """The engine of that name.

    Raises:
        NotFoundError: there is none.
        UsageError: it cannot be trained.
    """
    spec: EngineSpec = plugins.spec(plugins.ENGINES, name)
    if not spec.train:
        made_from = " or ".join(spec.creates_from) or "nothing that Mien knows"
        raise UsageError(
            f"The engine {name!r} learns nothing.", hint=f"Its avatars are made at once, from: {made_from}."
        )
    return spec


def _unmeasured(step: int, **values: float) -> None:
    pass


def _unseen(step: int, image: Image) -> None:
    pass


def train_avatar(
    name: str,
    video: Path,
    settings: Settings,
    *,
    engine: str,
    licence: str = "",
    consent: str = "",
    into: AvatarStore | None = None,
    work: Path | None = None,
    report: Report = silent,
    metric: Metric = _unmeasured,
    preview: Callable[[int, Image], None] = _unseen,
) -> AvatarPackage:
    """Learns an avatar from a video and keeps it in the store; one that was broken off goes on where it was.

    Args:
        name: how it is called from now on.
        video: of one person who speaks.
        settings: see `mien.settings`.
        engine: one that can be trained.
        licence: of the video.
        consent: who agreed to be shown, and how that is recorded.
        into: None: the user's store.
        work: a folder for checkpoints, which stays; None: one in the cache, which is removed in the end.
        report: progress.
        metric: numbers of each step, such as losses.
        preview: pictures of how far it has come.

    Raises:
        AlreadyExistsError: the name is taken.
        UsageError: the engine cannot be trained.
        MissingDependency: a package that it needs is not installed.
        MediaError, FaceError: the video cannot be used.
    """
    spec = engine_for_training(engine)
    missing = spec.missing()
    if missing:
        raise MissingDependency(f"{spec.name!r} needs {', '.join(missing)}.", hint=f"Run: {spec.install}")
    with (into or store(settings)).create(name) as builder:
        about = _about(spec, check_name(name), video, licence, consent)
        kept = work or settings.cache_dir / "training" / f"{spec.name}-{spec.data_version}-{about.source_sha256[:16]}"
        kept.mkdir(parents=True, exist_ok=True)
        run = TrainingRun(
            video=video,
            work=kept,
            package=builder,
            settings=settings,
            report=report,
            metric=metric,
            preview=preview,
        )
        remarks = plugins.attribute(spec.train)(run)
        package = builder.finish(about.model_copy(update={"remarks": tuple(remarks)}))
    if work is None:
        shutil.rmtree(kept, ignore_errors=True)
    return package


def _about(spec: EngineSpec, name: str, video: Path, licence: str, consent: str) -> Manifest:
    with VideoReader(video) as reader:
        size = reader.size
    with video.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Manifest(
        name=name,
        engine=spec.name,
        data_version=spec.data_version,
        source_sha256=sha256,
        size=size,
        licence=licence,
        consent=consent,
    )
