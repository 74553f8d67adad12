from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.face.roi import Roi

numbers = st.floats(-500, 500)
rois = st.builds(Roi, x=numbers, y=numbers, size=st.floats(1, 1000), angle=st.floats(-math.pi, math.pi))


def test_crop_of_the_whole_picture_is_the_picture() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(Roi.around(image).crop(image, 64), image)


def test_crop_continues_the_edge() -> None:
    image = np.full((20, 20, 3), 7, np.uint8)
    image[:, 0] = 200
    crop = Roi(0, 10, 20).crop(image, 20)
    assert (crop[:, :10] == 200).all()
    assert (crop[:, 11:] == 7).all()


def test_a_quarter_turn_brings_the_right_side_up() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, 30:] = 255
    crop = Roi(20, 20, 40, math.pi / 2).crop(image, 40)
    # Clockwise: the crop's x axis runs down the picture, so what is right in the picture is on top of the crop.
    assert crop[:9].min() == 255
    assert crop[11:].max() == 0


@given(rois)
def test_fractions_of_the_square_lie_where_the_crop_reads_them(roi: Roi) -> None:
    points = np.random.default_rng(0).random((9, 2))
    matrix = roi.matrix(100)
    np.testing.assert_allclose(roi.to_image(points), (points * 100) @ matrix[:, :2].T + matrix[:, 2], atol=1e-6)
    np.testing.assert_allclose(roi.to_image(np.array([0.5, 0.5])), (roi.x, roi.y), atol=1e-6)


@given(rois, rois)
def test_halfway_is_as_far_from_both(one: Roi, other: Roi) -> None:
    middle = one.halfway(other)
    assert middle.x - one.x == pytest.approx(other.x - middle.x, abs=1e-6)
    assert middle.size == pytest.approx((one.size + other.size) / 2)
    turns = [math.remainder(middle.angle - one.angle, math.tau), math.remainder(other.angle - middle.angle, math.tau)]
    assert turns[0] == pytest.approx(turns[1], abs=1e-6)
    assert abs(turns[0]) <= math.pi / 2 + 1e-6


@given(rois)
def test_a_square_that_stays_has_not_moved(roi: Roi) -> None:
    assert roi.moved_by(roi) == 0
    shifted = Roi(roi.x + 0.1 * roi.size, roi.y, roi.size, roi.angle)
    assert roi.moved_by(shifted) == pytest.approx(0.1, abs=1e-6)
