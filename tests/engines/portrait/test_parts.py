"""Mouth, lids, teeth, tone and contours, each alone."""

from __future__ import annotations

import numpy as np
import pytest

from engines.portrait.conftest import pose
from mien.engines.portrait.contours import settle_lips
from mien.engines.portrait.curves import smooth_curve
from mien.engines.portrait.lids import draw_lids
from mien.engines.portrait.mesh import FaceAxes
from mien.engines.portrait.renderer import Renderer
from mien.engines.portrait.rig import INNER_LOWER, INNER_UPPER
from mien.engines.portrait.scene import Scene
from mien.engines.portrait.teeth import draw_teeth, lay_over, photo_teeth
from mien.engines.portrait.tone import tone_of
from mien.types import Image, Landmarks, Matte

WHITE = np.full(3, 230, np.float32)


def test_axes_undo_themselves(scene: Scene) -> None:
    axes = FaceAxes.of(scene.landmarks)
    np.testing.assert_allclose(axes.to_picture(axes.to_face(scene.landmarks)), scene.landmarks[:, :2], atol=1e-2)
    np.testing.assert_allclose(axes.rotation.T @ axes.rotation, np.eye(3), atol=1e-5)


def test_a_curve_goes_through_its_points() -> None:
    points = np.array([[0, 0], [1, 2], [2, 1], [4, 5]], np.float32)
    np.testing.assert_allclose(smooth_curve(points, points[:, 0]), points[:, 1], atol=1e-3)


def test_shut_lips_show_nothing_of_the_mouth(renderer: Renderer) -> None:
    vertices = renderer.mesh.axes.to_picture(renderer.rig.vertices(pose()))
    picture = np.full((400, 400, 3), 99, np.uint8)
    renderer.mouth.draw(picture, vertices, 0)
    assert (picture == 99).all()


def test_the_mouth_is_painted_between_the_lips_only(renderer: Renderer) -> None:
    vertices = renderer.mesh.axes.to_picture(renderer.rig.vertices(pose(gap=0.12, jaw=0.08)))
    picture = np.full((400, 400, 3), 99, np.uint8)
    renderer.mouth.draw(picture, vertices, 0)
    y, x = np.nonzero((picture != 99).any(axis=2))
    inner = vertices[np.concatenate([INNER_UPPER, INNER_LOWER])]
    assert len(x) > 50
    assert x.min() >= inner[:, 0].min() - 2
    assert x.max() <= inner[:, 0].max() + 2
    assert y.min() >= inner[:, 1].min() - 2
    assert y.max() <= inner[:, 1].max() + 2


def test_open_eyes_are_left_alone_and_closing_stays_around_them(renderer: Renderer, scene: Scene) -> None:
    picture = np.ascontiguousarray(scene.texture[..., :3])
    open_eyes, closed = picture.copy(), picture.copy()
    draw_lids(open_eyes, renderer.source, (0, 0), renderer.mesh.axes.iod)
    draw_lids(closed, renderer.source, (1, 1), renderer.mesh.axes.iod)
    np.testing.assert_array_equal(open_eyes, picture)
    y, _ = np.nonzero((closed != picture).any(axis=2))
    eyes = scene.landmarks[[159, 145, 386, 374], 1]
    assert len(y) > 50
    assert y.min() > eyes.min() - 0.35 * renderer.mesh.axes.iod
    assert y.max() < eyes.max() + 0.1 * renderer.mesh.axes.iod


def test_teeth_end_at_their_edge() -> None:
    upper = draw_teeth((0.0, 0.7), WHITE, 200)
    assert upper.edge_at(0.0) == pytest.approx(0.7, abs=0.01)
    lower = draw_teeth((0.0, 0.7), WHITE, 200, lower=True)
    top = float(lower.placing[1] + np.argmax(lower.rgba[:, lower.rgba.shape[1] // 2 - 8, 3] > 0.5) / 200)
    assert top == pytest.approx(0.7, abs=0.01)


def test_one_row_of_teeth_covers_another() -> None:
    back, front = draw_teeth((0.0, 0.7), WHITE * 0.5, 150), draw_teeth((0.0, 0.75), WHITE, 150)
    both = lay_over(front, back)
    assert both.rgba.shape == back.rgba.shape
    assert both.rgba[..., :3].max() > back.rgba[..., :3].max() * 1.5


def opening_with(colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A red picture with a lens-shaped opening, its map, and the opening's rims; 1 IOD = 100 pixels."""
    x = np.linspace(0.2, 0.8, 11, dtype=np.float32)
    bend = 0.08 * (1 - ((x - 0.5) / 0.3) ** 2)
    upper, lower = np.stack([x, 0.5 - bend], 1), np.stack([x, 0.5 + bend], 1)
    texture = np.zeros((100, 100, 4), np.uint8)
    texture[:] = (170, 60, 60, 255)
    for column in range(20, 80):
        half = 8 * (1 - ((column / 100 - 0.5) / 0.3) ** 2)
        rows = slice(round(50 - half), round(50 + half))
        texture[rows, column, :3] = (25, 8, 8)
        texture[rows.start : rows.start + round(half), column, :3] = colour
    to_picture = np.array([[100, 0, 0], [0, 100, 0]], np.float32)
    return texture, to_picture, upper.astype(np.float32), lower.astype(np.float32)


def test_the_photos_teeth_are_found() -> None:
    teeth = photo_teeth(*opening_with((225, 220, 205)), 150)
    assert teeth is not None
    assert teeth.edge_at(0.5) == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(teeth.colour(), (225, 220, 205), atol=12)


def test_a_dark_mouth_has_no_teeth() -> None:
    assert photo_teeth(*opening_with((30, 10, 10)), 150) is None


def test_lips_the_wrong_way_round_show_no_teeth() -> None:
    texture, to_picture, upper, lower = opening_with((225, 220, 205))
    assert photo_teeth(texture, to_picture, upper[::-1].copy(), lower[::-1].copy(), 150) is None


def test_a_grey_photo_gets_grey_teeth(scene: Scene) -> None:
    grey = scene.texture.copy()
    grey[..., :3] = grey[..., :3].mean(axis=2, keepdims=True).astype(np.uint8)
    tone = tone_of(grey, scene.landmarks)
    for colour in (tone.teeth, tone.tongue, tone.cavity):
        assert np.ptp(colour) < 6
    assert tone.teeth.mean() > tone.tongue.mean() > tone.cavity.mean()


def test_closed_lips_settle_on_the_dark_line(astronaut: tuple[Image, Matte, Landmarks]) -> None:
    _, _, landmarks = astronaut
    closed = landmarks.copy()
    line = (landmarks[INNER_UPPER] + landmarks[INNER_LOWER]) / 2
    closed[INNER_UPPER] = closed[INNER_LOWER] = line
    axes = FaceAxes.of(closed)
    picture = np.full((512, 512, 3), 180, np.uint8)
    true_y = line[:, 1] + 0.015 * axes.iod
    for column in range(int(line[0, 0]), int(line[-1, 0]) + 1):
        row = round(float(np.interp(column, line[:, 0], true_y)))
        picture[row : row + 1, column] = 40
    settled = settle_lips(picture, closed)
    np.testing.assert_array_equal(settled[INNER_UPPER], settled[INNER_LOWER])
    before = np.abs(closed[INNER_UPPER[3:8], 1] - true_y[3:8]).mean()
    after = np.abs(settled[INNER_UPPER[3:8], 1] - 0.5 - true_y[3:8]).mean()
    assert after < 0.6 * before
