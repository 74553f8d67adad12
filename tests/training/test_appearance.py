from __future__ import annotations

import numpy as np
import pytest

from mien.training.appearance import PIXELS, SIDE, Appearance, cut
from mien.training.poses import Poses

EYES = 60.0
"""Pixels between the eyes of `face`."""


def face(x: float, y: float) -> np.ndarray:
    """(478, 3), pixels: eyes and the middle of the inner lips, which is at x, y."""
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[[33, 263], :2] = (x - EYES / 2, y - EYES), (x + EYES / 2, y - EYES)
    landmarks[[13, 14], :2] = (x, y - 3), (x, y + 3)
    return landmarks


def spot(x: float, y: float, size: tuple[int, int] = (240, 320), radius: float = 6.0) -> np.ndarray:
    """uint8 RGB, a soft bright spot on grey."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    light = 60 + 180 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * radius**2))
    return np.repeat(light.astype(np.uint8)[..., None], 3, axis=2)


def centre(picture: np.ndarray) -> np.ndarray:
    """x and y of the spot."""
    light = picture - np.float64(picture.min())
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()


def posed(degrees: float, scale: float, x: float, y: float) -> Poses:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return Poses(turn[None], np.array([scale]), np.array([[x, y, 0.0]]))


def looked_at(image: np.ndarray, landmarks: np.ndarray, poses: Poses, lips: tuple[float, float, float]) -> np.ndarray:
    picture, place = cut(image, landmarks)
    seen = Appearance(picture[None], place[None]).normal(np.array([0]), poses, np.array(lips))
    assert seen.shape == (1, PIXELS)
    return seen.reshape(-1, 26)


def test_it_shows_two_distances_of_the_eyes_around_the_lips():
    picture, place = cut(spot(150, 120), face(140, 110))
    assert picture.shape == (SIDE, SIDE)
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(place, (140, 110, 2 * EYES))
    shrunk = SIDE / (2 * EYES)
    np.testing.assert_allclose(centre(picture), (SIDE - 1) / 2 + np.array([10, 10]) * shrunk, atol=0.1)


@pytest.mark.parametrize(("x", "y"), [(2.0, 5.0), (318.0, 237.0), (-30.0, 120.0)])
def test_a_mouth_at_or_beyond_the_rim_is_cut_out_too(x: float, y: float):
    picture, _ = cut(spot(160, 120), face(x, y))
    assert picture.shape == (SIDE, SIDE)
    assert np.abs(picture.astype(int) - 60).max() < 60, "what lies outside is as the rim"


@pytest.mark.parametrize(("degrees", "scale", "moved"), [(0, 60, 0), (25, 60, 0), (-15, 75, 0), (10, 60, 12)])
def test_a_spot_of_the_head_stays_where_it_is_however_the_head_moves(degrees: float, scale: float, moved: float):
    lips, beside = np.array([0.05, 0.9, 0.2]), np.array([0.2, 1.0, 0.2])
    poses = posed(degrees, scale, 150 + moved, 60)
    there = scale * (beside @ poses.rotation[0].T)[:2] + poses.shift[0, :2]
    mouth = scale * (lips @ poses.rotation[0].T)[:2] + poses.shift[0, :2]
    # Where it is cut out does not matter: landmarks of the mouth tremble.
    seen = looked_at(spot(*there, radius=0.1 * scale), face(mouth[0] + 3, mouth[1] - 2), poses, tuple(lips))
    expected = np.array([25 / 2, 21 * 0.42 - 0.5]) + 22.6 * (beside - lips)[:2]
    np.testing.assert_allclose(centre(seen), expected, atol=0.15)
    assert 0.2 < seen.min() < 0.3
    assert 0.8 < seen.max() <= 1
