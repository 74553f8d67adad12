"""Learns a mouth from a video, and makes the avatar's data of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mien.avatars import add_film, best_stretch
from mien.engines.unet.data import MouthData
from mien.engines.unet.lessons import Lessons
from mien.motion.features.encoder import require_torch
from mien.training import FPS, Dataset, prepare
from mien.training.folder import load_arrays, save_arrays
from mien.types import Image, Progress, TrainingRun

_CHECKPOINT = "unet.npz"
_CHECKS = 10
"""How often a training is judged by what it does not learn from."""


def train(run: TrainingRun) -> list[str]:
    """See `mien.types.Train`."""
    require_torch("Learning with the engine unet")
    dataset = prepare(run.video, run.work / "dataset", run.settings, report=run.report)
    return [*dataset.remarks, learn(dataset, run)]


def learn(dataset: Dataset, run: TrainingRun, steps: int | None = None) -> str:
    """One training: from a dataset to a package. It goes on where a checkpoint in `run.work` says.

    Args:
        dataset: of the video.
        run: where checkpoints, progress and the result go.
        steps: of gradient descent; None: as many as the frames need.

    Returns:
        What came of it, for the user.
    """
    from mien.engines.unet.trainer import Plan, Trainer

    def watched(number: int) -> None:
        run.report(Progress("watch", number, dataset.count, "frames"))

    lessons = Lessons.cut(dataset, watched)
    plan = Plan.of(len(lessons.learnt)) if steps is None else Plan(steps=steps)
    trainer = Trainer(lessons, plan, run.settings.threads)
    checkpoint = run.work / _CHECKPOINT
    best: dict[str, NDArray[np.float32]] = {}
    score = -np.inf
    if checkpoint.is_file():
        kept = load_arrays(checkpoint)
        score = float(kept.pop("score"))
        best = {name.removeprefix("best."): kept.pop(name) for name in list(kept) if name.startswith("best.")}
        trainer.restore(kept)
    every = max(1, plan.steps // _CHECKS)
    losses = []
    while trainer.step < plan.steps:
        run.report(Progress("train", trainer.step, plan.steps, "steps"))
        losses.append(trainer.advance())
        if trainer.step % every == 0 or trainer.step == plan.steps:
            found, sheet = trainer.judge()
            if found > score:
                score, best = found, trainer.averaged()
            save_arrays(
                checkpoint,
                **trainer.state(),
                **{f"best.{name}": values for name, values in best.items()},
                score=np.array(score),
            )
            run.metric(trainer.step, loss=float(np.mean(losses)), psnr=found)
            run.preview(trainer.step, sheet)
            losses = []
    person = dataset.person
    moved = np.linalg.norm(np.diff(person.shift, axis=0, prepend=person.shift[:1]), axis=1)
    stretch = best_stretch(dataset.seen, moved, FPS)
    add_film(run.package, _filmed(dataset, stretch, run), dataset.size, FPS)
    network = trainer.exported(best)
    MouthData(network, lessons.crop, lessons.scope, lessons.heads.part(stretch), person.calibration).save(run.package)
    return f"In frames that were not learnt from, the drawn mouth is {score:.1f} dB from the real one."


def _filmed(dataset: Dataset, stretch: slice, run: TrainingRun) -> Iterator[Image]:
    for index, image in enumerate(dataset.frames(stretch.start, stretch.stop)):
        run.report(Progress("film", index, stretch.stop - stretch.start, "frames"))
        yield image
