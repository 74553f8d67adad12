from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage, stats

from mien.evaluation.naturalness import FEATURES, PATCH, Naturalness, asymmetric_fit, patch_features
from mien.evaluation.pictures import Plane, luma
from mien.types import Image


def of(*planes: Plane) -> Naturalness:
    found = Naturalness()
    for plane in planes:
        found.add(patch_features(plane))
    return found


@pytest.fixture(scope="module")
def planes(picture: Image) -> list[Plane]:
    """The same picture with four different moments of a camera's noise."""
    rng = np.random.default_rng(0)
    return [luma(picture) + rng.normal(0, 3, picture.shape[:2]).astype(np.float32) for _ in range(4)]


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0, 4.0])
def test_shape_and_scale_of_scipys_generalised_gaussian_are_found(shape: float):
    values = np.asarray(stats.gennorm.rvs(shape, scale=1.7, size=(4, 40_000), random_state=1))
    found, left, right = asymmetric_fit(values)
    # 40 000 values tell the shape to a few percent.
    assert found == pytest.approx(shape, rel=0.06)
    assert left == pytest.approx(1.7, rel=0.06)
    assert right == pytest.approx(1.7, rel=0.06)


def test_halves_of_different_width_are_told_apart():
    rng = np.random.default_rng(0)
    wide = rng.random((3, 60_000)) < 3 / 4  # a side holds as much as it is wide
    values = np.abs(stats.gennorm.rvs(1.5, size=wide.shape, random_state=2)) * np.where(wide, 3.0, -1.0)
    shape, left, right = asymmetric_fit(values)
    assert shape == pytest.approx(1.5, rel=0.06)
    assert left == pytest.approx(1, rel=0.06)
    assert right == pytest.approx(3, rel=0.06)


def test_each_whole_patch_has_36_features(planes: list[Plane]):
    found = patch_features(planes[0][: 2 * PATCH + 7, : 3 * PATCH + 11])
    assert found.shape == (6, FEATURES)
    assert np.isfinite(found).all()
    assert patch_features(planes[0][: PATCH - 1]).shape == (0, FEATURES)


def test_patches_come_row_by_row(planes: list[Plane]):
    both = patch_features(planes[0][: 2 * PATCH, : 3 * PATCH])
    for index in range(6):
        row, column = divmod(index, 3)
        alone = patch_features(planes[0][row * PATCH :, column * PATCH :][:PATCH, :PATCH])[0]
        # Beyond its edges there is something else then, which windows and neighbours see.
        assert both[index, :2] == pytest.approx(alone[:2], rel=0.1)


def test_real_is_near_and_blurred_or_noisy_is_far(planes: list[Plane]):
    model = of(*planes[:2])
    real = model.distance(of(*planes[2:]))
    blurred = model.distance(of(*(np.asarray(ndimage.gaussian_filter(each, 1.5), np.float32) for each in planes[2:])))
    rng = np.random.default_rng(3)
    noisy = model.distance(of(*(each + rng.normal(0, 12, each.shape).astype(np.float32) for each in planes[2:])))
    assert real < 1
    assert min(blurred, noisy) > 3 * real


def test_the_distance_is_the_papers(planes: list[Plane]):
    one, other = (np.concatenate([patch_features(each) for each in pair]) for pair in (planes[:2], planes[2:]))
    difference = one.mean(axis=0) - other.mean(axis=0)
    shared = np.linalg.pinv((np.cov(one.T) + np.cov(other.T)) / 2)
    expected = math.sqrt(difference @ shared @ difference)
    assert of(*planes[:2]).distance(of(*planes[2:])) == pytest.approx(expected, rel=1e-6)


def test_flat_patches_are_left_out_and_too_few_tell_nothing(planes: list[Plane]):
    flat = of(np.full((PATCH * 4, PATCH * 4), 80, np.float32))
    assert flat.count == 0
    assert math.isnan(flat.distance(of(*planes)))
