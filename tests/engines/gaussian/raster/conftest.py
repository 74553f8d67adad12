"""The rasterisers that are tested alike."""

from __future__ import annotations

import pytest

from mien.engines.gaussian.raster import PROCESSOR, Rasterizer, open_rasterizer

try:
    import torch
except ImportError:
    GPU = False
else:
    GPU = torch.cuda.is_available()


@pytest.fixture(scope="session")
def gpu() -> Rasterizer:
    return open_rasterizer("cuda")[0]


@pytest.fixture(params=["processor", "tiles", *(["gpu"] if GPU else [])])
def raster(request: pytest.FixtureRequest) -> Rasterizer:
    """Each in turn; a GPU where there is one."""
    return PROCESSOR if request.param == "processor" else request.getfixturevalue(request.param)
