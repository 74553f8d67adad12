"""What a portrait's package holds, and what it may not hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.portrait.prepare import load
from mien.errors import PackageError
from mien.types import Image, Landmarks, Matte

Arrays = dict[str, NDArray[Any]]


def package(folder: Path, picture: Image, arrays: Arrays) -> AvatarPackage:
    size = picture.shape[1], picture.shape[0]
    with PackageBuilder(folder) as builder:
        builder.add_image("picture", picture)
        builder.add_arrays("face", arrays)
        return builder.finish(Manifest(name="made", engine="portrait", source_sha256="0" * 64, size=size))


@pytest.fixture
def arrays(astronaut: tuple[Image, Matte, Landmarks]) -> Arrays:
    _, matte, landmarks = astronaut
    return {"matte": np.rint(matte * 255).astype(np.uint8), "landmarks": landmarks}


def test_what_was_stored_comes_back(astronaut: tuple[Image, Matte, Landmarks], arrays: Arrays, tmp_path: Path) -> None:
    picture, matte, landmarks = load(package(tmp_path / "whole.mien", astronaut[0], arrays))
    np.testing.assert_array_equal(picture, astronaut[0])
    np.testing.assert_array_equal(landmarks, astronaut[2])
    np.testing.assert_allclose(matte, astronaut[1], atol=0.5 / 255)
    assert matte.dtype == np.float32


def without(name: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {key: value for key, value in arrays.items() if key != name}


def landmarks(change: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Arrays], Arrays]:
    return lambda arrays: arrays | {"landmarks": change(arrays["landmarks"].copy())}


def one_infinite(points: NDArray[Any]) -> NDArray[Any]:
    points[100, 0] = np.inf
    return points


@pytest.mark.parametrize(
    "spoil",
    [
        without("matte"),
        without("landmarks"),
        lambda arrays: arrays | {"matte": arrays["matte"][:3, :3]},
        lambda arrays: arrays | {"matte": arrays["matte"].astype(np.float64)},
        landmarks(lambda points: points[:10]),
        landmarks(lambda points: points.astype("U8")),
        landmarks(lambda points: np.full_like(points, np.nan)),
        landmarks(lambda points: np.full_like(points, 5)),
        landmarks(lambda points: points * np.float32(1e12)),
        landmarks(lambda points: points[::-1].copy()),
        landmarks(lambda points: np.random.default_rng(0).random(points.shape, np.float32) * 512),
        landmarks(one_infinite),
    ],
)
def test_a_package_that_is_whole_but_no_portrait_is_refused(
    astronaut: tuple[Image, Matte, Landmarks],
    arrays: Arrays,
    tmp_path: Path,
    spoil: Callable[[Arrays], Arrays],
) -> None:
    with pytest.raises(PackageError, match="no portrait") as caught:
        load(package(tmp_path / "spoilt.mien", astronaut[0], spoil(arrays)))
    assert caught.value.hint
