"""How good mouths drawn by the unet engine are on what they never saw, and what they cost.

    python -m benchmarks.bench_unet [--media ../shared/media] [--work FOLDER] [--clips may …] [--sheets FOLDER]

As `bench_gaussian`, on the same held-out fifths and beside the same baselines; without the clips nothing is measured. `network` is the time of the
network alone on one core, onnxruntime as Mien runs it and PyTorch, for one and for four faces in a call; `limit_ms` and `share` as in `bench_wav2lip`. Prints one
JSON object; seconds are processor time of all threads, milliseconds of one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.bench_clip import clocked, main, milliseconds, movements, outcome
from benchmarks.bench_gaussian import run
from benchmarks.bench_wav2lip import gflops, timed
from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.unet.crop import SIZE
from mien.engines.unet.data import MouthData, Scope
from mien.engines.unet.engine import UnetEngine
from mien.engines.unet.network import MouthUnet
from mien.engines.unet.spec import SPEC, UnetOptions
from mien.engines.unet.train import learn
from mien.face import FaceTracker
from mien.settings import load as load_settings
from mien.studio.evaluate import redrawn
from mien.training import Dataset, prepare
from mien.types import SAMPLE_RATE

BATCHES = (1, 4)


def learnt(dataset: Dataset, builder: PackageBuilder, work: Path) -> AvatarPackage:
    learn(dataset, run(dataset.video, work, builder))
    return builder.finish(Manifest(name="unet", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size))


def cost(package: AvatarPackage, dataset: Dataset) -> dict[str, float]:
    """Milliseconds a frame of a session that speaks, and of one that is idle."""
    session = UnetEngine(load_settings()).open(package, UnetOptions())
    for _ in range(10):
        _ = session.idle_frame().image
    session.push_audio(dataset.samples[: 8 * SAMPLE_RATE])
    session.end_segment()
    frames = session.frames()
    next(frames)
    return {
        "speaking": milliseconds(lambda: next(frames).image, 150),
        "idle": milliseconds(lambda: session.idle_frame().image, 150),
    }


def network(package: AvatarPackage) -> dict[str, Any]:
    """The network alone."""
    torch.set_num_threads(1)
    data = MouthData.load(package)
    count = Scope.count(len(data.calibration.measures))
    session, eager = data.opened("measured"), MouthUnet(count).eval()
    speed, random = gflops(), np.random.default_rng(0)
    told: dict[str, Any] = {"gflops": round(speed, 1), "gmac": round(multiply_adds(eager, count) / 1e9, 3)}
    told["limit_ms"] = round(2 * told["gmac"] / speed * 1e3, 2)
    for batch in BATCHES:
        crop = random.integers(0, 256, (batch, SIZE, SIZE, 3), np.uint8)
        features = random.standard_normal((batch, count)).astype(np.float32)
        rim, row = torch.rand(batch, 3, SIZE, SIZE), torch.from_numpy(features)
        spent = timed(lambda c=crop, f=features: session.run(None, {"crop": c, "features": f}))
        with torch.no_grad():
            beside = timed(lambda r=rim, f=row: eager(r, f))
        told[f"batch {batch}"] = {
            "onnxruntime_ms": {name: round(value / batch, 2) for name, value in spent.items()},
            "torch_ms": {name: round(value / batch, 2) for name, value in beside.items()},
            "share": round(told["limit_ms"] / (spent["least"] / batch), 2),
        }
    return told


def multiply_adds(eager: MouthUnet, features: int) -> int:
    """Of all convolutions and linear maps for one face."""
    counted: list[int] = []

    def count(layer: torch.nn.Module, _: Any, made: torch.Tensor) -> None:
        weight = layer.get_parameter("weight")
        counted.append(weight.numel() * int(np.prod(made.shape[2:])))

    hooks = [
        layer.register_forward_hook(count)
        for layer in eager.modules()
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)
    ]
    with torch.no_grad():
        eager(torch.zeros(1, 3, SIZE, SIZE), torch.zeros(1, features))
    for hook in hooks:
        hook.remove()
    return sum(counted)


def measured(video: Path, work: Path, tracker: FaceTracker, sheets: Path | None) -> dict[str, Any]:
    dataset, preparing = clocked(lambda: prepare(video, work / video.stem / "dataset", load_settings()))
    with tempfile.TemporaryDirectory() as folder, PackageBuilder(Path(folder, "unet.mien")) as builder:
        package, training = clocked(lambda: learnt(dataset, builder, work / video.stem))
        sizes = {name: entry.size for name, entry in package.manifest.files.items()}
        costs, alone = cost(package, dataset), network(package)
        drawn = {
            name: redrawn(package, dataset, dataset.split.test, movement)
            for name, movement in movements(dataset).items()
        }
        found = outcome(drawn, dataset, tracker, sheets and sheets / f"unet_{video.stem}.png")
    return {
        "bytes": {"film": sizes.pop("film.mp4"), "rest": sum(sizes.values())},
        "preparing": preparing,
        "training": training,
        "ms": costs,
        "network": alone,
        **found,
    }


if __name__ == "__main__":
    main(measured)
