"""How far a drawn face is from the real one, with the gradient: absolute difference, and structural dissimilarity of the brightness."""

from __future__ import annotations

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_SIDE = 7
"""pixels; of the box in which structure is compared."""
_C1, _C2 = 0.01**2, 0.03**2
"""Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004), for colours 0 … 1."""
_SOFT = 0.01
"""Differences below this count squared, so that what is left in the end is small everywhere."""
_DISSIMILARITY = 0.2


def loss(drawn: Floats, real: Floats, weight: Floats) -> tuple[float, Floats]:
    """The weighted mean over pixels and colours.

    Args:
        drawn: (H, W, 3), about 0 … 1.
        real: (H, W, 3).
        weight: (H, W), 0 or more, not all 0.

    Returns:
        The loss, and its gradient for `drawn` (H, W, 3); all in the type of `drawn`.
    """
    each = weight / weight.sum()
    brightness, brightness_real = _brightness(drawn), _brightness(real)
    dissimilar, d_mean, d_square, d_product = _dissimilarity(
        _box(brightness),
        _box(brightness_real),
        _box(brightness * brightness),
        _box(brightness_real * brightness_real),
        _box(brightness * brightness_real),
        each,
    )
    slope = _box(d_mean) + 2 * brightness * _box(d_square) + brightness_real * _box(d_product)
    absolute, gradient = _difference(drawn, real, each, slope)
    return float(absolute + _DISSIMILARITY * dissimilar), gradient


def _box(image: Floats) -> Floats:
    """Mean over boxes; zeros lie outside, so that the filter is its own transpose."""
    return np.asarray(cv2.boxFilter(image, -1, (_SIDE, _SIDE), borderType=cv2.BORDER_CONSTANT), image.dtype)


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _brightness(image: Floats) -> Floats:
    height, width, _ = image.shape
    result = np.empty((height, width), image.dtype)
    for y in range(height):
        for x in range(width):
            result[y, x] = LUMA[0] * image[y, x, 0] + LUMA[1] * image[y, x, 1] + LUMA[2] * image[y, x, 2]
    return result


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _dissimilarity(
    mean: Floats, mean_real: Floats, square: Floats, square_real: Floats, product: Floats, each: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """The weighted sum of (1 - SSIM) / 2, and its gradients for the means over boxes of drawn, drawn² and drawn · real."""
    height, width = mean.shape
    d_mean, d_square, d_product = np.empty_like(mean), np.empty_like(mean), np.empty_like(mean)
    total = 0.0
    for y in range(height):
        for x in range(width):
            m, n = mean[y, x], mean_real[y, x]
            a1 = 2 * m * n + _C1
            a2 = 2 * (product[y, x] - m * n) + _C2
            b1 = m * m + n * n + _C1
            b2 = square[y, x] - m * m + square_real[y, x] - n * n + _C2
            below = 1 / (b1 * b2)
            similar = a1 * a2 * below
            total += (1 - similar) * each[y, x]
            outer = -0.5 * each[y, x]
            d_product[y, x] = outer * 2 * a1 * below
            d_square[y, x] = -outer * similar / b2
            d_mean[y, x] = outer * (2 * n * (a2 - a1) * below - 2 * m * similar * (1 / b1 - 1 / b2))
    return total / 2, d_mean, d_square, d_product


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _difference(drawn: Floats, real: Floats, each: Floats, slope: Floats) -> tuple[float, Floats]:
    """The weighted sum of differences; its gradient and that of the brightness, `slope`, together."""
    height, width, _ = drawn.shape
    gradient = np.empty_like(drawn)
    total = 0.0
    for y in range(height):
        for x in range(width):
            share = each[y, x] / 3
            structural = _DISSIMILARITY * slope[y, x]
            for c in range(3):
                error = drawn[y, x, c] - real[y, x, c]
                size = abs(error)
                if size < _SOFT:
                    total += share * error * error * (0.5 / _SOFT)
                    pull = error * (1 / _SOFT)
                else:
                    total += share * (size - 0.5 * _SOFT)
                    pull = 1.0 if error > 0 else -1.0
                gradient[y, x, c] = pull * share + structural * LUMA[c]
    return total, gradient
