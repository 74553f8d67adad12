from __future__ import annotations

import numpy as np
import pytest

from mien.training.window import head_window


def boxes(left: float, top: float, right: float, bottom: float, count: int = 100) -> np.ndarray:
    return np.tile(np.array([left, top, right, bottom], np.float32), (count, 1))


@pytest.mark.parametrize("side", [192, 512, 768])
def test_a_square_that_is_small_enough_is_taken_whole(side: int):
    window = head_window(boxes(10, 10, 60, 70), (side, side), 512)
    assert (window.x, window.y, window.side) == (0, 0, side)


@pytest.mark.parametrize("picture", [(1920, 1080), (1080, 1920), (3840, 2160), (900, 900)])
def test_otherwise_it_holds_the_head_and_stays_inside(picture: tuple[int, int]):
    face = np.array([400, 300, 560, 500])
    window = head_window(boxes(*face), picture, 512)
    assert window.x >= 0
    assert window.y >= 0
    assert window.x + window.side <= picture[0]
    assert window.y + window.side <= picture[1]
    assert (np.array([window.x, window.y]) < face[:2] - 60).all()
    assert (np.array([window.x, window.y]) + window.side > face[2:] + 60).all()


def test_it_covers_a_head_that_moves_but_no_stray_sight():
    moving = np.concatenate([boxes(300, 300, 400, 420), boxes(500, 320, 600, 440), boxes(1500, 900, 1600, 1000, 1)])
    window = head_window(moving, (1920, 1080), 512)
    assert window.x < 280
    assert window.x + window.side > 620
    assert window.side < 700


def test_landmarks_and_pictures_are_moved_alike():
    window = head_window(boxes(400, 300, 560, 500), (1920, 1080), 256)
    picture = np.zeros((1080, 1920, 3), np.uint8)
    picture[396:404, 476:484] = 255
    shown = next(window.cut([picture]))
    assert shown.shape == (256, 256, 3)
    x, y, z = window.shown(np.array([480, 400, 10], np.float32))
    rows, columns = np.nonzero(shown[..., 0] > 127)
    assert np.array([columns.mean() + 0.5, rows.mean() + 0.5]) == pytest.approx([x, y], abs=0.6)
    assert z == pytest.approx(10 * 256 / window.side)
