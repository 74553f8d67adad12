"""Draws Gaussian splats on the processor, and says how the picture would change with each of their numbers.

Where the splats do not hide what is behind them it shows through: `image = Σ colour · weight + transmittance · background`.

Importing this compiles nothing yet, but Numba decides now where it keeps compiled loops: set `numba.core.config.CACHE_DIR` before.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.raster import kernels
from mien.errors import InputError, UsageError

Floats = NDArray[np.float32]

_NOTHING = np.zeros(0, np.float32)


class Splats2D(NamedTuple):
    """N splats on the picture plane; all float32 and contiguous.

    Args:
        mean: (N, 2) centres x, y in pixels; pixel centres are at integers.
        conic: (N, 3) a, b, c of the inverse covariance [[a, b], [b, c]] in 1 / px²; one that is not positive definite draws nothing.
        opacity: (N,) 0 … 1 at the centre; above 0.99 it counts as 0.99, at most 1 / 255 it draws nothing.
        colour: (N, 3) RGB, 0 … 1 (or any three channels: nothing is clipped).
        depth: (N,) any unit; smaller is nearer, equal ones lie as they are listed, the first nearest.
    """

    mean: Floats
    conic: Floats
    opacity: Floats
    colour: Floats
    depth: Floats


class SplatGradients(NamedTuple):
    """What the loss changes by with each number of `Splats2D`; depth has no gradient. float32, shapes as there."""

    mean: Floats
    conic: Floats
    opacity: Floats
    colour: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What `gradients` needs of a picture that `render` drew."""

    conic: Floats
    opacity: Floats
    shapes: Floats
    start: NDArray[np.int64]
    entries: NDArray[np.int32]
    image: Floats
    transmittance: Floats


def render(
    splats: Splats2D, size: tuple[int, int], background: Floats | None = None, *, threads: int = 1
) -> tuple[Floats, Floats, Drawing]:
    """Draws splats, nearest over farther ones. The same splats give the same bits, whatever `threads` is and in whatever order they are listed.

    A splat is cut off where it hides less than 1 / 255.

    Args:
        splats: see there.
        size: width, height of the picture in pixels.
        background: float32 RGB (H, W, 3), behind all splats; None: black, to be put together by the caller as
            image + transmittance[..., None] · background.
        threads: how many share the work.

    Returns:
        image: float32 RGB (H, W, 3), not clipped; neither it nor `transmittance` may be written to before `gradients` was called.
        transmittance: float32 (H, W), 1 where no splat is, 0 where nothing shows through.
        drawing: for `gradients`.

    Raises:
        UsageError: shapes or types do not fit, the picture is empty, `threads` < 1.
        InputError: a number of the splats is not finite.

    Source: 3D Gaussian Splatting (Kerbl et al., 2023), equations 2 and 3.
    """
    width, height = size
    check(splats, width, height)
    _check_threads(threads)
    if background is not None:
        fits("background", background, (height, width, 3))
    edge = 2 * np.log(np.clip(splats.opacity, 1 / 255, kernels.OPAQUE) * np.float32(255))
    shapes, bands, finite = kernels.measure(*splats[:3], edge, *splats[3:], width, height)
    if not finite:
        raise odd(splats)
    order = kernels.order_by_depth(splats.depth, bands)
    start, entries = kernels.sort_into_bands(bands, order, height)
    image, transmittance = np.empty((height, width, 3), np.float32), np.empty((height, width), np.float32)
    behind = _NOTHING if background is None else background.ravel()
    _share(threads, kernels.draw, shapes, start, entries, behind, image.ravel(), transmittance.ravel(), width, height)
    return image, transmittance, Drawing(splats.conic, splats.opacity, shapes, start, entries, image, transmittance)


def gradients(
    drawing: Drawing, d_image: Floats, d_transmittance: Floats | None = None, *, threads: int = 1
) -> SplatGradients:
    """How a loss changes with the splats, from how it changes with what `render` gave.

    The background's part is contained: `d_image` is of the image as it was returned. Where the caller adds the background,
    `d_transmittance` is that of image + transmittance · background, (d_image · background).sum(-1). An opacity beyond 0.99 gets the gradient
    at 0.99 if that leads back (is positive), else none.

    Args:
        drawing: of `render`.
        d_image: float32 (H, W, 3).
        d_transmittance: float32 (H, W); None: zero.
        threads: how many share the work; the gradients' bits do not depend on it.

    Raises:
        UsageError: shapes or types do not fit, `threads` < 1.
    """
    fits("d_image", d_image, drawing.image.shape)
    if d_transmittance is not None:
        fits("d_transmittance", d_transmittance, drawing.transmittance.shape)
    _check_threads(threads)
    height, width = drawing.transmittance.shape
    sums = np.empty(len(drawing.entries) * kernels.NUMBERS, np.float32)
    _share(
        threads, kernels.differentiate, drawing.shapes, drawing.start, drawing.entries, drawing.image.ravel(), drawing.transmittance.ravel(),
        d_image.ravel(), _NOTHING if d_transmittance is None else d_transmittance.ravel(), sums, width, height,
    )  # fmt: skip
    return SplatGradients(*kernels.add_up(sums, drawing.entries, drawing.conic, drawing.opacity))


def _share(threads: int, work: Callable[..., None], *arguments: object) -> None:
    """Runs `work(*arguments, part, threads)` for every part. Compiled loops let go of the interpreter's lock.

    Threads of our own instead of Numba's: its pool ends the process if two sessions use it at once, and spins while it waits.
    """
    if threads == 1:
        work(*arguments, 0, 1)
        return
    for result in [_pool(threads).submit(work, *arguments, part, threads) for part in range(threads)]:
        result.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="splats")


def check(splats: Splats2D, width: int, height: int) -> None:
    """Raises:
    UsageError: shapes or types do not fit, or the picture is empty.
    """
    count = len(splats.mean)
    shapes = {"mean": (count, 2), "conic": (count, 3), "opacity": (count,), "colour": (count, 3), "depth": (count,)}
    for name, shape in shapes.items():
        fits(name, getattr(splats, name), shape)
    if width < 1 or height < 1:
        raise UsageError(f"The picture is {width} × {height} pixels.", hint="Give at least one pixel.")


def _check_threads(threads: int) -> None:
    if threads < 1:
        raise UsageError(f"threads is {threads}.", hint="Give 1 or more.")


def odd(splats: Splats2D) -> InputError:
    """Says which number of splats is not finite."""
    for name, array in zip(Splats2D._fields, splats, strict=True):
        finite = np.isfinite(array.reshape(len(array), -1)).all(1)
        if not finite.all():
            wrong = int(np.argmin(finite))
            return InputError(
                f"The {name} of splat {wrong} is {array[wrong]}.",
                hint="All numbers of a splat must be finite; a training that made this one has diverged.",
            )
    return InputError("The splats' numbers are too large.", hint="A training that made them has diverged.")


def fits(name: str, array: Floats, shape: tuple[int, ...]) -> None:
    """Raises:
    UsageError: the array is not contiguous float32 of that shape.
    """
    if array.shape != shape or array.dtype != np.float32 or not array.flags.c_contiguous:
        raise UsageError(
            f"{name} is {array.dtype} {array.shape}, contiguous: {array.flags.c_contiguous}.",
            hint=f"Give contiguous float32 {shape}.",
        )
