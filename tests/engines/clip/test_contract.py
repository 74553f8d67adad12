"""The clip engine keeps the contract of all engines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mien.avatars import AvatarPackage
from mien.engines.clip.spec import SPEC
from mien.face import FaceTracker
from mien.settings import Settings
from mien.testing import EngineContract
from mien.types import Image
from mien.weights import WeightStore


class TestClipEngine(EngineContract):
    spec = SPEC
    picture = None

    @pytest.fixture(scope="class")
    @classmethod
    def avatar(cls, package: AvatarPackage) -> AvatarPackage:
        return package

    def mouth_openings(self, images: Sequence[Image], settings: Settings) -> list[float]:
        """The film's head moves between pictures that do not follow each other, so each is looked at by itself."""
        tracker = FaceTracker(WeightStore.from_settings(settings))
        openings = []
        for image in images:
            face = tracker.find(image)
            assert face is not None, "no face is found in the engine's picture"
            points = face.landmarks
            openings.append(float(np.linalg.norm(points[13] - points[14]) / np.linalg.norm(points[33] - points[263])))
        return openings
