"""Draws the moved mesh: compiled loops over triangles and pixels. All coordinates are pixels, centres at integers."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

UInt8Array = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@njit(cache=True, fastmath=True, nogil=True)
def draw_mesh(
    out: UInt8Array,
    texture: NDArray[np.uint32],
    triangles: NDArray[np.int32],
    source: FloatArray,
    target: FloatArray,
    shade: FloatArray,
) -> None:
    """Lays the photo's triangles, moved and shaded, over what `out` holds.

    Args:
        out: uint8 RGB (H, W, 3); holds the plate behind the person, and is overwritten.
        texture: uint32 (H, W), red in the lowest byte, then green, blue, alpha; the person, alpha not premultiplied.
        triangles: (T, 3) vertices; later ones cover earlier ones.
        source: (V, 2) vertices in the texture.
        target: (V, 2) vertices in `out`.
        shade: (V,) factor on the colours, 0 … 2.

    Edges are crossed at positions that depend on the edge alone, so that neighbours neither overlap nor leave gaps.
    Where the mesh folds over itself, later triangles cover earlier ones; a fold shows less than a hole would.
    """
    height, width = out.shape[0], out.shape[1]
    u_end, v_end = (texture.shape[1] - 2) * 256 + 255, (texture.shape[0] - 2) * 256 + 255
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = target[a, 0], target[a, 1]
        bx, by = target[b, 0], target[b, 1]
        cx, cy = target[c, 0], target[c, 1]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        sax, say = source[a, 0], source[a, 1]
        if abs(area) < 1e-4:
            continue
        inv = np.float32(1.0) / area
        # gradients of texture coordinates and shade over the picture
        ux = ((source[b, 0] - sax) * (cy - ay) - (source[c, 0] - sax) * (by - ay)) * inv
        uy = ((source[c, 0] - sax) * (bx - ax) - (source[b, 0] - sax) * (cx - ax)) * inv
        vx = ((source[b, 1] - say) * (cy - ay) - (source[c, 1] - say) * (by - ay)) * inv
        vy = ((source[c, 1] - say) * (bx - ax) - (source[b, 1] - say) * (cx - ax)) * inv
        sx = ((shade[b] - shade[a]) * (cy - ay) - (shade[c] - shade[a]) * (by - ay)) * inv
        sy = ((shade[c] - shade[a]) * (bx - ax) - (shade[b] - shade[a]) * (cx - ax)) * inv
        top = max(0, int(np.ceil(min(ay, by, cy))))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy))))
        for y in range(top, bottom + 1):
            left, right = np.float32(1e9), np.float32(-1e9)
            for k in range(3):
                i = triangles[t, k]
                j = triangles[t, (k + 1) % 3]
                if i > j:
                    i, j = j, i
                y0, y1 = target[i, 1], target[j, 1]
                if (y0 <= y) == (y1 <= y):
                    continue
                x = target[i, 0] + (y - y0) * ((target[j, 0] - target[i, 0]) / (y1 - y0))
                left = min(left, x)
                right = max(right, x)
            first = max(0, int(np.ceil(left)))
            last = min(width - 1, int(np.ceil(right)) - 1)
            if first > last:
                continue
            u = sax + ux * (first - ax) + uy * (y - ay)
            v = say + vx * (first - ax) + vy * (y - ay)
            s = shade[a] + sx * (first - ax) + sy * (y - ay)
            for x in range(first, last + 1):
                iu = min(max(int(u * 256), 0), u_end)
                iv = min(max(int(v * 256), 0), v_end)
                colour = _sample(texture, iu, iv)
                alpha = colour >> 24
                if alpha > 0:
                    gain = min(max(int(s * 256), 0), 512)
                    for k in range(3):
                        value = min(((colour >> (8 * k) & 255) * gain + 128) >> 8, 255)
                        if alpha < 255:
                            value = (value * alpha + out[y, x, k] * (255 - alpha) + 127) // 255
                        out[y, x, k] = np.uint8(value)
                u += ux
                v += vx
                s += sx


@njit(cache=True, nogil=True, inline="always")
def _sample(texture: NDArray[np.uint32], iu: int, iv: int) -> np.int64:
    """The bilinear mean of four pixels at a position in 1/256 pixels; two of the four bytes at a time."""
    x, y = iu >> 8, iv >> 8
    fx, fy = np.uint32(iu & 255), np.uint32(iv & 255)
    gx, gy = np.uint32(256) - fx, np.uint32(256) - fy
    mask, half = np.uint32(0x00FF00FF), np.uint32(0x00800080)
    a, b = texture[y, x], texture[y, x + 1]
    c, d = texture[y + 1, x], texture[y + 1, x + 1]
    top = (((a & mask) * gx + (b & mask) * fx + half) >> np.uint32(8)) & mask
    low = (((c & mask) * gx + (d & mask) * fx + half) >> np.uint32(8)) & mask
    even = ((top * gy + low * fy + half) >> np.uint32(8)) & mask
    top = (((a >> np.uint32(8)) & mask) * gx + ((b >> np.uint32(8)) & mask) * fx + half) >> np.uint32(8) & mask
    low = (((c >> np.uint32(8)) & mask) * gx + ((d >> np.uint32(8)) & mask) * fx + half) >> np.uint32(8) & mask
    odd = (top * gy + low * fy + half) & np.uint32(0xFF00FF00)
    return np.int64(even | odd)
