"""The clip avatar that is gathered from a video of the astronaut."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien import settings as settings_module
from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.clip.spec import SPEC
from mien.engines.clip.train import gather
from mien.training import Dataset, prepare

SIZE = 320


@pytest.fixture(scope="session")
def dataset(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepare(video, tmp_path_factory.mktemp("dataset"), settings_module.load(), size=SIZE)


@pytest.fixture(scope="session")
def package(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> AvatarPackage:
    with PackageBuilder(tmp_path_factory.mktemp("avatar") / "clip.mien") as builder:
        gather(dataset, builder)
        about = Manifest(name="clip", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size)
        return builder.finish(about)
