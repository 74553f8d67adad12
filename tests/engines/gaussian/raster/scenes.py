"""Splats to draw, and what a dense float64 reference in torch makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mien.engines.gaussian.raster import Splats2D

WIDTH, HEIGHT, COUNT = 53, 45, 120  # no multiples of a band's 16 rows or of 8 pixels
Tensor = Any


def splats(count: int = COUNT, seed: int = 0) -> Splats2D:
    """Of all shapes, some across the picture's edge."""
    random = np.random.default_rng(seed)
    mean = random.uniform(-4, 1, (count, 2)) + random.uniform(0, 1, (count, 2)) * (WIDTH + 4, HEIGHT + 4)
    wide, tall = np.exp(random.uniform(np.log(0.6), np.log(6), (2, count)))
    turn = random.uniform(0, np.pi, count)
    cos, sin = np.cos(turn), np.sin(turn)
    conic = np.stack(
        [
            cos**2 / wide**2 + sin**2 / tall**2,
            cos * sin * (wide**-2 - tall**-2),
            sin**2 / wide**2 + cos**2 / tall**2,
        ],
        axis=1,
    )
    numbers = (
        mean,
        conic,
        random.uniform(0.02, 0.98, count),
        random.uniform(0, 1, (count, 3)),
        random.normal(0, 1, count),
    )
    return Splats2D(*(np.ascontiguousarray(values, np.float32) for values in numbers))


def dense(splats: Splats2D, background: NDArray[np.float32] | None = None) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Image, transmittance, and the float64 tensors of mean, conic, opacity, colour they depend on."""
    leaves = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in splats[:4]]
    order = np.argsort(splats.depth, kind="stable")
    mean, conic, opacity, colour = (leaf[order.copy()] for leaf in leaves)
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    dx, dy = x - mean[:, 0, None, None], y - mean[:, 1, None, None]
    a, b, c = conic.T[:, :, None, None]
    q = a * dx**2 + 2 * b * dx * dy + c * dy**2
    alpha = opacity.clamp(max=0.99)[:, None, None] * torch.exp(-q / 2)
    alpha = alpha * (alpha >= 1 / 255)
    after = torch.cumprod(1 - alpha, 0)
    before = torch.cat([torch.ones_like(after[:1]), after[:-1]])
    image = ((alpha * before)[..., None] * colour[:, None, None]).sum(0)
    if background is not None:
        image = image + after[-1][..., None] * torch.tensor(background, dtype=torch.float64)
    return image, after[-1], leaves


def noise(*shape: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def assert_close(found: Any, wanted: Any, name: str) -> None:
    """To a thousandth of the largest."""
    wanted = np.asarray(wanted)
    assert np.abs(np.asarray(found) - wanted).max() <= 1e-3 * np.abs(wanted).max(), name
