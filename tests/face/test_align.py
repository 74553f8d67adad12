from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.face import similarity
from mien.face.pose import rotation_of
from mien.types import HeadPose

angles = st.floats(-170, 170)


@given(yaw=angles, pitch=st.floats(-80, 80), roll=angles, scale=st.floats(0.01, 100), seed=st.integers(0, 99))
def test_recovers_a_similarity(yaw: float, pitch: float, roll: float, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, shift = rng.normal(size=(12, 3)), rng.normal(size=3)
    rotation = rotation_of(HeadPose(yaw, pitch, roll))
    found = similarity(points, scale * points @ rotation.T + shift)
    assert found.scale == pytest.approx(scale, rel=1e-6)
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-6)
    np.testing.assert_allclose(found.shift, shift, atol=1e-5 * max(scale, 1))
    np.testing.assert_allclose(found.inverse().apply(found.apply(points)), points, atol=1e-6)


def test_never_mirrors() -> None:
    points = np.random.default_rng(0).normal(size=(9, 2))
    found = similarity(points, points * (-1, 1))
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_is_the_best_fit_of_noisy_points() -> None:
    rng = np.random.default_rng(0)
    source = rng.normal(size=(40, 3))
    target = 2 * source + rng.normal(0, 0.1, (40, 3))
    found = similarity(source, target)
    best = ((found.apply(source) - target) ** 2).sum()
    for _ in range(50):
        nudge = rotation_of(HeadPose(*rng.normal(0, 1, 3)))
        assert ((found.apply(source) @ nudge.T - target) ** 2).sum() >= best


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (np.zeros((5, 3)), np.ones((5, 3))),
        (np.eye(3), np.eye(2)),
        (np.eye(3), np.zeros((3, 3))),
        (np.ones(3), np.ones(3)),
    ],
)
def test_what_cannot_be_aligned_is_a_clear_error(source: np.ndarray, target: np.ndarray) -> None:
    with pytest.raises(UsageError, match="cannot be aligned"):
        similarity(source, target)
