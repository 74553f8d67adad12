"""Smooth outlines through landmarks, for what is painted between lips and lids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

SAMPLES = 96
"""Points of a sampled outline."""


def box_around(points: FloatArray, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """left, top, right, bottom (excluded) around the points, within a picture of that shape."""
    low = np.maximum(np.floor(points.min(axis=0)) - 2, 0)
    high = np.minimum(np.ceil(points.max(axis=0)) + 3, (shape[1], shape[0]))
    return np.concatenate([low, np.maximum(low, high)]).astype(np.int64)


def smooth_curve(points: FloatArray, grid: FloatArray) -> FloatArray:
    """y of a cubic Hermite (Catmull–Rom) curve through the points (N, 2) at the x of `grid`; x must not run back."""
    x, y = points[:, 0], points[:, 1]
    x = np.maximum.accumulate(x) + np.arange(len(x), dtype=np.float32) * np.float32(1e-5)
    slope = np.empty_like(y)
    slope[1:-1] = (y[2:] - y[:-2]) / np.maximum(x[2:] - x[:-2], 1e-5)
    slope[0], slope[-1] = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
    k = np.clip(np.searchsorted(x, grid, side="right") - 1, 0, len(x) - 2)
    h = x[k + 1] - x[k]
    t = np.clip((grid - x[k]) / h, 0, 1)
    value = (1 + 2 * t) * (1 - t) ** 2 * y[k] + t * (1 - t) ** 2 * h * slope[k]
    value += t * t * (3 - 2 * t) * y[k + 1] + t * t * (t - 1) * h * slope[k + 1]
    return value.astype(np.float32)
