"""Closing eyes: the skin above an eye unfolds downwards and carries the lashes with it; the eyeball stays where it is."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.engines.portrait.curves import SAMPLES, box_around, smooth_curve
from mien.engines.portrait.rig import LOWER_LIDS, UPPER_LIDS

FloatArray = NDArray[np.float32]
UInt8Array = NDArray[np.uint8]

BROW_EDGES = ((46, 53, 52, 65, 55), (285, 295, 282, 283, 276))
"""Lower edges of the brows on the image's left and right, each from left to right."""
LASHES = 0.022
"""IOD above the rim of the lid that belong to the lashes and are moved without being stretched."""
OVERLAP = 0.012
"""IOD that a closed upper lid reaches over the lower one."""
SPAN = 0.75
"""Part of the way from the lid to the brow whose skin unfolds."""


def draw_lids(out: UInt8Array, vertices: FloatArray, blink: tuple[float, float], iod: float) -> None:
    """Draws both upper lids.

    Args:
        out: uint8 RGB (H, W, 3) with open eyes, changed in place.
        vertices: (V, 2) pixels.
        blink: of the eyes on the image's left and right, 0 open … 1 closed.
        iod: pixels between the outer eye corners.
    """
    for upper, lower, brow, amount in zip(UPPER_LIDS, LOWER_LIDS, BROW_EDGES, blink, strict=True):
        if amount > 0.01:
            _draw(out, vertices[list(upper)], vertices[list(lower)], vertices[list(brow)], min(amount, 1.0), iod)


def _draw(out: UInt8Array, upper: FloatArray, lower: FloatArray, brow: FloatArray, amount: float, iod: float) -> None:
    along = upper[-1] - upper[0]
    along = along / max(float(np.linalg.norm(along)), 1e-6)
    axes = np.stack([along, [-along[1], along[0]]]).astype(np.float32)  # rows: along the eye, down
    origin = upper[0]
    top, bottom, eyebrow = ((points - origin) @ axes.T for points in (upper, lower, brow))
    grid = np.linspace(top[0, 0], top[-1, 0], SAMPLES, dtype=np.float32)
    rim, floor = smooth_curve(top, grid), smooth_curve(bottom, grid)
    floor = np.maximum(floor, rim)
    to_brow = np.interp(grid, eyebrow[:, 0], eyebrow[:, 1]) - rim
    crease = (rim + SPAN * np.minimum(to_brow, -0.02 * iod)).astype(np.float32)
    shut = 0.3 * float((floor - rim).max()) * (1 - np.linspace(-1, 1, SAMPLES, dtype=np.float32) ** 4) * amount**3
    edge = (rim + amount * (floor - rim) + np.minimum(shut, OVERLAP * iod)).astype(np.float32)
    box = box_around(np.concatenate([upper, lower, brow]), out.shape)
    picture = out[box[1] : box[3], box[0] : box[2]].copy()
    _unfold(out, picture, box, axes, origin.astype(np.float32), grid, rim, edge, crease, LASHES * iod, amount)


@njit(cache=True, fastmath=True, nogil=True)
def _unfold(
    out: UInt8Array,
    picture: UInt8Array,
    box: NDArray[np.int64],
    axes: FloatArray,
    origin: FloatArray,
    grid: FloatArray,
    rim: FloatArray,
    edge: FloatArray,
    crease: FloatArray,
    lashes: float,
    amount: float,
) -> None:
    count = len(grid)
    span = max(grid[count - 1] - grid[0], np.float32(1e-6))
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            u = axes[0, 0] * (x - origin[0]) + axes[0, 1] * (y - origin[1])
            v = axes[1, 0] * (x - origin[0]) + axes[1, 1] * (y - origin[1])
            s = (u - grid[0]) / span * (count - 1)
            if s <= 0 or s >= count - 1:
                continue
            i = int(s)
            f = s - i
            lid = rim[i] * (1 - f) + rim[i + 1] * f
            now = edge[i] * (1 - f) + edge[i + 1] * f
            start = crease[i] * (1 - f) + crease[i + 1] * f
            moved = now - lid
            reach = lashes * 0.45  # lashes hang a little over the rim
            cover = min(max((now + reach - v) / max(reach, 1.2), 0.0), 1.0)
            if cover <= 0 or v <= start or moved < 0.05:
                continue
            seam = now - lashes
            if v >= seam:
                from_v = v - moved
            else:
                from_v = start + (v - start) * (lid - lashes - start) / max(seam - start, 1e-3)
            px = origin[0] + axes[0, 0] * u + axes[1, 0] * from_v - box[0]
            py = origin[1] + axes[0, 1] * u + axes[1, 1] * from_v - box[1]
            px = min(max(px, 0.0), picture.shape[1] - 1.001)
            py = min(max(py, 0.0), picture.shape[0] - 1.001)
            ix, iy = int(px), int(py)
            fx, fy = px - ix, py - iy
            swell = 1 + 0.05 * amount * (1 - abs(2 * (v - start) / max(now - start, 1e-3) - 1))
            for k in range(3):
                value = (1 - fy) * ((1 - fx) * picture[iy, ix, k] + fx * picture[iy, ix + 1, k])
                value += fy * ((1 - fx) * picture[iy + 1, ix, k] + fx * picture[iy + 1, ix + 1, k])
                value = min(value * swell, 255.0)
                out[y, x, k] = np.uint8(out[y, x, k] * (1 - cover) + value * cover + 0.5)
