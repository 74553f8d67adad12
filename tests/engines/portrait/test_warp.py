"""The rasteriser: exact where nothing moves, without gaps or overlaps where something does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.engines.portrait.warp import draw_mesh, pack

SIDE = 64


def grid(steps: int = 9, low: float = -2, high: float = SIDE + 2) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A square sheet of triangles."""
    axis = np.linspace(low, high, steps, dtype=np.float32)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    triangles = []
    for row in range(steps - 1):
        for column in range(steps - 1):
            a = row * steps + column
            triangles += [(a, a + 1, a + steps), (a + 1, a + steps + 1, a + steps)]
    return points, np.array(triangles, np.int32)


def noise(alpha: int = 255) -> NDArray[np.uint8]:
    rgba = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 4), np.uint8)
    rgba[..., 3] = alpha
    return rgba


def draw(
    rgba: NDArray[np.uint8], source: NDArray[np.float32], target: NDArray[np.float32], shade: float = 1.0
) -> NDArray[np.uint8]:
    out = np.zeros((SIDE, SIDE, 3), np.uint8)
    draw_mesh(out, pack(rgba), grid()[1], source, target, np.full(len(source), shade, np.float32))
    return out


def test_a_mesh_at_rest_gives_the_texture_exactly() -> None:
    rgba = noise()
    points, _ = grid()
    inner = (slice(0, SIDE - 1), slice(0, SIDE - 1))  # the last row and column have no neighbour to be mixed with
    np.testing.assert_array_equal(draw(rgba, points, points)[inner], rgba[..., :3][inner])


def test_whole_pixels_of_motion_are_exact() -> None:
    rgba = noise()
    points, _ = grid()
    out = draw(rgba, points, points + np.array([3, 5], np.float32))
    np.testing.assert_array_equal(out[5:60, 3:60], rgba[:55, :57, :3])


@pytest.mark.parametrize("seed", range(5))
def test_neighbours_leave_no_gap_and_do_not_overlap(seed: int) -> None:
    rgba = np.full((SIDE, SIDE, 4), 200, np.uint8)
    rgba[..., 3] = 128  # drawn twice it would be brighter, drawn not at all it would be black
    points, _ = grid()
    target = points + np.random.default_rng(seed).uniform(-2.5, 2.5, points.shape).astype(np.float32)
    out = draw(rgba, points, target)
    assert np.ptp(out[4:-4, 4:-4]) == 0
    assert out[32, 32, 0] == pytest.approx(100, abs=1)


def test_an_affine_motion_agrees_with_opencv() -> None:
    smooth = cv2.GaussianBlur(noise(), (0, 0), 3).astype(np.uint8)
    smooth[..., 3] = 255
    matrix = np.array([[0.9, 0.2, 4], [-0.15, 1.1, 6]], np.float32)
    points, _ = grid(low=-20, high=SIDE + 20)
    out = draw(smooth, points, points @ matrix[:, :2].T + matrix[:, 2])
    expected = cv2.warpAffine(smooth, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)[..., :3]
    difference = np.abs(out.astype(int) - expected)[6:-6, 6:-6]
    assert difference.max() <= 3  # both round positions, to 1/256 and to 1/32 of a pixel


def test_shade_scales_the_colours_and_saturates() -> None:
    rgba = noise()
    points, _ = grid()
    darker, brighter = draw(rgba, points, points, 0.5), draw(rgba, points, points, 1.5)
    inner = (slice(0, SIDE - 1), slice(0, SIDE - 1))
    np.testing.assert_allclose(darker[inner], rgba[..., :3][inner] * 0.5, atol=1)
    np.testing.assert_allclose(brighter[inner], np.minimum(rgba[..., :3][inner] * 1.5, 255), atol=1)


def test_what_is_transparent_leaves_the_plate_as_it_is() -> None:
    points, triangles = grid()
    out = np.full((SIDE, SIDE, 3), 77, np.uint8)
    draw_mesh(out, pack(noise(alpha=0)), triangles, points, points + 1.3, np.ones(len(points), np.float32))
    assert (out == 77).all()
