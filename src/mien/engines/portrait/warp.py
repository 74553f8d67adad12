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
    texture: UInt8Array,
    triangles: NDArray[np.int32],
    source: FloatArray,
    target: FloatArray,
    shade: FloatArray,
) -> None:
    """Lays the photo's triangles, moved and shaded, over what `out` holds.

    Args:
        out: uint8 RGB (H, W, 3); holds the plate behind the person, and is overwritten.
        texture: uint8 RGBA (H, W, 4); the person, alpha not premultiplied.
        triangles: (T, 3) vertices; later ones cover earlier ones.
        source: (V, 2) vertices in the texture.
        target: (V, 2) vertices in `out`.
        shade: (V,) factor on the colours.

    Edges are crossed at positions that depend on the edge alone, so that neighbours neither overlap nor leave gaps.
    Where the mesh folds over itself, later triangles cover earlier ones; a fold shows less than a hole would.
    """
    height, width = out.shape[0], out.shape[1]
    tex_h, tex_w = texture.shape[0], texture.shape[1]
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
                uu = min(max(u, np.float32(0)), np.float32(tex_w - 1.001))
                vv = min(max(v, np.float32(0)), np.float32(tex_h - 1.001))
                iu, iv = int(uu), int(vv)
                fu, fv = int((uu - iu) * 256), int((vv - iv) * 256)
                w11 = fu * fv
                w10 = (fu << 8) - w11
                w01 = (fv << 8) - w11
                w00 = 65536 - w11 - w10 - w01
                alpha = (
                    w00 * texture[iv, iu, 3]
                    + w10 * texture[iv, iu + 1, 3]
                    + w01 * texture[iv + 1, iu, 3]
                    + w11 * texture[iv + 1, iu + 1, 3]
                )
                if alpha > 0:
                    weight = alpha * np.float32(1 / (65536 * 255))
                    gain = weight * s * np.float32(1 / 65536)
                    for k in range(3):
                        colour = (
                            w00 * texture[iv, iu, k]
                            + w10 * texture[iv, iu + 1, k]
                            + w01 * texture[iv + 1, iu, k]
                            + w11 * texture[iv + 1, iu + 1, k]
                        )
                        value = out[y, x, k] * (1 - weight) + colour * gain + np.float32(0.5)
                        out[y, x, k] = np.uint8(min(value, np.float32(255)))
                u += ux
                v += vx
                s += sx
