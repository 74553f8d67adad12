"""How good gaussian avatars are on what they never saw, and what they cost.

    python -m benchmarks.bench_gaussian [--media ../shared/media] [--work FOLDER] [--clips may …] [--sheets FOLDER]

The last fifth of each clip is held out: the face is learnt from the rest. Into its real frames faces are drawn as `mien evaluate --avatar` does: as its
sound says ("generated": driver network; "energy"), as its expression was tracked by landmarks ("tracked"), as it is read from the picture with the
face that was learnt ("read"), and always the mean one ("still"); its own baselines stand beside. The drawn part is the same for all. Heads are found in
the real frames, as in a film. Real people are needed for that: without the clips nothing is measured. Prints one JSON object; seconds are processor time
of all threads, milliseconds of one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_clip import clocked, main, milliseconds, movements, outcome
from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.gaussian.engine import GaussianEngine
from mien.engines.gaussian.raster import open_rasterizer
from mien.engines.gaussian.spec import SPEC, GaussianOptions
from mien.engines.gaussian.train import Learning
from mien.engines.gaussian.trainer import Plan
from mien.face import FaceTracker
from mien.settings import load as load_settings
from mien.studio.evaluate import Movement, redrawn
from mien.training import Dataset, prepare
from mien.types import SAMPLE_RATE, TrainingRun, silent


def run(video: Path, work: Path, builder: PackageBuilder) -> TrainingRun:
    work.mkdir(parents=True, exist_ok=True)
    return TrainingRun(
        video=video,
        work=work,
        package=builder,
        settings=load_settings(),
        report=silent,
        metric=lambda step, **values: None,
        preview=lambda step, image: None,
    )


def learnt(dataset: Dataset, builder: PackageBuilder, work: Path) -> Learning:
    frames = int(dataset.seen[dataset.split.train].sum())
    raster, _ = open_rasterizer(load_settings().device)
    learning = Learning(dataset, run(dataset.video, work, builder), Plan.of(frames), raster)
    learning.learn()
    return learning


def packed(learning: Learning, dataset: Dataset, builder: PackageBuilder) -> AvatarPackage:
    learning.pack()
    return builder.finish(Manifest(name="gaussian", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size))


def cost(package: AvatarPackage, dataset: Dataset) -> dict[str, float]:
    """Milliseconds a frame of a session that speaks, and of one that is idle."""
    session = GaussianEngine(load_settings()).open(package, GaussianOptions())
    for _ in range(10):
        session.idle_frame()
    session.push_audio(dataset.samples[: 8 * SAMPLE_RATE])
    session.end_segment()
    frames = session.frames()
    next(frames)
    return {
        "speaking": milliseconds(lambda: next(frames), 150),
        "idle": milliseconds(session.idle_frame, 150),
    }


def read(learning: Learning, dataset: Dataset) -> Movement:
    """Of the held-out frames, as it is read from their pictures."""
    test = dataset.split.test
    for _ in learning.filmed(test):
        pass  # the heads are found
    coefficients = learning.read(test).copy()
    return Movement(coefficients, np.zeros(len(coefficients), np.float32))


def measured(video: Path, work: Path, tracker: FaceTracker, sheets: Path | None) -> dict[str, Any]:
    dataset, preparing = clocked(lambda: prepare(video, work / video.stem / "dataset", load_settings()))
    with tempfile.TemporaryDirectory() as folder, PackageBuilder(Path(folder, "gaussian.mien")) as builder:
        learning, training = clocked(lambda: learnt(dataset, builder, work / video.stem))
        package, packing = clocked(lambda: packed(learning, dataset, builder))
        sizes = {name: entry.size for name, entry in package.manifest.files.items()}
        costs = cost(package, dataset)
        drawn = {
            name: redrawn(package, dataset, dataset.split.test, movement)
            for name, movement in {**movements(dataset), "read": read(learning, dataset)}.items()
        }
        found = outcome(drawn, dataset, tracker, sheets and sheets / f"gaussian_{video.stem}.png")
    return {
        "validation_db": round(learning.score, 2),
        "bytes": {"film": sizes.pop("film.mp4"), "rest": sum(sizes.values())},
        "preparing": preparing,
        "training": training,
        "packing": packing,
        "ms": costs,
        **found,
    }


if __name__ == "__main__":
    main(measured)
