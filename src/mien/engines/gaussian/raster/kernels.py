"""The rasteriser's compiled loops: what is seen where, the picture, and the gradients.

The picture is cut into bands of 16 rows. Each has a list of the splats that touch it, nearest first, and is drawn by itself into planes that
fit into the processor's cache: any number of threads draw the same picture, bit by bit. In every row a splat covers a span whose ends
are known in closed form; it is drawn eight pixels at a time, and those beyond its edge get nothing.

Convention: `x`, `y` are pixels, centres at integers. `q = a dx² + 2 b dx dy + c dy²`, `alpha = opacity · exp(-q / 2)`,
nothing where alpha < 1 / 255. One splat in depth order is one row of `shapes`, one "entry" is one splat in one band.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.engines.gaussian.raster.lanes import load, ramp, spread, store, total, where_at_most

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

BAND = 16
"""Rows of a band."""

OPAQUE = np.float32(0.99)
"""No splat hides more than this: gradients divide by 1 - alpha."""

_FAINT = np.float32(1 / 255)
_NUMBERS = 12  # of a splat: mean x y, conic a b c, opacity, red, green, blue, q at its edge, a·c - b², half its height
_ALMOST_ONE = np.float32(0.9999)  # integer part of x + this: x rounded up
_ZERO, _ONE, _EIGHT = np.float32(0), np.float32(1), np.float32(8)


@njit(cache=True, nogil=True, error_model="numpy")
def order_by_depth(depth: Floats) -> Ints:
    """Numbers of the splats, smallest depth first; equal ones as they stand. Radix sort by 11 bits three times; depth is finite."""
    count = len(depth)
    keys = depth.view(np.uint32).copy()
    for i in range(count):
        # As unsigned integers, floats sort by size if the sign is turned round, and negative ones wholly.
        keys[i] ^= np.uint32(0xFFFFFFFF) if keys[i] >> np.uint32(31) else np.uint32(0x80000000)
    order, other = np.arange(count, dtype=np.int32), np.empty(count, np.int32)
    places = np.empty(2048, np.int64)
    for shift in (np.uint32(0), np.uint32(11), np.uint32(22)):
        places[:] = 0
        for i in range(count):
            places[keys[i] >> shift & np.uint32(2047)] += 1
        before = 0
        for digit in range(2048):
            here = places[digit]
            places[digit] = before
            before += here
        for i in range(count):
            digit = keys[order[i]] >> shift & np.uint32(2047)
            other[places[digit]] = order[i]
            places[digit] += 1
        order, other = other, order
    return order


@njit(cache=True, nogil=True, error_model="numpy")
def sort_into_bands(
    mean: Floats, conic: Floats, opacity: Floats, colour: Floats, order: Ints, width: int, height: int
) -> tuple[Floats, NDArray[np.int64], Ints]:
    """Which splats each band of the picture shows.

    Args:
        mean, conic, opacity, colour: as `Splats2D`.
        order: of the splats, nearest first.
        width, height: of the picture.

    Returns:
        shapes: (N, 12) in depth order, see above; rows of splats that are not seen are not set.
        start: (bands + 1,) where each band's entries begin.
        entries: (E,) rows of `shapes`, nearest first in each band.
    """
    count = len(order)
    bands = (height + BAND - 1) // BAND
    shapes = np.empty((count, _NUMBERS), np.float32)
    first, last = np.empty(count, np.int32), np.empty(count, np.int32)
    start = np.zeros(bands + 1, np.int64)
    for k in range(count):
        i = order[k]
        first[k], last[k] = 0, -1
        a, b, c = conic[i, 0], conic[i, 1], conic[i, 2]
        area = np.float32(np.float64(a) * c - np.float64(b) * b)
        strength = min(opacity[i], OPAQUE)
        if not (strength > _FAINT and area > 0 and a > 0):
            continue
        edge = np.float32(2) * np.float32(math.log(strength * np.float32(255)))
        mx, my = mean[i, 0], mean[i, 1]
        reach_x, reach_y = np.float32(math.sqrt(edge * c / area)), np.float32(math.sqrt(edge * a / area))
        top, bottom = max(my - reach_y, _ZERO), min(my + reach_y, np.float32(height - 1))
        if not (mx + reach_x >= 0 and mx - reach_x <= width - 1 and top <= bottom):
            continue
        shapes[k, 0], shapes[k, 1] = mx, my
        shapes[k, 2], shapes[k, 3], shapes[k, 4] = a, b, c
        shapes[k, 5] = strength
        shapes[k, 6], shapes[k, 7], shapes[k, 8] = colour[i, 0], colour[i, 1], colour[i, 2]
        shapes[k, 9], shapes[k, 10], shapes[k, 11] = edge, area, reach_y
        first[k], last[k] = int(top) // BAND, int(bottom) // BAND
        for band in range(first[k], last[k] + 1):
            start[band + 1] += 1
    for band in range(bands):
        start[band + 1] += start[band]
    entries = np.empty(start[bands], np.int32)
    free = start[:bands].copy()
    for k in range(count):
        for band in range(first[k], last[k] + 1):
            entries[free[band]] = k
            free[band] += 1
    return shapes, start, entries


@njit(nogil=True, error_model="numpy", fastmath=True, inline="always")
def _falloff(q):  # noqa: ANN001
    """exp(-q / 2) for 0 <= q <= 11.1, to 2e-6: the eighth power of a polynomial of degree 5."""
    z = q * np.float32(-1 / 16)
    p = z * np.float32(1 / 120) + np.float32(1 / 24)
    p = (((p * z + np.float32(1 / 6)) * z + np.float32(1 / 2)) * z + _ONE) * z + _ONE
    p = p * p
    p = p * p
    return p * p


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def draw(
    shapes: Floats,
    start: NDArray[np.int64],
    entries: Ints,
    background: Floats,
    image: Floats,
    transmittance: Floats,
    part: int,
    parts: int,
) -> None:
    """Draws the bands `part`, `part + parts` … into `image` (H, W, 3) and `transmittance` (H, W).

    Args:
        shapes, start, entries: of `sort_into_bands`.
        background: (H, W, 3), or (0, 0, 3) for none.
        image, transmittance: filled.
        part, parts: this thread's number and how many there are.
    """
    height, width = transmittance.shape
    stride = (width + 7) // 8 * 8 + 8
    red, green, blue = 0, BAND * stride, 2 * BAND * stride
    through = 3 * BAND * stride
    planes = np.empty(4 * BAND * stride, np.float32)
    step = ramp()
    right_end = np.float32(width - 1)
    for band in range(part, len(start) - 1, parts):
        upper = band * BAND
        rows = min(BAND, height - upper)
        planes[:through] = 0
        planes[through:] = 1
        for entry in range(start[band], start[band + 1]):
            k = entries[entry]
            mx, my = shapes[k, 0], shapes[k, 1]
            a, b, c = shapes[k, 2], shapes[k, 3], shapes[k, 4]
            strength, r, g, bl = shapes[k, 5], shapes[k, 6], shapes[k, 7], shapes[k, 8]
            edge, area, reach_y = shapes[k, 9], shapes[k, 10], shapes[k, 11]
            inverse = _ONE / a
            b2 = b + b
            top = np.int64(max(my - reach_y, np.float32(upper)) + _ALMOST_ONE)
            bottom = np.int64(min(my + reach_y, np.float32(upper + rows - 1)))
            for y in range(top, bottom + 1):
                dy = np.float32(y) - my
                half = np.float32(math.sqrt(max(a * edge - area * dy * dy, _ZERO))) * inverse
                middle = mx - b * inverse * dy
                left = np.int64(max(middle - half, _ZERO) + _ALMOST_ONE)
                right = np.int64(min(middle + half, right_end))
                at = (y - upper) * stride + left
                bdy, cdy = b2 * dy, c * dy * dy
                dx = step + (np.float32(left) - mx)
                while left <= right:
                    q = (dx * a + bdy) * dx + cdy
                    alpha = where_at_most(q, edge, _falloff(q) * strength)
                    seen = load(planes, at + through)
                    weight = alpha * seen
                    store(planes, at + through, seen - weight)
                    store(planes, at + red, load(planes, at + red) + weight * r)
                    store(planes, at + green, load(planes, at + green) + weight * g)
                    store(planes, at + blue, load(planes, at + blue) + weight * bl)
                    left += 8
                    at += 8
                    dx = dx + _EIGHT
        for row in range(rows):
            y = upper + row
            for x in range(width):
                at = row * stride + x
                transmittance[y, x] = planes[at + through]
                image[y, x, 0] = planes[at + red]
                image[y, x, 1] = planes[at + green]
                image[y, x, 2] = planes[at + blue]
            if len(background):
                for x in range(width):
                    for channel in range(3):
                        image[y, x, channel] += background[y, x, channel] * transmittance[y, x]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def differentiate(
    shapes: Floats,
    start: NDArray[np.int64],
    entries: Ints,
    image: Floats,
    transmittance: Floats,
    d_image: Floats,
    d_transmittance: Floats,
    slots: Floats,
    part: int,
    parts: int,
) -> None:
    """Gradients of every entry of the bands `part`, `part + parts` …

    Front to back, as the picture was drawn: with v the gradient of a pixel, T what is seen through the splats before, and S what the
    splats behind and the background add to the loss, dL/dalpha = T (v · colour) - S / (1 - alpha). S begins as v · image + dT · T and
    loses each splat's part in turn.

    Args:
        shapes, start, entries: of `sort_into_bands`.
        image, transmittance: what `draw` gave.
        d_image, d_transmittance: the loss's gradients, (H, W, 3) and (H, W), or (0, 0) for none.
        slots: (E, 9), filled: d of mean x y, conic a b c, opacity, red, green, blue.
        part, parts: as `draw`.
    """
    height, width = transmittance.shape
    stride = (width + 7) // 8 * 8 + 8
    red, green, blue = 0, BAND * stride, 2 * BAND * stride
    behind, through = 3 * BAND * stride, 4 * BAND * stride
    planes = np.zeros(5 * BAND * stride, np.float32)
    step, nothing = ramp(), spread(_ZERO)
    right_end = np.float32(width - 1)
    for band in range(part, len(start) - 1, parts):
        upper = band * BAND
        rows = min(BAND, height - upper)
        planes[through:] = 1
        for row in range(rows):
            y = upper + row
            for x in range(width):
                at = row * stride + x
                v0, v1, v2 = d_image[y, x, 0], d_image[y, x, 1], d_image[y, x, 2]
                planes[at + red] = v0
                planes[at + green] = v1
                planes[at + blue] = v2
                planes[at + behind] = v0 * image[y, x, 0] + v1 * image[y, x, 1] + v2 * image[y, x, 2]
            if len(d_transmittance):
                for x in range(width):
                    planes[row * stride + x + behind] += d_transmittance[y, x] * transmittance[y, x]
        for entry in range(start[band], start[band + 1]):
            k = entries[entry]
            mx, my = shapes[k, 0], shapes[k, 1]
            a, b, c = shapes[k, 2], shapes[k, 3], shapes[k, 4]
            strength, r, g, bl = shapes[k, 5], shapes[k, 6], shapes[k, 7], shapes[k, 8]
            edge, area, reach_y = shapes[k, 9], shapes[k, 10], shapes[k, 11]
            inverse = _ONE / a
            b2 = b + b
            d_r, d_g, d_b, d_strength = nothing, nothing, nothing, nothing
            k_x, k_y, k_xx, k_xy, k_yy = nothing, nothing, nothing, nothing, nothing
            top = np.int64(max(my - reach_y, np.float32(upper)) + _ALMOST_ONE)
            bottom = np.int64(min(my + reach_y, np.float32(upper + rows - 1)))
            for y in range(top, bottom + 1):
                dy = np.float32(y) - my
                half = np.float32(math.sqrt(max(a * edge - area * dy * dy, _ZERO))) * inverse
                middle = mx - b * inverse * dy
                left = np.int64(max(middle - half, _ZERO) + _ALMOST_ONE)
                right = np.int64(min(middle + half, right_end))
                at = (y - upper) * stride + left
                bdy, cdy = b2 * dy, c * dy * dy
                dx = step + (np.float32(left) - mx)
                while left <= right:
                    q = (dx * a + bdy) * dx + cdy
                    share = where_at_most(q, edge, _falloff(q))
                    alpha = share * strength
                    seen = load(planes, at + through)
                    weight = alpha * seen
                    store(planes, at + through, seen - weight)
                    v0, v1, v2 = load(planes, at + red), load(planes, at + green), load(planes, at + blue)
                    pull = v0 * r + v1 * g + v2 * bl
                    rest = load(planes, at + behind) - weight * pull
                    store(planes, at + behind, rest)
                    d_r = d_r + weight * v0
                    d_g = d_g + weight * v1
                    d_b = d_b + weight * v2
                    d_share = share * (seen * pull - rest / (spread(_ONE) - alpha))
                    d_strength = d_strength + d_share
                    pulls = d_share * strength
                    kx = pulls * dx
                    ky = pulls * dy
                    k_x = k_x + kx
                    k_y = k_y + ky
                    k_xx = k_xx + kx * dx
                    k_xy = k_xy + kx * dy
                    k_yy = k_yy + ky * dy
                    left += 8
                    at += 8
                    dx = dx + _EIGHT
            along, down = total(k_x), total(k_y)
            slots[entry, 0] = a * along + b * down
            slots[entry, 1] = b * along + c * down
            slots[entry, 2] = np.float32(-0.5) * total(k_xx)
            slots[entry, 3] = -total(k_xy)
            slots[entry, 4] = np.float32(-0.5) * total(k_yy)
            slots[entry, 5] = total(d_strength)
            slots[entry, 6] = total(d_r)
            slots[entry, 7] = total(d_g)
            slots[entry, 8] = total(d_b)


@njit(cache=True, nogil=True)
def add_up(slots: Floats, entries: Ints, order: Ints, opacity: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The gradients (N, 2), (N, 3), (N,), (N, 3) of mean, conic, opacity and colour from those of the entries, in their order."""
    count = len(order)
    d_mean, d_conic = np.zeros((count, 2), np.float32), np.zeros((count, 3), np.float32)
    d_opacity, d_colour = np.zeros(count, np.float32), np.zeros((count, 3), np.float32)
    for entry in range(len(entries)):
        i = order[entries[entry]]
        for axis in range(2):
            d_mean[i, axis] += slots[entry, axis]
        for axis in range(3):
            d_conic[i, axis] += slots[entry, 2 + axis]
            d_colour[i, axis] += slots[entry, 6 + axis]
        d_opacity[i] += slots[entry, 5]
    for i in range(count):
        if opacity[i] > OPAQUE:
            d_opacity[i] = max(d_opacity[i], _ZERO)
    return d_mean, d_conic, d_opacity, d_colour
