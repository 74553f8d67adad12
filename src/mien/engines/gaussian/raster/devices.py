"""Where splats are drawn."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.raster import splats
from mien.engines.gaussian.raster.splats import SplatGradients, Splats2D
from mien.errors import MissingDependency, RenderError
from mien.training.gpu import has_driver, need_driver

Floats = NDArray[np.float32]
Device = Literal["auto", "cpu", "cuda"]

_CLOSE = 1e-3
"""By the largest number; float32 is much closer."""


class Rasterizer(Protocol):
    """Draws and differentiates; `mien.engines.gaussian.raster.splats` says what the functions do. Threads may share it."""

    def render(
        self, splats: Splats2D, size: tuple[int, int], background: Floats | None = None
    ) -> tuple[Floats, Floats, Any]: ...

    def gradients(self, drawing: Any, d_image: Floats, d_transmittance: Floats | None = None) -> SplatGradients: ...


PROCESSOR: Rasterizer = splats


def open_rasterizer(device: Device) -> tuple[Rasterizer, str]:
    """What draws, and a remark for the user.

    Args:
        device: "auto": a GPU where one can be used, else the processor.

    Returns:
        The rasteriser, and why it is not the GPU although this machine has the driver of one; "" where there is nothing to say.

    Raises:
        MissingDependency, RenderError: `device` is "cuda", and no GPU can be used.
    """
    if device == "cpu" or (device == "auto" and not has_driver()):
        return PROCESSOR, ""
    try:
        return _on_gpu(), ""
    except (MissingDependency, RenderError) as error:
        if device == "cuda":
            raise
        return PROCESSOR, f"The processor did all the work. {error.message}"


def _on_gpu() -> Rasterizer:
    """What can be seen without PyTorch comes first: to load it takes seconds."""
    without = "Or use the processor: --device cpu"
    need_driver()
    if find_spec("torch") is None:
        raise MissingDependency("The GPU is of use only with PyTorch.", hint=f"Run: pip install torch. {without}")
    try:
        import torch

        if not torch.cuda.is_available():
            hint = f"See https://pytorch.org/get-started. {without}"
            raise MissingDependency(f"PyTorch {torch.__version__} finds no GPU that it can use.", hint=hint)
        if find_spec("cuda") is None or find_spec("cuda.bindings") is None:
            hint = f"Run: pip install cuda-bindings. {without}"
            raise MissingDependency("The GPU is of use only with cuda-bindings.", hint=hint)
        from mien.engines.gaussian.raster.nvrtc import Kernels
        from mien.engines.gaussian.raster.tiles import KERNELS, TileRasterizer, source

        found = TileRasterizer("cuda", Kernels(source(), KERNELS))
        try_out(found)
    except (ImportError, OSError, RuntimeError) as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise RenderError(f"The GPU cannot be used: {why}", hint="Use the processor: --device cpu") from error
    return found


def try_out(rasterizer: Rasterizer) -> None:
    """Lets a rasteriser draw and differentiate a small picture.

    Raises:
        RenderError: that gives something else than on the processor.
    """
    shown, size = _sample()
    random = np.random.default_rng(1)
    d_image = random.normal(0, 1, (size[1], size[0], 3)).astype(np.float32)
    d_transmittance = random.normal(0, 1, (size[1], size[0])).astype(np.float32)
    results = []
    for each in (PROCESSOR, rasterizer):
        image, transmittance, drawing = each.render(shown, size)
        found = each.gradients(drawing, d_image, d_transmittance)
        results.append({"image": image, "transmittance": transmittance, **found._asdict()})
    right, other = results
    for name, values in right.items():
        error = np.abs(other[name] - values).max() / np.abs(values).max()
        if not error <= _CLOSE:
            raise RenderError(
                f"The GPU cannot be used: its {name} of a trial picture is wrong by {error:.1g}.",
                hint="Use the processor: --device cpu",
            )


def _sample() -> tuple[Splats2D, tuple[int, int]]:
    """Splats of many shapes, some across the edge of a picture of several tiles, and its size."""
    width, height, count = 41, 37, 80
    random = np.random.default_rng(0)
    a, c = random.uniform(0.03, 0.5, (2, count))
    b = random.uniform(-0.8, 0.8, count) * np.sqrt(a * c)
    numbers = (
        random.uniform(-3, 3, (count, 2)) + random.uniform(0, 1, (count, 2)) * (width, height),
        np.stack([a, b, c], axis=1),
        random.uniform(0.05, 1, count),
        random.uniform(0, 1, (count, 3)),
        random.normal(0, 1, count),
    )
    return Splats2D(*(np.ascontiguousarray(values, np.float32) for values in numbers)), (width, height)
