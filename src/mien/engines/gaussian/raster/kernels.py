"""The rasteriser's compiled loops: what is seen where, the picture, and the gradients.

The picture is cut into bands of 16 rows. Each has a list of the splats that touch it, nearest first, and is drawn by itself into planes that fit
into the processor's cache: any number of threads draw the same picture, bit by bit. In each of its rows a splat gets the same number
of pixels, placed where its ellipse lies in that row, `WIDTH` of them at a time; those beyond its edge get nothing. That costs less than
spans of exact length: processors guess a constant length right.

Convention: `x`, `y` are pixels, centres at integers. `alpha = opacity · exp(-q / 2)`, `q = a dx² + 2 b dx dy + c dy²`, nothing where
alpha < 1 / 255. Loops know only `z = log(alpha) / 8`, whose coefficients are the conic's times -1 / 16. An "entry" is one splat in one band.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.engines.gaussian.raster.lanes import (
    WIDTH,
    clamp,
    fetch_early,
    load,
    load_rgb,
    ramp,
    spread,
    store,
    store_rgb,
    total,
    totals,
    truncate,
    where_at_least,
)

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

BAND = 16
"""Rows of a band."""

OPAQUE = np.float32(0.99)
"""No splat hides more than this: gradients divide by 1 - alpha."""

NUMBERS = 16
"""float32 numbers of a splat in `shapes`, one cache line: mean x y; of z the coefficients of dx², dx dy, dy² and the constant; red, green, blue;
half its width in a row and how far that lies to the left per row; half its height; opacity; three unused."""

_AHEAD = 4  # entries between asking for a splat's numbers and their use
_ALMOST_ONE = np.float32(0.9999)  # the integer part of x + this is x rounded up
_FAR = np.float32(1e7)
_FAINT = np.float32(-math.log(255) / 8)  # z where alpha is 1 / 255
_ZERO, _ONE, _MINUS_HALF, _STEP = np.float32(0), np.float32(1), np.float32(-0.5), np.float32(WIDTH)


@njit(cache=True, nogil=True, error_model="numpy")
def measure(
    mean: Floats, conic: Floats, opacity: Floats, edge: Floats, colour: Floats, depth: Floats, width: int, height: int
) -> tuple[Floats, Ints, bool]:
    """What drawing needs of every splat, and the bands it touches.

    Args:
        mean, conic, opacity, colour, depth: as `Splats2D`.
        edge: (N,) q where alpha is 1 / 255, 2 log(255 opacity); <= 0 for those that draw nothing.
        width, height: of the picture.

    Returns:
        shapes: (N · NUMBERS,), see there; not set for those that are not seen.
        bands: (N, 2), the first and the one after the last; equal for those that are not seen.
        finite: whether all numbers are.
    """
    count = len(opacity)
    shapes, bands = np.empty(count * NUMBERS, np.float32), np.zeros((count, 2), np.int32)
    odd = _ZERO
    for i in range(count):
        a, b, c = conic[i, 0], conic[i, 1], conic[i, 2]
        x, y = mean[i, 0], mean[i, 1]
        # What is not finite stays so in a sum, and gives no zero.
        odd += (x + y + a + b + c + opacity[i] + colour[i, 0] + colour[i, 1] + colour[i, 2] + depth[i]) * _ZERO
        area = np.float32(np.float64(a) * c - np.float64(b) * b)
        if not (edge[i] > 0 and area > 0 and 0 < a < _FAR and c < _FAR):
            continue
        ratio = edge[i] / area
        width_2 = ratio * c  # half the box's width, squared
        reach = np.float32(math.sqrt(ratio * a))  # half its height
        beyond = max(-x, x - np.float32(width - 1), _ZERO)
        top, bottom = max(y - reach, _ZERO), min(y + reach, np.float32(height - 1))
        if not (beyond * beyond <= width_2 and top <= bottom and width_2 < _FAR * _FAR and reach < _FAR):
            continue
        at = i * NUMBERS
        shapes[at], shapes[at + 1] = x, y
        sixteenth = np.float32(-1 / 16)
        shapes[at + 2], shapes[at + 3], shapes[at + 4] = sixteenth * a, sixteenth * (b + b), sixteenth * c
        shapes[at + 5] = edge[i] / np.float32(16) + _FAINT
        shapes[at + 6], shapes[at + 7], shapes[at + 8] = colour[i, 0], colour[i, 1], colour[i, 2]
        inverse = _ONE / a
        # A little wider, so that rounding loses no pixel.
        shapes[at + 9], shapes[at + 10] = np.float32(math.sqrt(edge[i] * inverse)) + np.float32(1e-3), b * inverse
        shapes[at + 11] = reach
        shapes[at + 12] = min(opacity[i], OPAQUE)
        bands[i, 0], bands[i, 1] = int(top) // BAND, int(bottom) // BAND + 1
    return shapes, bands, odd == 0


@njit(cache=True, nogil=True, error_model="numpy")
def order_by_depth(depth: Floats, bands: Ints) -> Ints:
    """Numbers of the splats that are seen, smallest depth first; equal ones as they stand. Radix sort by 11 bits three times."""
    keys = np.empty(len(depth), np.uint32)
    bits = depth.view(np.uint32)
    order = np.empty(len(depth), np.int32)
    count = 0
    places = np.zeros((3, 2048), np.int32)
    for i in range(len(depth)):
        if bands[i, 0] < bands[i, 1]:
            # As unsigned integers, floats sort by size if the sign is turned round, and negative ones wholly.
            key = bits[i] ^ (np.uint32(0xFFFFFFFF) if bits[i] >> np.uint32(31) else np.uint32(0x80000000))
            keys[i] = key
            order[count] = i
            count += 1
            for digit in range(3):
                places[digit, key >> np.uint32(11 * digit) & np.uint32(2047)] += 1
    order = order[:count]
    other = np.empty(count, np.int32)
    for digit in range(3):
        before = 0
        for value in range(2048):
            here = places[digit, value]
            places[digit, value] = before
            before += here
        for k in range(count):
            i = order[k]
            value = keys[i] >> np.uint32(11 * digit) & np.uint32(2047)
            other[places[digit, value]] = i
            places[digit, value] += 1
        order, other = other, order
    return order


@njit(cache=True, nogil=True, error_model="numpy")
def sort_into_bands(bands: Ints, order: Ints, height: int) -> tuple[Longs, Ints]:
    """The entries of each band.

    Returns:
        start: (bands + 1,) where each band's entries begin.
        entries: (E,) numbers of the splats, band after band, nearest first in each.
    """
    start = np.zeros((height + BAND - 1) // BAND + 1, np.int64)
    for i in range(len(bands)):
        for band in range(bands[i, 0], bands[i, 1]):
            start[band + 1] += 1
    for band in range(1, len(start)):
        start[band] += start[band - 1]
    free = start[:-1].copy()
    entries = np.empty(start[-1], np.int32)
    for k in range(len(order)):
        i = order[k]
        for band in range(bands[i, 0], bands[i, 1]):
            entries[free[band]] = i
            free[band] += 1
    return start, entries


@njit(nogil=True, inline="always")
def _stride(width):  # noqa: ANN001
    """Numbers of a row of a plane: whole steps, and one more for the last to run over."""
    return (width + WIDTH - 1) // WIDTH * WIDTH + WIDTH


@njit(nogil=True, error_model="numpy", fastmath=True, inline="always")
def _place(shapes, at, upper, rows, stride, spans):  # noqa: ANN001
    """Where an entry lies in its band.

    Args:
        shapes, at: its numbers.
        upper, rows: the band's first row in the picture, and how many it has.
        stride: of the planes.
        spans: filled for each of its rows, (5 · BAND,): the first pixel; from its centre to the mean, dx; dy; z's part that grows with dx, and
            that which does not.

    Returns:
        top: its first row in the band.
        count: of its rows.
        pixels: that it gets in each row, from the first on.
    """
    mx, my, half, reach = shapes[at], shapes[at + 1], shapes[at + 9], shapes[at + 11]
    top = np.int64(max(my - reach, np.float32(upper)) + _ALMOST_ONE)
    count = np.int64(min(my + reach, np.float32(upper + rows - 1))) + 1 - top
    pixels = min((np.int64(half + half) + WIDTH) // WIDTH * WIDTH, stride - WIDTH)
    for row in range(0, count, WIDTH):
        dy = ramp() + (np.float32(top + row) - my)
        left = truncate(
            clamp(dy * -shapes[at + 10] + (mx - half), _ZERO, np.float32(stride - pixels - 1)) + _ALMOST_ONE
        )
        store(spans, row, left)
        store(spans, row + BAND, left - mx)
        store(spans, row + 2 * BAND, dy)
        store(spans, row + 3 * BAND, dy * shapes[at + 3])
        store(spans, row + 4 * BAND, dy * dy * shapes[at + 4] + shapes[at + 5])
    return top - upper, count, pixels


@njit(nogil=True, error_model="numpy", fastmath=True, inline="always")
def _alpha(z):  # noqa: ANN001
    """exp(8 z) for log(1 / 255) <= 8 z <= 0, else 0; to 2e-5 of it: the eighth power of the polynomial of degree 4 with the least relative error."""
    p = z * np.float32(0.02930796) + np.float32(0.15936001)
    p = ((p * z + np.float32(0.49815323)) * z + np.float32(0.99983075)) * z + np.float32(0.9999974)
    p = p * p
    p = p * p
    return where_at_least(z, _FAINT, p * p)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def draw(
    shapes: Floats,
    start: Longs,
    entries: Ints,
    background: Floats,
    image: Floats,
    transmittance: Floats,
    width: int,
    height: int,
    part: int,
    parts: int,
) -> None:
    """Draws the bands `part`, `part + parts` …

    Args:
        shapes, start, entries: of `measure` and `sort_into_bands`.
        background: (H · W · 3,), or (0,) for none.
        image, transmittance: (H · W · 3,) and (H · W,), filled.
        width, height: of the picture.
        part, parts: this thread's number and how many there are.
    """
    stride = _stride(width)
    red, green, blue, through = 0, BAND * stride, 2 * BAND * stride, 3 * BAND * stride
    last = len(entries) - 1
    planes = np.empty(4 * BAND * stride, np.float32)
    spans = np.empty(5 * BAND, np.float32)
    step = ramp()
    whole = width - width % WIDTH
    for band in range(part, len(start) - 1, parts):
        upper = band * BAND
        rows = min(BAND, height - upper)
        planes[:through] = 0
        planes[through:] = 1
        for entry in range(start[band], start[band + 1]):
            at = np.int64(entries[entry]) * NUMBERS
            fetch_early(shapes, np.int64(entries[min(entry + _AHEAD, last)]) * NUMBERS)
            a, r, g, b = shapes[at + 2], shapes[at + 6], shapes[at + 7], shapes[at + 8]
            top, count, pixels = _place(shapes, at, upper, rows, stride, spans)
            for row in range(count):
                dx = step + spans[row + BAND]
                linear, constant = spans[row + 3 * BAND], spans[row + 4 * BAND]
                first = (top + row) * stride + np.int64(spans[row])
                for p in range(first, first + pixels, WIDTH):
                    alpha = _alpha((dx * a + linear) * dx + constant)
                    seen = load(planes, p + through)
                    weight = alpha * seen
                    store(planes, p + through, seen - weight)
                    store(planes, p + red, load(planes, p + red) + weight * r)
                    store(planes, p + green, load(planes, p + green) + weight * g)
                    store(planes, p + blue, load(planes, p + blue) + weight * b)
                    dx = dx + _STEP
        for row in range(rows):
            to, p = (upper + row) * width, row * stride
            if len(background):
                for x in range(whole, width):
                    for channel in range(3):
                        planes[p + x + channel * green] += planes[p + x + through] * background[3 * (to + x) + channel]
            for x in range(0, whole, WIDTH):
                seen = load(planes, p + x + through)
                r_, g_, b_ = load(planes, p + x + red), load(planes, p + x + green), load(planes, p + x + blue)
                if len(background):
                    behind = load_rgb(background, 3 * (to + x))
                    r_, g_, b_ = r_ + seen * behind[0], g_ + seen * behind[1], b_ + seen * behind[2]
                store_rgb(image, 3 * (to + x), r_, g_, b_)
                store(transmittance, to + x, seen)
            for x in range(whole, width):
                image[3 * (to + x)] = planes[p + x + red]
                image[3 * (to + x) + 1] = planes[p + x + green]
                image[3 * (to + x) + 2] = planes[p + x + blue]
                transmittance[to + x] = planes[p + x + through]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def differentiate(
    shapes: Floats,
    start: Longs,
    entries: Ints,
    image: Floats,
    transmittance: Floats,
    d_image: Floats,
    d_transmittance: Floats,
    sums: Floats,
    width: int,
    height: int,
    part: int,
    parts: int,
) -> None:
    """Gradients of every entry of the bands `part`, `part + parts` …

    Front to back, as the picture was drawn: with v the gradient of a pixel, T what is seen through the splats before, and S what the
    splats behind and the background add to the loss, dL/dalpha = T (v · colour) - S / (1 - alpha). S begins as v · image + dT · T and
    loses each splat's part in turn.

    Args:
        shapes, start, entries: of `measure` and `sort_into_bands`.
        image, transmittance: what `draw` gave.
        d_image, d_transmittance: the loss's gradients, (H · W · 3,) and (H · W,), or (0,) for none.
        sums: (E · NUMBERS,), filled: with k = dL/dlog(alpha), the sums over an entry's pixels of k dx, k dy, k dx², k dx dy, k dy², the three
            colours' gradients, and of k.
        width, height: of the picture.
        part, parts: as `draw`.
    """
    stride = _stride(width)
    red, green, blue = 0, BAND * stride, 2 * BAND * stride
    behind, through = 3 * BAND * stride, 4 * BAND * stride
    last = len(entries) - 1
    planes = np.zeros(5 * BAND * stride, np.float32)
    spans = np.empty(5 * BAND, np.float32)
    step, nothing, one = ramp(), spread(_ZERO), spread(_ONE)
    whole = width - width % WIDTH
    for band in range(part, len(start) - 1, parts):
        upper = band * BAND
        rows = min(BAND, height - upper)
        planes[through:] = 1
        for row in range(rows):
            to, p = (upper + row) * width, row * stride
            for x in range(0, whole, WIDTH):
                v, drawn = load_rgb(d_image, 3 * (to + x)), load_rgb(image, 3 * (to + x))
                store(planes, p + x + red, v[0])
                store(planes, p + x + green, v[1])
                store(planes, p + x + blue, v[2])
                store(planes, p + x + behind, v[0] * drawn[0] + v[1] * drawn[1] + v[2] * drawn[2])
            for x in range(whole, width):
                planes[p + x + behind] = 0
                for channel in range(3):
                    pixel = 3 * (to + x) + channel
                    planes[p + x + channel * green] = d_image[pixel]
                    planes[p + x + behind] += d_image[pixel] * image[pixel]
            if len(d_transmittance):
                for x in range(width):
                    planes[p + x + behind] += d_transmittance[to + x] * transmittance[to + x]
        for entry in range(start[band], start[band + 1]):
            at = np.int64(entries[entry]) * NUMBERS
            fetch_early(shapes, np.int64(entries[min(entry + _AHEAD, last)]) * NUMBERS)
            a, r, g, b = shapes[at + 2], shapes[at + 6], shapes[at + 7], shapes[at + 8]
            top, count, pixels = _place(shapes, at, upper, rows, stride, spans)
            d_r, d_g, d_b = nothing, nothing, nothing
            k, k_x, k_y, k_xx, k_xy, k_yy = nothing, nothing, nothing, nothing, nothing, nothing
            for row in range(count):
                dx, dy = step + spans[row + BAND], spans[row + 2 * BAND]
                linear, constant = spans[row + 3 * BAND], spans[row + 4 * BAND]
                first = (top + row) * stride + np.int64(spans[row])
                here, here_x = nothing, nothing
                for p in range(first, first + pixels, WIDTH):
                    alpha = _alpha((dx * a + linear) * dx + constant)
                    seen = load(planes, p + through)
                    weight = alpha * seen
                    store(planes, p + through, seen - weight)
                    v0, v1, v2 = load(planes, p + red), load(planes, p + green), load(planes, p + blue)
                    pull = v0 * r + v1 * g + v2 * b
                    rest = load(planes, p + behind) - weight * pull
                    store(planes, p + behind, rest)
                    d_r = d_r + weight * v0
                    d_g = d_g + weight * v1
                    d_b = d_b + weight * v2
                    d_log = weight * pull - alpha * rest / (one - alpha)
                    here = here + d_log
                    here_x = here_x + d_log * dx
                    k_xx = k_xx + d_log * dx * dx
                    dx = dx + _STEP
                k = k + here
                k_x = k_x + here_x
                k_y = k_y + here * dy
                k_xy = k_xy + here_x * dy
                k_yy = k_yy + here * (dy * dy)
            store(sums, entry * NUMBERS, totals(k_x, k_y, k_xx, k_xy, k_yy, d_r, d_g, d_b))
            sums[entry * NUMBERS + 8] = total(k)


@njit(cache=True, nogil=True, error_model="numpy")
def add_up(sums: Floats, entries: Ints, conic: Floats, opacity: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The gradients (N, 2), (N, 3), (N,), (N, 3) of mean, conic, opacity and colour, from the entries' sums, added in their order."""
    count = len(opacity)
    whole = np.zeros(count * NUMBERS, np.float32)
    for entry in range(len(entries)):
        to = np.int64(entries[entry]) * NUMBERS
        for part in range(0, 9, WIDTH):
            store(whole, to + part, load(whole, to + part) + load(sums, entry * NUMBERS + part))
    d_mean, d_conic = np.empty((count, 2), np.float32), np.empty((count, 3), np.float32)
    d_opacity, d_colour = np.empty(count, np.float32), np.empty((count, 3), np.float32)
    for i in range(count):
        at = i * NUMBERS
        x, y = whole[at], whole[at + 1]
        d_mean[i, 0] = conic[i, 0] * x + conic[i, 1] * y
        d_mean[i, 1] = conic[i, 1] * x + conic[i, 2] * y
        d_conic[i, 0], d_conic[i, 1], d_conic[i, 2] = (
            _MINUS_HALF * whole[at + 2],
            -whole[at + 3],
            _MINUS_HALF * whole[at + 4],
        )
        d_colour[i, 0], d_colour[i, 1], d_colour[i, 2] = whole[at + 5], whole[at + 6], whole[at + 7]
        d_opacity[i] = whole[at + 8] / min(opacity[i], OPAQUE) if whole[at + 8] != 0 else _ZERO
        if opacity[i] > OPAQUE:
            d_opacity[i] = max(d_opacity[i], _ZERO)
    return d_mean, d_conic, d_opacity, d_colour
