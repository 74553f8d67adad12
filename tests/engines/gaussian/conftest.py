"""The built-in astronaut: as a person whose mouth moves in two ways, and as one who was learnt from a video. And a second rasteriser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.engines.runs import training

from mien.avatars import AvatarPackage, Manifest, PackageBuilder, builtin_picture
from mien.engines.gaussian.model import Pose
from mien.engines.gaussian.raster import Rasterizer
from mien.engines.gaussian.region import Region
from mien.engines.gaussian.spec import SPEC
from mien.engines.gaussian.train import Learning
from mien.engines.gaussian.trainer import Plan
from mien.face import FaceTracker
from mien.face.topology import LIPS_OUTER, RIGID
from mien.media import read_image
from mien.settings import load
from mien.training import Dataset, prepare
from mien.types import Image
from mien.weights import WeightStore


@dataclass(frozen=True)
class Seen:
    """A picture, the pose and the expression (2,) of the face in it, and the person's mean and basis."""

    image: Image
    pose: Pose
    expression: NDArray[np.float32]
    mean: NDArray[np.float32]
    basis: NDArray[np.float32]

    @property
    def region(self) -> Region:
        return Region.of(self.mean, self.basis, np.array([[1.0, 1.0]], np.float32))


@pytest.fixture(scope="session")
def astronaut() -> Seen:
    file = builtin_picture("astronaut")
    assert file is not None
    image = read_image(file)
    face = FaceTracker(WeightStore.from_settings(load())).find(image)
    assert face is not None
    points = face.landmarks
    scale = float(np.linalg.norm(points[33] - points[263]))
    origin = points[RIGID].mean(axis=0)
    mean = ((points - origin) / scale).astype(np.float32)
    basis = np.zeros((2, 478, 3), np.float32)
    low = np.clip((mean[:, 1] - mean[13, 1]) / (mean[152, 1] - mean[13, 1]), 0, 1)
    basis[0, :, 1] = 0.15 * low  # the jaw drops
    basis[1, LIPS_OUTER, 0] = 0.1 * (mean[LIPS_OUTER, 0] - mean[13, 0])  # the lips spread
    pose = Pose(np.eye(3, dtype=np.float32), scale, origin[:2].astype(np.float32), np.zeros(2, np.float32))
    return Seen(image, pose, np.zeros(2, np.float32), mean, basis)


SIZE = 256
PLAN = Plan(gaussians=2500, steps=120, look_again=(0.3,))


@pytest.fixture(scope="session")
def dataset(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepare(video, tmp_path_factory.mktemp("dataset"), load(), size=SIZE)


@pytest.fixture(scope="session")
def package(dataset: Dataset, video: Path, tmp_path_factory: pytest.TempPathFactory) -> AvatarPackage:
    """An avatar that has learnt little."""
    with PackageBuilder(tmp_path_factory.mktemp("avatar") / "astronaut.mien") as builder:
        learning = Learning(dataset, training(video, tmp_path_factory.mktemp("work"), builder), PLAN)
        learning.learn()
        learning.pack()
        about = Manifest(name="astronaut", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size)
        return builder.finish(about)


@pytest.fixture(scope="session")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Rasterizer:
    """The GPU's kernels, compiled for the processor."""
    pytest.importorskip("torch")
    from tests.engines.gaussian.raster.cuda_on_cpu import COMPILER, KernelsOnCpu

    from mien.engines.gaussian.raster.tiles import TileRasterizer

    if COMPILER is None:
        pytest.skip("there is no g++ of Linux: the GPU's kernels are not run on the processor")
    return TileRasterizer("cpu", KernelsOnCpu(tmp_path_factory.mktemp("kernels")))
