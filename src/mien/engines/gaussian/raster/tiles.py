"""Draws Gaussian splats by the loops of `tiles.cu`, on a GPU: `render` and `gradients` of `splats` once more.

PyTorch holds the arrays and sorts. Arrays come from the processor and go back to it: what surrounds the rasteriser does not know where it runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.engines.gaussian.raster.kernels import OPAQUE
from mien.engines.gaussian.raster.splats import SplatGradients, Splats2D, check, fits, odd

Floats = NDArray[np.float32]

KERNELS = ("draw", "differentiate", "add_up")

_SIDE = 16
_FAINT = -math.log(255) / 8
_MEANINGS = {
    "SIDE": str(_SIDE),  # pixels of a tile in a row; a multiple of 4
    "NUMBERS": "9",  # of a splat: mean x y; of z = log(alpha) / 8 the coefficients of dx², dx dy, dy² and the constant; red, green, blue
    "SUMS": "9",  # of an entry; with k = dL/dlog(alpha): k dx, k dy, k dx², k dx dy, k dy², the three colours' gradients, and k
    "FAINT": f"{_FAINT:.9}f",  # z where alpha is 1 / 255; below, a splat hides nothing
    "OPAQUE": f"{OPAQUE:.9}f",  # no splat hides more
}
_THREADS = 256
"""Of a block that works on splats instead of pixels."""
_FAR = 1e7
_MARGIN = 1e-3
"""pixels; so much farther a splat is looked for, so that rounding loses nothing."""


def source() -> str:
    """The kernels' text, with all that it means spelt out."""
    text = files("mien.engines.gaussian.raster").joinpath("tiles.cu").read_text("utf-8")
    return "".join(f"#define {name} {meaning}\n" for name, meaning in _MEANINGS.items()) + text


class Launch(Protocol):
    """Runs a kernel of `source` on as many blocks (x, y) of as many threads (x, y) each, now or in its turn, after those before.

    Arguments are contiguous tensors on the device that the kernels run on, float32 or int32; None: a null pointer; and numbers (int32).
    """

    def __call__(
        self, kernel: str, blocks: tuple[int, int], threads: tuple[int, int], *arguments: Tensor | int | None
    ) -> None: ...


class Lists(NamedTuple):
    """Which splats may touch which tile; E entries, each one splat in one tile.

    Args:
        start: (tiles + 1,) where each tile's entries begin; tiles are counted row by row.
        entries: (E,) numbers of the splats, tile after tile, nearest first in each.
        places: (E,) where each entry stands if they are ordered by splat instead.
        first: (N + 1,) where each splat's begin there.
    """

    start: Tensor
    entries: Tensor
    places: Tensor
    first: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class TileDrawing:
    """What `TileRasterizer.gradients` needs of a picture; tensors on its device."""

    splats: Splats2D
    shapes: Tensor
    lists: Lists
    image: Tensor
    transmittance: Tensor


class TileRasterizer:
    """A rasteriser of its own for each device; may be used by several threads.

    Args:
        device: as PyTorch names it.
        launch: see there.
    """

    def __init__(self, device: str, launch: Launch) -> None:
        self._device, self._launch = device, launch

    def render(
        self, splats: Splats2D, size: tuple[int, int], background: Floats | None = None
    ) -> tuple[Floats, Floats, TileDrawing]:
        """See `mien.engines.gaussian.raster.render`."""
        width, height = size
        check(splats, width, height)
        if background is not None:
            fits("background", background, (height, width, 3))
        if not all(np.isfinite(values).all() for values in splats):
            raise odd(splats)
        mean, conic, opacity, colour, depth = (self._there(values) for values in splats)
        image, transmittance = self._empty(height, width, 3), self._empty(height, width)
        shapes, lowest, tiles = _measure(mean, conic, opacity, colour, size)
        lists = _sort(lowest, tiles, depth, _blocks(size))
        behind = None if background is None else self._there(background)
        self._over_tiles("draw", size, shapes, lists.start, lists.entries, behind, image, transmittance)
        drawing = TileDrawing(splats, shapes, lists, image, transmittance)
        return image.cpu().numpy(), transmittance.cpu().numpy(), drawing

    def gradients(self, drawing: TileDrawing, d_image: Floats, d_transmittance: Floats | None = None) -> SplatGradients:
        """See `mien.engines.gaussian.raster.gradients`."""
        height, width = drawing.transmittance.shape
        fits("d_image", d_image, (height, width, 3))
        if d_transmittance is not None:
            fits("d_transmittance", d_transmittance, (height, width))
        lists, count = drawing.lists, len(drawing.shapes)
        sums = self._empty(len(lists.entries), int(_MEANINGS["SUMS"]))
        d_through = None if d_transmittance is None else self._there(d_transmittance)
        self._over_tiles(
            "differentiate", (width, height), drawing.shapes, lists.start, lists.entries, lists.places, drawing.image,
            drawing.transmittance, self._there(d_image), d_through, sums,
        )  # fmt: skip
        found = [self._empty(count, 2), self._empty(count, 3), self._empty(count), self._empty(count, 3)]
        conic, opacity = self._there(drawing.splats.conic), self._there(drawing.splats.opacity)
        blocks = -(-max(1, count) // _THREADS)
        self._launch("add_up", (blocks, 1), (_THREADS, 1), sums, lists.first, conic, opacity, *found, count)
        return SplatGradients(*(values.cpu().numpy() for values in found))

    def _over_tiles(self, kernel: str, size: tuple[int, int], *tensors: Tensor | None) -> None:
        self._launch(kernel, _blocks(size), (_SIDE, _SIDE), *tensors, *size)

    def _there(self, values: Floats) -> Tensor:
        return torch.tensor(values, device=self._device)

    def _empty(self, *shape: int) -> Tensor:
        return torch.empty(shape, device=self._device)


def _blocks(size: tuple[int, int]) -> tuple[int, int]:
    """Tiles in a row and in a column."""
    return -(-size[0] // _SIDE), -(-size[1] // _SIDE)


def _measure(
    mean: Tensor, conic: Tensor, opacity: Tensor, colour: Tensor, size: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor]:
    """What drawing needs of every splat, and the tiles that its ellipse's box touches.

    Returns:
        shapes: (N, 9), see `_MEANINGS`.
        lowest: (N, 2) int64, column and row of the first tile.
        tiles: (N, 2) int64, how many in a row and in a column; 0 for those that are not seen.
    """
    a, b, c = conic.unbind(1)
    edge = 2 * (opacity.clamp(1 / 255, float(OPAQUE)) * 255).log()  # q where alpha is 1 / 255
    constant = edge / 16 + _FAINT
    shapes = torch.cat([mean, torch.stack([a, b + b, c], 1) / -16, constant[:, None], colour], 1)

    area = (a.double() * c - b.double() * b).float()
    half = ((edge / area)[:, None] * torch.stack([c, a], 1)).sqrt()  # of the box
    seen = (edge > 0) & (area > 0) & (a > 0) & (a < _FAR) & (c < _FAR) & (half < _FAR).all(1)
    last = torch.tensor(size, device=mean.device) - 1
    lowest = (mean - half - _MARGIN).clamp(min=0).div(_SIDE).floor()
    highest = torch.minimum(mean + half + _MARGIN, last).div(_SIDE).floor()
    seen &= (lowest <= highest).all(1)
    return shapes, _whole(lowest, seen), _whole(highest - lowest + 1, seen)


def _whole(numbers: Tensor, valid: Tensor) -> Tensor:
    return torch.where(valid[:, None], numbers, 0).long()


def _sort(lowest: Tensor, tiles: Tensor, depth: Tensor, blocks: tuple[int, int]) -> Lists:
    count, device = len(depth), depth.device
    each = tiles.prod(1)
    first = torch.cat([each.new_zeros(1), each.cumsum(0)])
    owner = torch.arange(count, device=device).repeat_interleave(each)
    column, row = lowest[owner].unbind(1)
    within, wide = torch.arange(len(owner), device=device) - first[owner], tiles[owner, 0]
    tile = (row + within // wide) * blocks[0] + column + within % wide
    nearer = depth.argsort(stable=True).argsort()  # how many splats are
    places = (tile * count + nearer[owner]).argsort()
    numbers = torch.arange(blocks[0] * blocks[1] + 1, device=device)
    start = torch.searchsorted(tile[places], numbers)
    return Lists(start.int(), owner[places].int(), places.int(), first.int())
