"""The built-in astronaut, as a person whose mouth was learnt from a video; it has learnt little."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.runs import training

from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.unet.lessons import Lessons
from mien.engines.unet.spec import SPEC
from mien.engines.unet.train import learn
from mien.settings import load
from mien.training import Dataset, prepare

STEPS = 10


@pytest.fixture(scope="session")
def dataset(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    pytest.importorskip("torch")
    return prepare(video, tmp_path_factory.mktemp("dataset"), load(), size=256)


@pytest.fixture(scope="session")
def lessons(dataset: Dataset) -> Lessons:
    return Lessons.cut(dataset, lambda number: None)


@pytest.fixture(scope="session")
def package(dataset: Dataset, video: Path, tmp_path_factory: pytest.TempPathFactory) -> AvatarPackage:
    with PackageBuilder(tmp_path_factory.mktemp("avatar") / "astronaut.mien") as builder:
        learn(dataset, training(video, tmp_path_factory.mktemp("work"), builder), STEPS)
        about = Manifest(name="astronaut", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size)
        return builder.finish(about)
