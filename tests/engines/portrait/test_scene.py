"""Cutting a picture into what stays and what moves."""

from __future__ import annotations

import numpy as np
import pytest

from mien.engines.portrait.scene import Scene, separate
from mien.types import Image, Landmarks, Matte


def soft_disc(side: int = 120) -> Matte:
    y, x = np.mgrid[:side, :side]
    return np.clip((35 - np.hypot(x - 60, y - 60)) / 4 + 0.5, 0, 1).astype(np.float32)


def test_the_layers_laid_over_each_other_give_the_picture() -> None:
    picture = np.random.default_rng(1).integers(60, 200, (120, 120, 3), np.uint8)
    plate, texture = separate(picture, soft_disc(), iod=30)
    alpha = texture[..., 3:].astype(np.float32) / 255
    again = alpha * texture[..., :3] + (1 - alpha) * plate
    y, x = np.mgrid[:120, :120]
    solid = (alpha[..., 0] == 1) | (np.hypot(x - 60, y - 60) > 35 + 2 + 0.1 * 30)
    np.testing.assert_allclose(again[solid], picture[solid], atol=0.5)


def test_behind_the_rim_of_the_person_the_surroundings_go_on() -> None:
    picture = np.full((120, 120, 3), (30, 90, 150), np.uint8)
    picture[soft_disc() > 0] = (250, 240, 230)
    plate, _ = separate(picture, soft_disc(), iod=30)
    rim = (soft_disc() > 0) & (soft_disc() < 0.9)
    np.testing.assert_allclose(plate[rim], np.broadcast_to((30, 90, 150), plate[rim].shape), atol=3)


def test_the_head_crop_is_the_wished_square(astronaut: tuple[Image, Matte, Landmarks]) -> None:
    scene = Scene.head(*astronaut, 256)
    assert scene.frame.shape == (256, 256, 3)
    assert (scene.landmarks[:, :2] > 0).all()
    assert (scene.landmarks[:, :2] < 256).all()


def test_the_full_frame_keeps_the_picture_outside_the_head(astronaut: tuple[Image, Matte, Landmarks]) -> None:
    picture, matte, landmarks = astronaut
    scene = Scene.full(picture[:-1, :-1], matte[:-1, :-1], landmarks)  # 511 x 511
    assert scene.frame.shape == (510, 510, 3)
    left, top, right, bottom = scene.roi
    outside = np.ones(scene.frame.shape[:2], bool)
    outside[top:bottom, left:right] = False
    assert outside.any()
    np.testing.assert_array_equal(scene.frame[outside], picture[:510, :510][outside])


@pytest.mark.parametrize("size", [128, 512])
def test_grade_follows_the_magnification(astronaut: tuple[Image, Matte, Landmarks], size: int) -> None:
    scene = Scene.head(*astronaut, size)
    assert scene.grade().blur == pytest.approx(0.5 * max(1, scene.scale))
    assert 0 <= scene.grade().noise <= 8
