"""What kinds of jobs there are. Light: what does the work is imported when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mien import plugins
from mien.jobs.folder import JobFolder
from mien.jobs.request import CreateAvatarRequest, Kind, Request, SpeakRequest, TrainRequest
from mien.settings import Settings
from mien.types import Metric, Report

Queue: TypeAlias = Literal["cpu", "gpu"]
Stages: TypeAlias = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """How a running job tells of itself.

    Args:
        report: how far it is; raises `Cancelled` to end it.
        metric: numbers of one step.
        artifact: a file in `result/` that can be looked at already, and the step that it shows.
    """

    report: Report
    metric: Metric
    artifact: Callable[[str, int], None]


Run: TypeAlias = Callable[[JobFolder, Any, Settings, Context], dict[str, Any]]
"""Does the work and gives what `result.json` shall say. It may have been begun before, up to any point."""


_PREPARE: Stages = (("track", 10), ("listen", 2), ("learn", 2), ("matte", 20))
_CLIP: Stages = (("train", 9),)
_GAUSSIAN: Stages = (("watch", 5), ("train", 150), ("film", 10))
_EVALUATE: Stages = (("evaluate", 8),)
_EVALUATE_BOTH: Stages = (("evaluate", 12),)
_FINISH: Stages = (("finish", 2),)
_TRAININGS: dict[str, Stages] = {
    "clip": _PREPARE + _CLIP + _EVALUATE + _FINISH,
    "gaussian": _PREPARE + _GAUSSIAN + _EVALUATE + _FINISH,
    "auto": _PREPARE + _CLIP + _GAUSSIAN + _EVALUATE_BOTH + _FINISH,
}
"""Seconds of a processor for 20 s of video; all but the last grow with its length. Engines that are not ours have the stages of their kind."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """Args:
    name: of the kind.
    stages: in order, each with the share of the time that it usually takes; "starting" comes before them by itself.
    """

    name: Kind
    stages: Stages

    def stages_of(self, folder: JobFolder) -> Stages:
        """Those of this job: trainings differ by engine, and not everything has another background, is measured, or is compared with a reference."""
        asked = folder.job().request
        needs = {
            "reference": folder.input("reference"),
            "matte": folder.input("background") or asked.get("background_colour"),
            "evaluate": asked.get("evaluate", True) or asked.get("engine") == "auto",
        }
        stages = _TRAININGS.get(asked["engine"], self.stages) if self.name == "train" else self.stages
        return tuple(stage for stage in stages if needs.get(stage[0], True))

    @property
    def run(self) -> Run:
        return plugins.attribute(f"mien.jobs.kinds.{self.name}:run")

    def queue(self, request: Request, settings: Settings) -> Queue:
        """Where it has to wait; may read files.

        Raises:
            UsageError, NotFoundError, PackageError: there is no such avatar or engine, or they do not fit each other.
        """
        # The room of verbs is heavy.
        from mien.studio.create import engine_of_named
        from mien.studio.engines import engine_for_picture
        from mien.studio.train import engine_for_training

        match request:
            case SpeakRequest():
                spec = engine_of_named(request.avatar, settings, engine=request.engine)
            case CreateAvatarRequest():
                spec = engine_for_picture(request.engine)
            case TrainRequest():
                spec = engine_for_training(request.engine)
            case _:
                return "cpu"
        return "gpu" if spec.gpu else "cpu"


KINDS: dict[Kind, JobKind] = {
    kind.name: kind
    for kind in (
        JobKind("speak", (("avatar", 2), ("engine", 3), ("render", 93), ("finish", 2))),
        JobKind("create_avatar", (("analyse", 95), ("finish", 5))),
        JobKind("import_avatar", (("check", 90), ("finish", 10))),
        JobKind("check_clip", (("look", 85), ("listen", 15))),
        JobKind("train", (("prepare", 10), ("train", 85), ("finish", 5))),
        JobKind("evaluate", (("track", 90), ("listen", 7), ("reference", 90), ("finish", 3))),
        JobKind("pull_weights", (("fetch", 100),)),
    )
}
