"""Puts drawn and filmed pixels together."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@numba.njit(cache=True, nogil=True, fastmath=True)
def composed(image: Floats, clear: Floats, behind: Floats, real: Floats, share: Floats) -> Floats:
    """real + share · (image + clear · behind - real), (H, W, 3)."""
    height, width = clear.shape
    result = np.empty_like(image)
    for y in range(height):
        for x in range(width):
            for c in range(3):
                drawn = image[y, x, c] + clear[y, x] * behind[c]
                result[y, x, c] = real[y, x, c] + share[y, x] * (drawn - real[y, x, c])
    return result


@numba.njit(cache=True, nogil=True, fastmath=True)
def apart(slope: Floats, behind: Floats, share: Floats) -> tuple[Floats, Floats]:
    """The gradients for `image` and `clear` of `composed`, from that of its result."""
    height, width = share.shape
    d_image, d_clear = np.empty_like(slope), np.empty_like(share)
    for y in range(height):
        for x in range(width):
            for c in range(3):
                d_image[y, x, c] = slope[y, x, c] * share[y, x]
            d_clear[y, x] = d_image[y, x, 0] * behind[0] + d_image[y, x, 1] * behind[1] + d_image[y, x, 2] * behind[2]
    return d_image, d_clear


@numba.njit(cache=True, nogil=True, fastmath=True)
def lay(image: NDArray[np.uint8], drawn: Floats, clear: Floats, share: Floats, left: int, top: int) -> None:
    """Lays a drawn window over a picture, in place."""
    height, width = share.shape
    for y in range(height):
        for x in range(width):
            if share[y, x] > 0:
                for c in range(3):
                    real = np.float32(image[top + y, left + x, c])
                    face = drawn[y, x, c] * np.float32(255) + clear[y, x] * real
                    value = real + share[y, x] * (face - real) + np.float32(0.5)
                    image[top + y, left + x, c] = np.uint8(min(max(value, np.float32(0)), np.float32(255)))
