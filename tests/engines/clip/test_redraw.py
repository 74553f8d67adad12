from __future__ import annotations

from tests.engines.redrawn import RedrawContract

from mien.engines.clip.redraw import redraw


class TestClip(RedrawContract):
    redraw = staticmethod(redraw)
