"""The real networks, and the one face that comes with the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import mien
from mien.face import Face, FaceTracker, Matting
from mien.settings import load
from mien.types import Image
from mien.weights import WeightStore

MEDIA = Path(__file__).parents[3] / "shared/media"
ASTRONAUT = Path(mien.__file__).parent / "avatars/builtin/astronaut.jpg"
DATA = Path(__file__).parents[1] / "data/face"
MADE_FROM = 16
"""Golden landmarks are stored in sixteenths of a pixel."""


@pytest.fixture(scope="session")
def store() -> WeightStore:
    return WeightStore.from_settings(load())


@pytest.fixture(scope="session")
def tracker(store: WeightStore) -> FaceTracker:
    return FaceTracker(store)


@pytest.fixture(scope="session")
def matting(store: WeightStore) -> Matting:
    return Matting(store)


@pytest.fixture(scope="session")
def picture() -> Image:
    """The astronaut, 512 × 512; her face is about 95 pixels wide, 61 between the eyes."""
    return read_picture(ASTRONAUT)


@pytest.fixture(scope="session")
def face(tracker: FaceTracker, picture: Image) -> Face:
    found = tracker.find(picture)
    assert found is not None
    return found


def read_picture(file: Path) -> Image:
    picture = cv2.imread(str(file))
    assert picture is not None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


@pytest.fixture
def media() -> Path:
    if not MEDIA.is_dir():
        pytest.skip("needs ../shared/media")
    return MEDIA


def turned(picture: Image, degrees: float, size: int = 640) -> tuple[Image, NDArray[Any]]:
    """The picture turned clockwise about the face, and the (2, 3) matrix that does it."""
    matrix = cv2.getRotationMatrix2D((224, 128), -degrees, 1)
    matrix[:, 2] += (size / 2 - 224, size / 2 - 128)
    return moved(picture, matrix, size), np.asarray(matrix)


def moved(picture: Image, matrix: NDArray[Any], size: int) -> Image:
    """The picture under an affine (2, 3) map, its edges continued."""
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def colour_noise(height: int, width: int, seed: int, blob: int = 40) -> Image:
    """Soft blobs of random colours."""
    small = np.random.default_rng(seed).integers(0, 256, (-(-height // blob), -(-width // blob), 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def pasted(head: Image, height: int, width: int, face_width: float, seed: int) -> tuple[Image, NDArray[Any]]:
    """The astronaut's head somewhere in a large picture, `face_width` pixels wide, and the place (x, y) of its middle."""
    scale = face_width / 95
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(head[20:300, 120:340], None, fx=scale, fy=scale, interpolation=interpolation)
    canvas = colour_noise(height, width, seed)
    rng = np.random.default_rng(seed)
    top, left = rng.integers(0, height - small.shape[0]), rng.integers(0, width - small.shape[1])
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas, np.array([left, top]) + scale * (np.array([225, 130]) - (120, 20))


def middle(box_xyxy: tuple[float, float, float, float]) -> np.ndarray:
    left, top, right, bottom = box_xyxy
    return np.array([(left + right) / 2, (top + bottom) / 2])
