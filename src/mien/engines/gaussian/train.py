"""Learns a face from a video, and makes the avatar's data of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from mien.avatars import add_film, best_stretch
from mien.engines.gaussian.data import FaceData
from mien.engines.gaussian.footage import Footage, mask
from mien.engines.gaussian.poses import Poses, Windows
from mien.engines.gaussian.raster import PROCESSOR, Rasterizer, open_rasterizer
from mien.engines.gaussian.reference import Reference
from mien.engines.gaussian.region import FEATHER
from mien.engines.gaussian.seeds import sow
from mien.engines.gaussian.trainer import Plan, Trainer
from mien.training import FPS, Dataset, prepare
from mien.training.folder import load_arrays, save_arrays
from mien.types import Image, Progress, TrainingRun

Floats = NDArray[np.float32]

_CHECKPOINT = "gaussian.npz"
_CHECKS = 10
"""How often a training is judged by what it does not learn from."""
_PATIENCE = 4
"""It ends when so many of these in a row were not the best."""
_BEYOND = 1.1
"""Coefficients are drawn up to this, by the largest that were learnt."""


def train(run: TrainingRun) -> list[str]:
    """See `mien.types.Train`."""
    raster, remark = open_rasterizer(run.settings.device)
    dataset = prepare(run.video, run.work / "dataset", run.settings, report=run.report)
    learning = Learning(dataset, run, Plan.of(int(dataset.seen[dataset.split.train].sum())), raster)
    learning.learn()
    learning.pack()
    told = f"In frames that were not learnt from, pictures with the drawn face are {learning.score:.1f} dB from the real ones."
    return [*dataset.remarks, *([remark] if remark else []), told]


class Learning:
    """One training: from a dataset to a package. It goes on where a checkpoint in `run.work` says.

    Args:
        dataset: of the video.
        run: where checkpoints, progress and the result go.
        plan: see there.
        raster: that draws and differentiates.
    """

    def __init__(self, dataset: Dataset, run: TrainingRun, plan: Plan, raster: Rasterizer = PROCESSOR) -> None:
        self._dataset, self._run, self._plan = dataset, run, plan
        person, reference = dataset.person, Reference.of(dataset)
        self._region, self._neck, poses = reference.region, reference.neck(), reference.poses
        self._windows = Windows.around(self._region.outline, poses, dataset.size, FEATHER)
        numbers = np.concatenate([reference.learnt, reference.judged])
        footage = Footage.cut(dataset, numbers, self._windows, poses, self._neck_into(poses))
        count = len(reference.learnt)
        self._learnt, self._judged = footage.part(0, count), footage.part(count, len(numbers))
        neutral, pose = reference.neutral, poses[reference.rest]
        share = mask(self._region.outline, pose, dataset.size)
        seeds = sow(self._region, neutral, pose, person.expression[reference.rest], share, plan.gaussians, plan.seed)
        pixels = dataset.size[0] * dataset.size[1]
        threads = run.settings.threads
        self.trainer = Trainer(
            self._region, seeds, self._learnt, person.expression, poses, plan, pixels, threads, raster
        )
        self._since_best, self.score = 0, -np.inf
        """`score`: of what was best so far, dB over the whole frame."""
        self._best = self.trainer.state()
        self._take_up()

    def _neck_into(self, poses: Poses) -> Callable[[int, Image], None]:
        def watch(number: int, image: Image) -> None:
            self._run.report(Progress("watch", number + 1, self._dataset.count, "frames"))
            poses.torso[number] = self._neck.follow(image, poses[number])

        return watch

    def learn(self) -> None:
        """Takes steps until the plan is done, or what is not learnt from gets no better."""
        trainer, steps = self.trainer, self._plan.steps
        every = max(1, steps // _CHECKS)
        losses = []
        while trainer.step < steps and self._since_best < _PATIENCE:
            self._run.report(Progress("train", trainer.step, steps, "steps"))
            losses.append(trainer.advance())
            if trainer.step in self._plan.looks():
                trainer.find_heads(self._learnt)
                trainer.find_heads(self._judged)
            if trainer.step % every == 0 or trainer.step == steps:
                self._judge(float(np.mean(losses)))
                losses = []
        trainer.restore(self._best)

    def _judge(self, mean_loss: float) -> None:
        self.trainer.read_faces(self._judged)
        scores = [self.trainer.score(self._judged, index) for index in range(len(self._judged.numbers))]
        score = float(np.mean(scores))
        if score > self.score:
            self.score, self._since_best = score, 0
            self._best = self.trainer.state()
        else:
            self._since_best += 1
        self._keep()
        self._run.metric(self.trainer.step, loss=mean_loss, psnr=score)
        self._run.preview(self.trainer.step, self._sheet(int(np.argmin(scores))))

    def _sheet(self, index: int) -> Image:
        """The real frame, the drawn one and eight times their difference, side by side."""
        real, drawn = self._judged.real(index), self.trainer.picture(self._judged, index)
        rows = np.concatenate([real, drawn, np.clip(8 * np.abs(drawn - real), 0, 1)], axis=1)
        return np.rint(rows * 255).astype(np.uint8)

    def _keep(self) -> None:
        state = self.trainer.state()
        best = {f"best_{name}": values for name, values in self._best.items()}
        told = {"score": np.array(self.score), "since_best": np.array(self._since_best)}
        save_arrays(self._run.work / _CHECKPOINT, **state, **best, **told)

    def _take_up(self) -> None:
        path = self._run.work / _CHECKPOINT
        if not path.is_file():
            return
        kept = load_arrays(path)
        self.score, self._since_best = float(kept.pop("score")), int(kept.pop("since_best"))
        self._best = {name.removeprefix("best_"): kept.pop(name) for name in list(kept) if name.startswith("best_")}
        self.trainer.restore(kept)

    def pack(self) -> None:
        """Adds the film and the face to the package."""
        dataset, shift = self._dataset, self.trainer.poses.shift
        moved = np.linalg.norm(np.diff(shift, axis=0, prepend=shift[:1]), axis=1)
        stretch = best_stretch(dataset.seen, moved, FPS)
        add_film(self._run.package, self.filmed(stretch), dataset.size, FPS)
        self.face(stretch).save(self._run.package)

    def filmed(self, stretch: slice) -> Iterator[Image]:
        """Some of the dataset's frames, one after the other; finds the heads in those that were not looked at yet."""
        known = {*self._learnt.numbers.tolist(), *self._judged.numbers.tolist()}
        poses, last = self.trainer.poses, int(self._judged.numbers[-1])
        for number, image in enumerate(self._dataset.frames(0, stretch.stop)):
            if number > last:
                poses.torso[number] = self._neck.follow(image, poses[number])
            if number >= stretch.start:
                self._run.report(Progress("film", number - stretch.start, stretch.stop - stretch.start, "frames"))
                if number not in known:
                    self.trainer.find_head(number, image, self._windows)
                yield image

    def face(self, stretch: slice) -> FaceData:
        """What was learnt, with the heads of the frames that `filmed` gave."""
        learnt = self.trainer.expressions.values[self._learnt.numbers]
        return FaceData(
            model=self.trainer.average,
            outline=self._region.outline,
            poses=self.trainer.poses.part(stretch),
            limits=np.float32(_BEYOND) * np.stack([learnt.min(axis=0), learnt.max(axis=0)]),
            calibration=self._dataset.person.calibration,
        )

    def read(self, frames: slice) -> Floats:
        """(n, K), expressions as they are read from frames that `filmed` gave."""
        footage = Footage.cut(
            self._dataset, np.arange(frames.start, frames.stop), self._windows, self.trainer.poses, lambda *_: None
        )
        for _ in range(2):
            self.trainer.read_faces(footage)
        return self.trainer.expressions.values[frames]
