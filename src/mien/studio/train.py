"""Learning an avatar from a video."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from threadpoolctl import threadpool_limits

from mien import plugins
from mien.avatars import AvatarPackage, AvatarStore, Manifest, check_name
from mien.errors import ConflictError, FaceError, InputError, MediaError, MissingDependency, NotFoundError, UsageError
from mien.evaluation import QualityReport
from mien.evaluation.quality import FROZEN, GENERATED
from mien.media import VideoReader, read_image, write_image
from mien.media.files import writing
from mien.settings import Settings
from mien.studio.create import store
from mien.studio.engines import AUTO, engine_of_package, engine_specs
from mien.studio.evaluate import glance, score
from mien.training import FPS, Dataset, prepare
from mien.training.gpu import need_driver
from mien.types import EngineSpec, Image, Metric, Report, TrainingRun, silent

_ENGINES = ("clip", "gaussian")
"""Of these "auto" keeps the better one."""
_OPTIMISED = {"gaussian": 20.0}
"""Seconds of face below which "auto" does not try an engine: too little to learn from."""

_COLOUR = re.compile(r"#([0-9a-fA-F]{6})")
_LOCK = ".lock"


def engine_for_training(name: str) -> EngineSpec:
    """The engine of that name; for "auto" the first that is tried.

    Raises:
        NotFoundError: there is none.
        UsageError: it cannot be trained.
        MissingDependency: a package that it needs is not installed.
    """
    if name == AUTO:
        return _candidates()[0]
    spec: EngineSpec = plugins.spec(plugins.ENGINES, name)
    if not spec.train:
        made_from = " or ".join(spec.creates_from) or "nothing that Mien knows"
        raise UsageError(
            f"The engine {name!r} learns nothing.", hint=f"Its avatars are made at once, from: {made_from}."
        )
    missing = spec.missing()
    if missing:
        raise MissingDependency(f"{spec.name!r} needs {', '.join(missing)}.", hint=f"Run: {spec.install}")
    return spec


def unmeasured(step: int, **values: float) -> None:
    """A metric that nobody reads."""


def unseen(step: int, image: Image) -> None:
    """A preview that nobody looks at."""


def unheard(report: QualityReport) -> None:
    """An evaluation that nobody reads."""


def previews_into(folder: Path) -> Callable[[int, Image], None]:
    """A preview that writes its pictures into a folder: `preview-0000100.png`."""

    def write(step: int, image: Image) -> None:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / f"preview-{step:07d}.png", image, overwrite=True)

    return write


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preparation:
    """How the video is prepared; see `mien.training.prepare`.

    Args:
        size: width and height of the avatar's frames in pixels; None: 512, or as in the dataset.
        au_csv: OpenFace's table of action units for the video.
        background: is shown behind the person instead of what was filmed: uint8 RGB of any size.
        dataset: the prepared video is kept there, and taken from there if it is there already; None: it is removed in the end.
        only_reuse: `dataset` has to be there already.
    """

    size: int | None = None
    au_csv: Path | None = None
    background: Image | None = None
    dataset: Path | None = None
    only_reuse: bool = False

    @classmethod
    def of(
        cls,
        size: int | None,
        au_csv: str | Path | None,
        dataset: str | Path | None,
        *,
        background: str | Path | None = None,
        only_reuse: bool,
    ) -> Preparation | None:
        """None if nothing is said of it. A background is a picture's path, or a colour like "#00b140".

        Raises:
            UsageError: there is no dataset to reuse.
            NotFoundError, MediaError: the background cannot be read.
        """
        if only_reuse and dataset is None:
            raise UsageError("Which dataset shall be reused?", hint="Name its folder: --dataset")
        if size is None and au_csv is None and dataset is None and background is None:
            return None
        table, folder = (None if each is None else Path(each) for each in (au_csv, dataset))
        picture = None if background is None else _picture(background)
        return cls(size=size, au_csv=table, background=picture, dataset=folder, only_reuse=only_reuse)


def _picture(background: str | Path) -> Image:
    """What a user means by a background."""
    colour = _COLOUR.fullmatch(str(background))
    if colour is None:
        return read_image(Path(background))
    return np.tile(np.array([[list(bytes.fromhex(colour[1]))]], np.uint8), (2, 2, 1))


def train_avatar(
    name: str,
    video: Path,
    settings: Settings,
    *,
    engine: str = AUTO,
    licence: str = "",
    consent: str = "",
    preparation: Preparation | None = None,
    into: AvatarStore | None = None,
    work: Path | None = None,
    anew: bool = False,
    report: Report = silent,
    metric: Metric = unmeasured,
    preview: Callable[[int, Image], None] = unseen,
    evaluate: bool = True,
    evaluated: Callable[[QualityReport], None] = unheard,
) -> AvatarPackage:
    """Learns an avatar from a video and keeps it in the store; one that was broken off goes on where it was.

    Args:
        name: how it is called from now on.
        video: of one person who speaks.
        settings: see `mien.settings`.
        engine: one that can be trained, or "auto": Mien's own are, as far as the video is long enough, and the one that does better in
            `mien.studio.evaluate.glance` is taken.
        licence: of the video.
        consent: who agreed to be shown, and how that is recorded.
        preparation: None: the engine prepares the video as it likes.
        into: None: the user's store.
        work: a folder for checkpoints, which stays; None: one in the cache, which is removed in the end.
        anew: what an earlier training of this video left is forgotten.
        report: progress.
        metric: numbers of each step, such as losses.
        preview: pictures of how far it has come.
        evaluate: look how good it is where the engine can be looked at, and put that into the avatar's remarks. "auto" looks where it has a choice.
        evaluated: told what that finds, before the avatar is there.

    Raises:
        AlreadyExistsError: the name is taken.
        NotFoundError: there is no such engine, video or dataset.
        UsageError: the engine cannot be trained, or a size is not possible.
        MissingDependency: a package that it needs is not installed, or there is no GPU although the settings ask for one.
        ConflictError: another process is training with this video.
        MediaError, FaceError, InputError: the video cannot be used.
    """
    if settings.device == "cuda":
        need_driver()  # is said now, not when the first engine that uses one is reached
    specs = [engine_for_training(engine)] if engine != AUTO else _candidates()
    chosen = into or store(settings)
    with chosen.create(name):
        pass  # a name that is taken is said now, not after hours
    about = _about(specs[0], check_name(name), video, licence, consent)
    kept = work or settings.cache_dir / "training" / _key(engine, specs, about)
    # Engines share their work out themselves: a pool of numpy's beside theirs waits busily, which takes as long again.
    with _alone(kept), threadpool_limits(1, "blas"):
        if anew:
            _empty(kept)
        trainer = _Trainer(video, about, settings, kept, report, metric, preview)
        if preparation is not None or engine == AUTO or (evaluate and specs[0].redraw):
            trainer.prepare(preparation or Preparation())
        made = [trainer.made(spec) for spec in (trainer.able(specs) if engine == AUTO else specs)]
        look = trainer.best(made) if evaluate or len(made) > 1 else _Look(made[0])
        if look.report is not None:
            evaluated(look.report)
        package = trainer.publish(look, chosen)
    if work is None:
        shutil.rmtree(kept, ignore_errors=True)
    return package


def _candidates() -> list[EngineSpec]:
    """Mien's own engines that can be trained here."""
    able = {spec.name: spec for spec in engine_specs() if spec.train and not spec.missing()}
    found = [able[name] for name in _ENGINES if name in able]
    if not found:
        raise NotFoundError("No engine that learns from a video is installed.", hint="Run: mien engines")
    return found


def _key(engine: str, specs: list[EngineSpec], about: Manifest) -> str:
    """Name of the folder in which a training goes on when it is begun again."""
    versions = "-".join(str(spec.data_version) for spec in specs)
    return f"{engine}-{versions}-{about.source_sha256[:16]}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises:
    ConflictError: another process is at work in the folder.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConflictError(
            "This video is being learnt from by another process.", hint="Wait until that is done."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _LOCK:
            path.unlink()


@dataclass(frozen=True, slots=True)
class _Look:
    """How good an avatar is.

    Args:
        package: of the avatar.
        report: None: nobody looked, or that was not possible.
        remark: the same in a sentence, or why it was not possible; "": nobody looked.
    """

    package: AvatarPackage
    report: QualityReport | None = None
    remark: str = ""

    @classmethod
    def at(cls, package: AvatarPackage, report: QualityReport) -> _Look:
        generated, frozen = (report.scores[name]["psnr_mouth"] for name in (GENERATED, FROZEN))
        beside = report.sync[GENERATED].reference if GENERATED in report.sync else None
        r = None if beside is None else beside.fixed.mean.value
        mouth = "" if generated is None else f"a mouth {generated:.1f} dB from the real one"
        mouth += "" if frozen is None else f" (one that does not move: {frozen:.1f} dB)"
        lips = "" if r is None else f"lips whose movement has r = {r:.2f} with theirs"
        told = " and ".join(each for each in (mouth, lips) if each)
        heard = f"The sound of {report.seconds:.1f} s that it has not learnt from"
        return cls(package, report, f"{heard} gives {told}." if told else f"{heard} gives nothing to be measured.")

    @property
    def score(self) -> float:
        return -np.inf if self.report is None else score(self.report)


class _Trainer:
    """One training, of one engine or of several.

    Args:
        video, settings, report, metric, preview: see `train_avatar`.
        about: the avatar's manifest, but for the engine.
        work: the folder.
    """

    def __init__(
        self,
        video: Path,
        about: Manifest,
        settings: Settings,
        work: Path,
        report: Report,
        metric: Metric,
        preview: Callable[[int, Image], None],
    ) -> None:
        self._video, self._about, self._settings, self._work = video, about, settings, work
        self._report, self._metric, self._preview = report, metric, preview
        self._dataset: Dataset | None = None

    def prepare(self, wanted: Preparation) -> None:
        """Prepares the video for all engines."""
        folder = wanted.dataset or self._work / "prepared"
        if wanted.only_reuse:
            dataset = Dataset.open(folder)
            if dataset.sha256 != self._about.source_sha256:
                raise InputError(
                    f"The dataset in {folder} was made of another video: {dataset.video}.",
                    hint="Name that video, or let this one be prepared.",
                )
        self._dataset = prepare(
            self._video,
            folder,
            self._settings,
            size=wanted.size,
            au_csv=wanted.au_csv,
            background=wanted.background,
            report=self._report,
        )

    def train(self, spec: EngineSpec, into: AvatarStore) -> AvatarPackage:
        """Trains one engine."""
        work = self._work if self._dataset is None else self._work / spec.name
        with into.create(self._about.name) as builder:
            work.mkdir(exist_ok=True)
            if self._dataset is not None:
                _share(self._dataset.folder, work / "dataset")
            run = TrainingRun(
                video=self._video,
                work=work,
                package=builder,
                settings=self._settings,
                report=self._report,
                metric=self._metric,
                preview=self._preview,
            )
            remarks = plugins.attribute(spec.train)(run)
            told = {"engine": spec.name, "data_version": spec.data_version, "remarks": tuple(remarks)}
            return builder.finish(self._about.model_copy(update=told))

    def able(self, specs: list[EngineSpec]) -> list[EngineSpec]:
        """Those that the prepared video is long enough for."""
        assert self._dataset is not None
        seconds = float(self._dataset.seen.sum()) / FPS
        return [spec for spec in specs if seconds >= _OPTIMISED.get(spec.name, 0.0)]

    def made(self, spec: EngineSpec) -> AvatarPackage:
        """The avatar of one engine, in a store of the training's own: from an earlier run, or from now."""
        made = AvatarStore(self._work / spec.name / "made")
        try:
            return made.get(self._about.name)
        except NotFoundError:
            return self.train(spec, made)

    def best(self, packages: list[AvatarPackage]) -> _Look:
        """The one that does best on the part of the video that was kept back."""
        return max(self._looks(packages), key=lambda look: look.score)

    def _looks(self, packages: list[AvatarPackage]) -> list[_Look]:
        able = [package for package in packages if self._dataset is not None and engine_of_package(package).redraw]
        others = [_Look(package) for package in packages if package not in able]
        if self._dataset is None or not able:
            return others
        if not self._dataset.heard:
            why = "its video has no sound."
        else:
            try:
                found = glance(able, self._dataset, self._settings, self._report)
                return [_Look.at(package, each) for package, each in zip(able, found, strict=True)] + others
            except (FaceError, MediaError) as error:
                why = error.message
        return [_Look(package, remark=f"How good it is could not be measured: {why}") for package in able] + others

    def publish(self, look: _Look, into: AvatarStore) -> AvatarPackage:
        """Gives an avatar to another store, with what was found."""
        package = look.package
        about = self._about.model_dump(include={"name", "licence", "consent"})
        remarks = (*package.manifest.remarks, look.remark) if look.remark else package.manifest.remarks
        with into.create(self._about.name) as builder:
            for file in package.manifest.files:
                builder.add_bytes(file, package.read(file))
            return builder.finish(package.manifest.model_copy(update=about | {"remarks": remarks}))


def _share(folder: Path, target: Path) -> None:
    """The same dataset in another place. Its files are replaced, never written into: they may be one and the same."""
    shutil.rmtree(target, ignore_errors=True)
    with writing(target):
        shutil.copytree(folder, target, copy_function=_link, ignore=shutil.ignore_patterns(".*"))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


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
