"""The built-in astronaut, prepared once for all tests of the engine."""

from __future__ import annotations

import numpy as np
import pytest

from mien.avatars import builtin_picture
from mien.engines.portrait.contours import settle_lids, settle_lips
from mien.engines.portrait.renderer import Renderer
from mien.engines.portrait.scene import Scene
from mien.face import FaceTracker, Matting
from mien.media import read_image
from mien.motion import MOUTH_CHANNELS, Articulation
from mien.settings import load
from mien.types import Image, Landmarks, Matte
from mien.weights import WeightStore

SIZE = 320


def pose(yaw: float = 0.0, blink: tuple[float, float] = (0.0, 0.0), smile: float = 0.0, **mouth: float) -> Articulation:
    """A face with the named mouth channels set."""
    values = np.array([mouth.get(name, 0.0) for name in MOUTH_CHANNELS], np.float32)
    return Articulation(values, yaw=yaw, blink=blink, smile=smile)


@pytest.fixture(scope="session")
def store() -> WeightStore:
    return WeightStore.from_settings(load())


@pytest.fixture(scope="session")
def tracker(store: WeightStore) -> FaceTracker:
    return FaceTracker(store)


@pytest.fixture(scope="session")
def astronaut(store: WeightStore, tracker: FaceTracker) -> tuple[Image, Matte, Landmarks]:
    file = builtin_picture("astronaut")
    assert file is not None
    picture = read_image(file)
    face = tracker.find(picture)
    assert face is not None
    landmarks = settle_lids(picture, settle_lips(picture, face.landmarks))
    return picture, Matting(store).matte(picture, face), landmarks


@pytest.fixture(scope="session")
def scene(astronaut: tuple[Image, Matte, Landmarks]) -> Scene:
    return Scene.head(*astronaut, SIZE)


@pytest.fixture(scope="session")
def renderer(scene: Scene) -> Renderer:
    return Renderer(scene)
