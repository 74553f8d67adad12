"""A small finished package to work on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.avatars import AvatarPackage, Manifest, PackageBuilder

FACE = np.arange(12, dtype=np.float32).reshape(4, 3)


def manifest(name: str = "anna", **fields) -> Manifest:
    return Manifest(name=name, engine="portrait", source_sha256="0" * 64, size=(64, 48), **fields)


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def fill(builder: PackageBuilder) -> None:
    builder.add_arrays("mesh", {"face": FACE, "steps": np.array([1, 2], np.int64)})
    builder.add_image("photo", picture())
    builder.add_image("preview", picture(), format="jpg")


@pytest.fixture
def package(tmp_path: Path) -> AvatarPackage:
    with PackageBuilder(tmp_path / "made" / "anna.mien") as builder:
        fill(builder)
        return builder.finish(manifest(remarks=("3 faces were found; the largest is used.",)))
