from __future__ import annotations

from tests.engines.redrawn import RedrawContract

from mien.engines.gaussian.redraw import redraw


class TestGaussian(RedrawContract):
    redraw = staticmethod(redraw)
