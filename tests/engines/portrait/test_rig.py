"""Movements: what is asked for is what the mesh does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.portrait.conftest import pose
from mien.engines.portrait.renderer import Renderer
from mien.engines.portrait.rig import INNER_LOWER, INNER_UPPER, LOWER_LIDS, MAX_TURN, UPPER_LIDS, Rig, rotation
from mien.motion import Articulation


@pytest.fixture(scope="module")
def rig(renderer: Renderer) -> Rig:
    return renderer.rig


def opening(rig: Rig, articulation: Articulation) -> np.ndarray:
    points = rig.vertices(articulation)
    return points[INNER_LOWER, 1] - points[INNER_UPPER, 1]


def test_the_open_smile_of_the_photo_is_shut_at_rest(rig: Rig) -> None:
    photo = rig.mesh.points
    assert (photo[INNER_LOWER, 1] - photo[INNER_UPPER, 1]).max() > 0.05
    assert np.abs(opening(rig, pose())[1:-1]).max() < 1e-5


def test_eyes_open_wider_without_moving_anything_else(rig: Rig) -> None:
    rest, wide = rig.vertices(pose()), rig.vertices(pose(blink=(-0.3, -0.3)))
    moved = np.flatnonzero(np.abs(wide - rest).max(axis=1) > 1e-6)
    lids = {point for row in UPPER_LIDS for point in row[1:-1]}
    assert lids & set(moved) == lids
    assert set(moved) - lids <= {point for row in LOWER_LIDS for point in row}
    assert (wide[list(lids), 1] < rest[list(lids), 1]).all()


@settings(max_examples=60, deadline=None)
@given(
    gap=st.floats(0, 0.25),
    jaw=st.floats(0, 0.25),
    rounded=st.floats(0, 1),
    stretch=st.floats(0, 1),
    smile=st.floats(0, 1),
)
def test_the_lips_open_as_far_as_they_are_told(
    rig: Rig, gap: float, jaw: float, rounded: float, stretch: float, smile: float
) -> None:
    articulation = pose(gap=gap, jaw=jaw, round=rounded, stretch=stretch, smile=smile)
    assert opening(rig, articulation)[5] == pytest.approx(gap, abs=0.01)
    assert opening(rig, articulation)[1:-1].min() > -1e-5


@settings(max_examples=30, deadline=None)
@given(gap=st.floats(0, 0.25), jaw=st.floats(0, 0.25), stretch=st.floats(0, 1))
def test_full_closure_closes_whatever_else_is_asked(rig: Rig, gap: float, jaw: float, stretch: float) -> None:
    assert np.abs(opening(rig, pose(closure=1, gap=gap, jaw=jaw, stretch=stretch))[1:-1]).max() < 1e-5


def test_the_chin_drops_by_the_jaw_and_the_nose_stays(rig: Rig) -> None:
    moved = rig.vertices(pose(jaw=0.1, gap=0.1)) - rig.neutral
    assert moved[152, 1] == pytest.approx(0.1, abs=0.005)
    assert np.abs(moved[[1, 2, 168, 33, 263]]).max() < 1e-5


def test_rounding_narrows_and_stretching_widens_the_mouth(rig: Rig) -> None:
    def width(articulation: Articulation) -> float:
        points = rig.vertices(articulation)
        return float(points[291, 0] - points[61, 0])

    rest = width(pose())
    assert width(pose(round=1)) < 0.85 * rest
    assert width(pose(stretch=1)) > 1.05 * rest


def test_turns_have_the_documented_signs(rig: Rig) -> None:
    nose = 1
    rest = rig.vertices(pose())
    assert rig.vertices(Articulation(pose().mouth, yaw=3))[nose, 0] > rest[nose, 0]
    assert rig.vertices(Articulation(pose().mouth, pitch=3))[nose, 1] > rest[nose, 1]
    forehead = rig.vertices(Articulation(pose().mouth, roll=3))[10]
    assert forehead[0] > rest[10, 0]  # clockwise as seen: the top of the head goes to the right


def test_turns_stop_where_the_picture_would_tear(rig: Rig) -> None:
    far, limit = Articulation(pose().mouth, yaw=60), Articulation(pose().mouth, yaw=float(MAX_TURN[0]))
    np.testing.assert_array_equal(rig.vertices(far), rig.vertices(limit))


def test_the_outermost_ring_never_moves(rig: Rig) -> None:
    wild = Articulation(pose(jaw=0.2, gap=0.2).mouth, yaw=4, pitch=-4, roll=3, shift=(0.1, 0.1), brow=0.05)
    last = slice(len(rig.neutral) - 10 - 36, len(rig.neutral) - 10)
    np.testing.assert_array_equal(rig.vertices(wild)[last], rig.neutral[last])


def test_rotation_is_a_rotation() -> None:
    matrix = rotation(20, -35, 50)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-6)
