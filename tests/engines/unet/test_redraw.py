from __future__ import annotations

from tests.engines.redrawn import RedrawContract

from mien.engines.unet.redraw import redraw


class TestUnet(RedrawContract):
    redraw = staticmethod(redraw)
