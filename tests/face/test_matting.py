from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.face import Face, FaceTracker, Matting
from mien.face.guided import guided_filter
from mien.face.topology import FACE_OVAL
from mien.types import Image

from .conftest import read_picture


def oval(image: Image, face: Face, scale: float) -> np.ndarray:
    """The pixels inside the face's outline, drawn smaller or larger."""
    ring = face.landmarks[FACE_OVAL, :2]
    centre = ring.mean(axis=0)
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(centre + scale * (ring - centre)).astype(np.int32)], 1)
    return mask.astype(bool)


def test_matte_has_the_person_and_not_the_background(matting: Matting, picture: Image, face: Face) -> None:
    matte = matting.matte(picture, face)
    assert matte.shape == picture.shape[:2]
    assert matte.dtype == np.float32
    assert matte.min() >= 0
    assert matte.max() <= 1
    assert matte[oval(picture, face, 0.85)].min() > 0.95
    assert matte[330:420, 100:160].mean() > 0.95  # the suit
    assert matte[:200, 330:].max() < 0.05  # wall and shuttle
    assert matte[:200, :90].max() < 0.05  # the flag


def test_edges_of_the_matte_follow_those_of_the_picture(matting: Matting, picture: Image, face: Face) -> None:
    large = np.asarray(cv2.resize(picture, (1536, 1536), interpolation=cv2.INTER_CUBIC), np.uint8)
    bigger = Face(face.landmarks * 3, face.score, face.box)
    soft = ((m := matting.matte(large, bigger)) > 0.1) & (m < 0.9)
    # The network's own outline, 6 pixels wide at this size, would make a band of more than 6 of these.
    head = soft[60:330, 330:900]
    assert head.any(axis=1).mean() > 0.9
    assert np.median(head.sum(axis=1)) / 2 < 25


def test_without_a_face_it_still_finds_the_person(matting: Matting, picture: Image) -> None:
    matte = matting.matte(picture)
    assert matte[100:160, 200:250].min() > 0.9
    assert matte[:200, 400:].max() < 0.05


def test_a_small_person_is_looked_at_closely(matting: Matting, tracker: FaceTracker, picture: Image) -> None:
    canvas = np.full((1600, 2400, 3), (90, 120, 150), np.uint8)
    canvas[900:1412, 300:812] = picture
    found = tracker.find(canvas)
    assert found is not None
    matte = matting.matte(canvas, found)
    assert matte[oval(canvas, found, 0.85)].min() > 0.95
    assert matte[:800].max() < 0.05
    assert matte[:, 1200:].max() < 0.05


@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (2, 2), (1, 1)])
def test_any_shape_of_picture(matting: Matting, shape: tuple[int, int]) -> None:
    matte = matting.matte(np.full((*shape, 3), 99, np.uint8))
    assert matte.shape == shape
    assert np.isfinite(matte).all()


def test_guided_filter_puts_a_coarse_edge_where_the_picture_has_it() -> None:
    rng = np.random.default_rng(0)
    image = np.where(np.arange(200)[None, :, None] < 103, (200, 60, 50), (40, 90, 160)) + rng.integers(
        -6, 7, (200, 200, 3)
    )
    mask = np.clip((110 - np.arange(200)) / 30 + 0.5, 0, 1).astype(np.float32)  # a ramp around the wrong place
    refined = guided_filter(image.astype(np.uint8), np.tile(mask, (200, 1)), radius=20, epsilon=1e-4)
    assert refined.shape == (200, 200)
    assert refined.dtype == np.float32
    across = refined[50:150].mean(axis=0)
    assert across[102] - across[104] > 0.5
    assert np.abs(np.diff(across))[[*range(80, 102), *range(104, 130)]].max() < 0.05


def test_guided_filter_leaves_a_flat_picture_blurred() -> None:
    mask = np.zeros((60, 60), np.float32)
    mask[:, :30] = 1
    refined = guided_filter(np.full((60, 60, 3), 128, np.uint8), mask, radius=6, epsilon=1e-4)
    expected = cv2.blur(
        cv2.blur(mask, (13, 13), borderType=cv2.BORDER_REFLECT_101), (13, 13), borderType=cv2.BORDER_REFLECT_101
    )
    np.testing.assert_allclose(refined, expected, atol=1e-4)


def test_guided_filter_scales_a_mask_up_to_its_guide() -> None:
    image = np.random.default_rng(0).integers(0, 256, (300, 700, 3), np.uint8)
    refined = guided_filter(image, np.ones((32, 32), np.float32), radius=10, epsilon=1e-3)
    np.testing.assert_allclose(refined, np.ones((300, 700)), atol=1e-3)


@pytest.mark.real
def test_faces_have_no_holes(matting: Matting, tracker: FaceTracker, media: Path) -> None:
    for file in sorted((media / "photo").iterdir()):
        image = read_picture(file)
        face = tracker.find(image)
        assert face is not None
        assert matting.matte(image, face)[oval(image, face, 0.8)].min() > 0.9, file.name
