"""Where splats are drawn: chosen, refused, and tried out before it is trusted."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from tests.engines.gaussian.raster.conftest import GPU

from mien.engines.gaussian.raster import PROCESSOR, Rasterizer, SplatGradients, devices, open_rasterizer
from mien.errors import MissingDependency, RenderError
from mien.training import gpu

without_gpu = pytest.mark.skipif(GPU, reason="this machine has a GPU")


def test_the_processor_where_it_is_asked_for() -> None:
    assert open_rasterizer("cpu") == (PROCESSOR, "")


@without_gpu
def test_without_a_gpu_the_processor_draws() -> None:
    assert open_rasterizer("auto") == (PROCESSOR, "")


@without_gpu
def test_a_gpu_that_is_not_there_is_an_error_with_a_way_out() -> None:
    with pytest.raises(MissingDependency, match="No driver") as caught:
        open_rasterizer("cuda")
    assert "--device cpu" in caught.value.hint


@without_gpu
@pytest.mark.skipif(sys.platform != "linux", reason="names a library of Linux")
def test_a_torch_without_cuda_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(gpu, "_DRIVER", "libm.so.6")
    with pytest.raises(MissingDependency) as caught:
        open_rasterizer("cuda")
    assert caught.value.message == f"PyTorch {torch.__version__} finds no GPU that it can use."
    chosen, remark = open_rasterizer("auto")
    assert chosen is PROCESSOR
    assert remark == f"The processor did all the work. {caught.value.message}"


class Wrong:
    """Draws like the processor, but for one number.

    Args:
        name: of the gradient, or "image".
        value: what is added to one number of it.
    """

    def __init__(self, name: str, value: float) -> None:
        self._name, self._value = name, value

    def render(self, *arguments: Any, **named: Any) -> Any:
        image, transmittance, drawing = PROCESSOR.render(*arguments, **named)
        if self._name == "image":
            image = image.copy()
            image[3, 3] += self._value
        return image, transmittance, drawing

    def gradients(self, *arguments: Any, **named: Any) -> SplatGradients:
        found = PROCESSOR.gradients(*arguments, **named)
        if self._name != "image":
            getattr(found, self._name)[5] += self._value
        return found


@pytest.mark.parametrize("value", [1.0, np.nan])
@pytest.mark.parametrize("name", ["image", "mean", "opacity", "colour"])
def test_a_rasteriser_that_is_wrong_anywhere_is_found_out(name: str, value: float) -> None:
    with pytest.raises(RenderError, match=f"its {name} of a trial picture is wrong"):
        devices.try_out(Wrong(name, value))


def test_right_ones_are_trusted(raster: Rasterizer) -> None:
    devices.try_out(raster)
