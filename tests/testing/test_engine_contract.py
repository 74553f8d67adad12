from __future__ import annotations

from mien_sketch import SPEC
from mien_sketch.engine import opening

from mien.testing import EngineContract


class TestSketch(EngineContract):
    spec = SPEC

    def mouth_openings(self, images, settings):
        return [opening(image) for image in images]
