"""The loops that draw: compiled, for one core. All coordinates are pixels, centres at integers."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@njit(cache=True, fastmath=True, nogil=True)
def spread(planes: FloatArray, triangles: NDArray[np.int32], places: FloatArray, values: FloatArray) -> None:
    """Spreads what is known at the vertices over the pixels between them.

    Args:
        planes: float32 (C, H, W), written where a triangle lies.
        triangles: (T, 3).
        places: (V, 2), x and y of the vertices in the planes.
        values: (V, C).
    """
    channels, height, width = planes.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by, cx, cy = places[a, 0], places[a, 1], places[b, 0], places[b, 1], places[c, 0], places[c, 1]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(area) < 1e-4:
            continue
        inv = np.float32(1.0) / area
        top, bottom = max(0, int(np.ceil(min(ay, by, cy)))), min(height - 1, int(np.floor(max(ay, by, cy))))
        # shares of b and c at a pixel: linear in x and y
        bdx, cdx = (cy - ay) * inv, -(by - ay) * inv
        for y in range(top, bottom + 1):
            left, right = np.float32(1e9), np.float32(-1e9)
            for k in range(3):
                if k == 0:
                    x0, y0, x1, y1 = ax, ay, bx, by
                elif k == 1:
                    x0, y0, x1, y1 = bx, by, cx, cy
                else:
                    x0, y0, x1, y1 = cx, cy, ax, ay
                if (y0 <= y) != (y1 <= y):
                    x = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
                    left, right = min(left, x), max(right, x)
            first, last = max(0, int(np.ceil(left))), min(width - 1, int(np.floor(right)))
            if first > last:
                continue
            dx, dy = np.float32(first) - ax, np.float32(y) - ay
            share_b = (dx * (cy - ay) - dy * (cx - ax)) * inv
            share_c = (dy * (bx - ax) - dx * (by - ay)) * inv
            for k in range(channels):
                to_b, to_c = values[b, k] - values[a, k], values[c, k] - values[a, k]
                start = values[a, k] + share_b * to_b + share_c * to_c
                slope = bdx * to_b + cdx * to_c
                for x in range(first, last + 1):
                    planes[k, y, x] = start + slope * np.float32(x - first)


@njit(cache=True, fastmath=True, nogil=True)
def blend(out: NDArray[np.uint8], mouth: NDArray[np.uint8], planes: FloatArray) -> None:
    """Lays a mouth over a picture.

    Args:
        out: uint8 RGB (H, W, 3), the picture; overwritten.
        mouth: uint8 RGB (H, W, 3).
        planes: float32 (4, H, W): how much of the mouth is shown, 0 … 1; what is added to its red, green and blue.
    """
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            share = planes[0, y, x]
            if share <= 0:
                continue
            for k in range(3):
                under = np.float32(out[y, x, k])
                value = under + share * (np.float32(mouth[y, x, k]) + planes[1 + k, y, x] - under) + np.float32(0.5)
                out[y, x, k] = np.uint8(min(max(value, np.float32(0)), np.float32(255)))
