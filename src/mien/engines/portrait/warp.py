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
    texture: NDArray[np.uint64],
    triangles: NDArray[np.int32],
    source: FloatArray,
    target: FloatArray,
    shade: FloatArray,
) -> None:
    """Lays the photo's triangles, moved and shaded, over what `out` holds.

    Args:
        out: uint8 RGB (H, W, 3); holds the plate behind the person, and is overwritten.
        texture: the person, from `pack`; alpha not premultiplied.
        triangles: (T, 3) vertices; later ones cover earlier ones.
        source: (V, 2) vertices in the texture.
        target: (V, 2) vertices in `out`.
        shade: (V,) factor on the colours, 0 … 2.

    Edges are crossed at positions that depend on the edge alone, so that neighbours neither overlap nor leave gaps.
    Where the mesh folds over itself, later triangles cover earlier ones; a fold shows less than a hole would.
    """
    height, width = out.shape[0], out.shape[1]
    u_end, v_end = (texture.shape[1] - 2) * 256 + 255, (texture.shape[0] - 2) * 256 + 255
    edges = np.empty((3, 4), np.float32)  # x and y of one end, y of the other, slope
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
        for k in range(3):
            i, j = triangles[t, k], triangles[t, (k + 1) % 3]
            if i > j:  # the same way round in both triangles that share this edge
                i, j = j, i
            rise = target[j, 1] - target[i, 1]
            edges[k, 0], edges[k, 1], edges[k, 2] = target[i, 0], target[i, 1], target[j, 1]
            edges[k, 3] = (target[j, 0] - target[i, 0]) / rise if rise != 0 else np.float32(0)
        top = max(0, int(np.ceil(min(ay, by, cy))))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy))))
        for y in range(top, bottom + 1):
            left, right = np.float32(1e9), np.float32(-1e9)
            for k in range(3):
                if (edges[k, 1] <= y) != (edges[k, 2] <= y):
                    x = edges[k, 0] + (y - edges[k, 1]) * edges[k, 3]
                    left = min(left, x)
                    right = max(right, x)
            first = max(0, int(np.ceil(left)))
            last = min(width - 1, int(np.ceil(right)) - 1)
            if first > last:
                continue
            # 1/65536 pixels; whole numbers are quicker than fractions here
            u = np.int64((sax + ux * (first - ax) + uy * (y - ay)) * 65536)
            v = np.int64((say + vx * (first - ax) + vy * (y - ay)) * 65536)
            s = np.int64((shade[a] + sx * (first - ax) + sy * (y - ay)) * 65536)
            du, dv, ds = np.int64(ux * 65536), np.int64(vx * 65536), np.int64(sx * 65536)
            row = np.uintp(y)
            for column in range(first, last + 1):
                x = np.uintp(column)
                colour = _sample(texture, min(max(u >> 8, 0), u_end), min(max(v >> 8, 0), v_end))
                alpha = np.int64(colour >> np.uint64(48))
                gain = s >> 8
                if alpha == 255 and gain == 256:
                    out[row, x, 0] = np.uint8(colour)
                    out[row, x, 1] = np.uint8(colour >> np.uint64(16))
                    out[row, x, 2] = np.uint8(colour >> np.uint64(32))
                elif alpha > 0:
                    for k in range(3):
                        value = np.int64(colour >> np.uint64(16 * k)) & 255
                        value = min((value * gain + 128) >> 8, 255)
                        if alpha < 255:
                            value = (value * alpha + out[row, x, k] * (255 - alpha) + 127) // 255
                        out[row, x, k] = np.uint8(value)
                u += du
                v += dv
                s += ds


@njit(cache=True, nogil=True, inline="always")
def _sample(texture: NDArray[np.uint64], u: int, v: int) -> np.uint64:
    """The bilinear mean of four pixels at a position in 1/256 pixels; the four channels go side by side in one number."""
    x, y = np.uintp(u >> 8), np.uintp(v >> 8)  # unsigned: no check for counting from the end
    right, below = x + np.uintp(1), y + np.uintp(1)
    fx, fy = np.uint64(u & 255), np.uint64(v & 255)
    gx, gy = np.uint64(256) - fx, np.uint64(256) - fy
    mask, half, byte = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0080008000800080), np.uint64(8)
    top = (texture[y, x] * gx + texture[y, right] * fx + half) >> byte & mask
    low = (texture[below, x] * gx + texture[below, right] * fx + half) >> byte & mask
    return (top * gy + low * fy + half) >> byte & mask


def pack(rgba: UInt8Array) -> NDArray[np.uint64]:
    """uint8 RGBA (H, W, 4) as `draw_mesh` wants it: uint64 (H, W), 16 bits a channel, red lowest."""
    return np.ascontiguousarray(rgba.astype("<u2")).view("<u8")[..., 0]
