"""How good a trained avatar is in the part of its video that was kept back: it has learnt nothing from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien import plugins
from mien.avatars import AvatarPackage
from mien.errors import InputError, MediaError, UsageError
from mien.evaluation.footage import Footage
from mien.evaluation.quality import GENERATED, TRACKED, Known, QualityReport, compare, compare_each, open_judges
from mien.evaluation.remarks import Remark
from mien.face import FaceTracker
from mien.media import check_output
from mien.motion.personal import PersonalPerformance
from mien.motion.visemes import CLOSURE
from mien.settings import Settings
from mien.studio.engines import engine_of_package
from mien.training import FPS, Dataset
from mien.types import Driver, Image, Progress, Report, Samples, frame_bounds, silent
from mien.types.engine import Redraw
from mien.weights import WeightStore

_LEAD_S = 5.0
"""Of the sound before: nobody begins to speak where the part that was kept back happens to begin."""
_QUICK_S = 10.0
"""A quick look is at so much of what was kept back …"""
_QUICK_KNOWN_S = 4.0
"""… and takes its baselines from so much before that."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """What a mouth does in n successive frames.

    Args:
        coefficients: float32 (n, K), in the person space of a dataset.
        closures: float32 (n,), 0 … 1, how firmly the lips are together.
    """

    coefficients: Floats
    closures: Floats

    @classmethod
    def tracked(cls, dataset: Dataset, frames: slice) -> Movement:
        """What was seen."""
        seen = dataset.person.expression[frames]
        return cls(seen, np.zeros(len(seen), np.float32))

    @classmethod
    def foretold(cls, dataset: Dataset, frames: slice, driver: Driver = "network") -> Movement:
        """What the sound of these frames, and of some seconds before them, tells."""
        first = max(0, frames.start - round(_LEAD_S * FPS))
        performance = PersonalPerformance(dataset.person.calibration, FPS, driver=driver)
        performance.push(_sound(dataset, slice(first, frames.stop)))
        performance.end_segment()
        rows = [(row, mouth[CLOSURE]) for row, mouth, _ in performance.frames()]
        wanted = rows[frames.start - first : frames.stop - first]
        return cls(np.array([row for row, _ in wanted]), np.array([closure for _, closure in wanted]))


def redrawn(package: AvatarPackage, dataset: Dataset, frames: slice, movement: Movement) -> Footage:
    """Frames of a dataset with an avatar's mouth in them.

    Raises:
        UsageError: the avatar's engine cannot do that.
        InputError: the avatar was learnt from another video.
    """
    spec = engine_of_package(package)
    name = package.manifest.name
    if not spec.redraw:
        raise UsageError(
            f"The avatar {name!r} ({spec.name}) cannot be drawn over a video.",
            hint="Avatars of the engines clip and gaussian can; for others: mien evaluate --generated … --reference …",
        )
    if package.manifest.source_sha256 != dataset.sha256:
        raise InputError(
            f"The dataset in {dataset.folder} is of {dataset.video}; the avatar {name!r} was learnt from another video.",
            hint="Name the dataset that it was trained with: mien train --dataset",
        )
    redraw: Redraw = plugins.attribute(spec.redraw)
    given = movement.coefficients, movement.closures
    return _footage(dataset, frames, name, lambda: redraw(package, dataset, frames, *given))


def evaluate_held_out(
    package: AvatarPackage,
    dataset: Dataset,
    settings: Settings,
    *,
    lpips: Sequence[Path] = (),
    identity: Path | None = None,
    side_by_side: Path | None = None,
    overwrite: bool = False,
    report: Report = silent,
) -> QualityReport:
    """Measures an avatar on all that was kept back of its video.

    Args:
        package: of the avatar.
        dataset: that it was learnt from.
        settings: see `mien.settings`.
        lpips, identity, side_by_side, overwrite, report: as of `mien.evaluation.evaluate_quality`.

    Returns:
        "generated": the mouth as the sound moves it; "tracked": as the real mouth was moved.

    Raises:
        UsageError, InputError: as `redrawn`; or the avatar was learnt from another preparation of the video.
        FaceError, MediaError: too little was kept back that shows a face.
        WeightsError, MissingDependency, AlreadyExistsError, OutputError: as of `mien.evaluation.evaluate_quality`.
    """
    if side_by_side is not None:
        check_output(side_by_side, overwrite=overwrite)
    frames, before = dataset.split.test, slice(0, dataset.split.test.start)
    judges = open_judges(lpips, identity)
    made = redrawn(package, dataset, frames, Movement.foretold(dataset, frames))
    tracked = redrawn(package, dataset, frames, Movement.tracked(dataset, frames))
    found = compare(
        made,
        real(dataset, frames),
        dataset.landmarks[frames],
        known(dataset, before),
        _tracker(settings),
        others={TRACKED: tracked},
        judges=judges,
        side_by_side=side_by_side,
        overwrite=overwrite,
        report=report,
    )
    told = {"seconds": f"{found.seconds:.1f}", "whole": f"{dataset.count / FPS:.1f}"}
    return replace(found, remarks=(Remark("held_out", told), *found.remarks))


def glance(
    packages: Sequence[AvatarPackage], dataset: Dataset, settings: Settings, report: Report = silent
) -> list[QualityReport]:
    """The same in short for avatars of one dataset: ten seconds at most, driven by the sound, three of fifteen pictures; all in one pass.

    Arguments and errors as of `evaluate_held_out`; stage "evaluate".
    """
    start = dataset.split.test.start
    frames = slice(start, min(dataset.count, start + round(_QUICK_S * FPS)))
    movement = Movement.foretold(dataset, frames)
    found = compare_each(
        {str(number): redrawn(package, dataset, frames, movement) for number, package in enumerate(packages)},
        real(dataset, frames),
        dataset.landmarks[frames],
        known(dataset, slice(max(0, start - round(_QUICK_KNOWN_S * FPS)), start)),
        _tracker(settings),
        report=_one_stage(report, frames.stop - start),
    ).values()
    return [
        replace(
            each,
            remarks=(Remark("quick", {"seconds": f"{each.seconds:.1f}", "start": f"{start / FPS:.1f}"}), *each.remarks),
        )
        for each in found
    ]


def score(report: QualityReport) -> float:
    """By which one avatar is better than another, at most 1: lips that move as the real ones count as much as a mouth as sharp as the real one."""
    beside = report.sync[GENERATED].reference if GENERATED in report.sync else None
    r = 0.0 if beside is None else beside.fixed.mean.value or 0.0
    sharpness = report.scores[GENERATED]["sharpness_mouth"] or 0.0
    return (r + min(sharpness, 1 / max(sharpness, 1e-6))) / 2


def real(dataset: Dataset, frames: slice) -> Footage:
    """Frames of a dataset as they are."""
    return _footage(dataset, frames, str(dataset.video), lambda: dataset.frames(frames.start, frames.stop))


def known(dataset: Dataset, frames: slice) -> Known:
    """Frames of a dataset that baselines are taken from."""
    return Known(lambda: dataset.frames(frames.start, frames.stop), dataset.landmarks[frames])


def _footage(dataset: Dataset, frames: slice, name: str, images: Callable[[], Iterator[Image]]) -> Footage:
    def sound() -> Samples:
        if not dataset.heard:
            raise MediaError(f"{dataset.video} has no sound.", hint="Its lips can be compared with nothing.")
        return _sound(dataset, frames)

    return Footage(name, FPS, dataset.size, images, sound)


def _sound(dataset: Dataset, frames: slice) -> Samples:
    return dataset.samples[frame_bounds(frames.start, FPS)[0] : frame_bounds(frames.stop - 1, FPS)[1]]


def _tracker(settings: Settings) -> FaceTracker:
    return FaceTracker(WeightStore.from_settings(settings), settings.threads)


def _one_stage(report: Report, frames: int) -> Report:
    def tell(progress: Progress) -> None:
        report(Progress("evaluate", progress.done if progress.stage == "compare" else 0, frames, "frames"))

    return tell
