"""Faces that speak: drawn by Mien itself, or a tracked face whose lips are moved by numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import mien
from mien.face import FaceTracker
from mien.media import VideoWriter, read_image
from mien.settings import load
from mien.types import SAMPLE_RATE, Image, Landmarks, Samples, frame_bounds
from mien.weights import WeightStore

ASTRONAUT = Path(mien.__file__).parent / "avatars/builtin/astronaut.jpg"
FPS = 25.0
SAID = "My mama may buy me a blue boat. Papa bought a big map for Bob and me, and we looked at it all day."


@pytest.fixture(scope="session")
def store() -> WeightStore:
    return WeightStore.from_settings(load())


@pytest.fixture(scope="session")
def picture() -> Image:
    """The astronaut, cut to her head."""
    return np.ascontiguousarray(read_image(ASTRONAUT)[:320, 64:384])


@pytest.fixture(scope="session")
def landmarks(store: WeightStore, picture: Image) -> Landmarks:
    face = FaceTracker(store).find(picture)
    assert face is not None
    return face.landmarks


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn face that says two sentences with a pause between them, about 6 s."""
    path = tmp_path_factory.mktemp("spoken") / "spoken.mp4"
    mien.open("astronaut").speak(SAID, size=192).save(path, label=False)
    return path


def write_video(path: Path, images: Sequence[Image], samples: Samples | None, fps: float = FPS) -> Path:
    """Pictures with 16 kHz sound."""
    height, width = images[0].shape[:2]
    with VideoWriter(path, (width, height), fps, None if samples is None else SAMPLE_RATE) as writer:
        for index, image in enumerate(images):
            start, end = frame_bounds(index, fps)
            writer.write(image, np.zeros(0, np.float32) if samples is None else samples[start:end])
    return path


def noise(seconds: float, level: float = 0.1) -> Samples:
    return (level * np.random.default_rng(0).standard_normal(round(seconds * SAMPLE_RATE))).astype(np.float32)


def syllables(seconds: float, seed: int = 0) -> NDArray[np.float64]:
    """Something that rises and falls a few times a second, 0 … 1, at 100 Hz."""
    rng = np.random.default_rng(seed)
    rough = np.convolve(rng.standard_normal(round(seconds * 100) + 40), np.hanning(20), "same")[20:-20]
    return (rough - rough.min()) / np.ptp(rough)
