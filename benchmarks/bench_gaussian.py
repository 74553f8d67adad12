"""How good gaussian avatars are on what they never saw, and what they cost.

    python -m benchmarks.bench_gaussian [--media ../shared/media] [--work FOLDER] [--clips may …] [--sheets FOLDER]

The last fifth of each clip is held out: the face is learnt from the rest. Into its real frames faces are drawn as its expression was
tracked by landmarks ("tracked"), as it is read from the picture with the face that was learnt ("read"), as its sound says ("network",
"energy": the driver), and always the mean one ("frozen"); `mien evaluate --generated` then judges them beside its own baselines. The drawn
part is the same for all. Heads are found in the real frames, as in a film. Real people are needed for that: without the clips nothing is
measured. Prints one JSON object; seconds are processor time of all threads, milliseconds of one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_clip import DRIVERS, clocked, foretold, judged, main, milliseconds, sheet, told
from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.gaussian.engine import GaussianEngine
from mien.engines.gaussian.raster import open_rasterizer
from mien.engines.gaussian.renderer import Renderer
from mien.engines.gaussian.spec import SPEC, GaussianOptions
from mien.engines.gaussian.train import Learning
from mien.engines.gaussian.trainer import Plan
from mien.face import FaceTracker
from mien.settings import load as load_settings
from mien.training import Dataset, prepare
from mien.types import SAMPLE_RATE, Image, TrainingRun, silent


class Held:
    """Real frames in the place of an avatar's film."""

    def __init__(self, images: list[Image]) -> None:
        self.size = images[0].shape[1], images[0].shape[0]
        self._images = images

    def __getitem__(self, index: int) -> Image:
        return self._images[index]


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


def mouths(learning: Learning, dataset: Dataset) -> dict[str, NDArray[np.float32]]:
    """Coefficients (n, K) of the held-out frames."""
    test = dataset.split.test
    tracked = dataset.person.expression[test]
    mean = np.nanmean(dataset.person.expression[: test.start], axis=0)
    return {
        "tracked": tracked,
        "read": learning.read(test).copy(),
        **{driver: foretold(dataset, driver)[0][test] for driver in DRIVERS},
        "frozen": np.repeat(mean[None], len(tracked), axis=0).astype(np.float32),
    }


def measured(video: Path, work: Path, tracker: FaceTracker, sheets: Path | None) -> dict[str, Any]:
    dataset, preparing = clocked(lambda: prepare(video, work / video.stem / "dataset", load_settings()))
    with tempfile.TemporaryDirectory() as folder, PackageBuilder(Path(folder, "gaussian.mien")) as builder:
        learning, training = clocked(lambda: learnt(dataset, builder, work / video.stem))
        package, packing = clocked(lambda: packed(learning, dataset, builder))
        sizes = {name: entry.size for name, entry in package.manifest.files.items()}
        costs = cost(package, dataset)
    test = dataset.split.test
    real = list(learning.filmed(test))
    film: Any = Held(real)
    renderer = Renderer(learning.face(test), film)
    images: dict[str, list[Image]] = {
        name: [renderer.draw(n, row) for n, row in enumerate(rows)] for name, rows in mouths(learning, dataset).items()
    }
    if sheets is not None:
        sheet(sheets / f"gaussian_{video.stem}.png", {"real": real, **images}, dataset)
    reports = {name: judged(frames, dataset, real, tracker, name) for name, frames in images.items()}
    baselines = next(iter(reports.values())).as_dict()["scores"]
    return {
        "held_out_frames": len(real),
        "validation_db": round(learning.score, 2),
        "bytes": {"film": sizes.pop("film.mp4"), "rest": sum(sizes.values())},
        "preparing": preparing,
        "training": training,
        "packing": packing,
        "ms": costs,
        "contenders": {name: told(report) for name, report in reports.items()},
        "baselines": {name: baselines[name] for name in ("frozen", "nearest", "previous", "real")},
    }


if __name__ == "__main__":
    main(measured)
