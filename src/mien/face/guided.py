"""The guided filter: a coarse mask takes on the edges of the picture.

Source: He, Sun, Tang, "Guided Image Filtering" (2013), with a colour guide; He, Sun, "Fast Guided Filter" (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.types import Image, Matte

Plane = NDArray[np.float32]


def guided_filter(image: Image, mask: Matte, radius: float, epsilon: float, side: int = 512) -> Matte:
    """Refines `mask` along the colours of `image`.

    Args:
        image: uint8 RGB (H, W, 3), the guide.
        mask: float32 (h, w), any resolution.
        radius: of the window within which the mask is a linear function of colour, pixels of `image`.
        epsilon: colour variance (of colours in [0, 1]) below which an area counts as flat.
        side: the linear functions are worked out with the longer side shrunk to this.

    Returns:
        float32 (H, W), not clipped.
    """
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    guide = _resized(image, size, cv2.INTER_AREA) * np.float32(1 / 255)
    target = _resized(mask, size, cv2.INTER_LINEAR)
    slopes, offset = _linear_functions(guide, target, max(1, round(radius * scale)), epsilon)
    slopes = _resized(slopes, (width, height), cv2.INTER_LINEAR)
    offset = _resized(offset, (width, height), cv2.INTER_LINEAR)
    return np.einsum("hwc,hwc->hw", slopes, image, dtype=np.float32, casting="unsafe") / 255 + offset


def _resized(values: NDArray[Any], size: tuple[int, int], interpolation: int) -> Plane:
    return np.asarray(cv2.resize(values, size, interpolation=interpolation), np.float32)


def _linear_functions(guide: Plane, target: Plane, radius: int, epsilon: float) -> tuple[Plane, Plane]:
    """Per pixel the mean slope (h, w, 3) and offset (h, w) of the windows that hold it."""

    def mean(values: NDArray[np.floating]) -> Plane:
        window = 2 * radius + 1, 2 * radius + 1
        return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REFLECT_101), np.float32)

    mean_guide, mean_target = mean(guide), mean(target)
    covariance = mean(guide * target[..., None]) - mean_guide * mean_target[..., None]
    variance = [
        mean(guide[..., i] * guide[..., j]) - mean_guide[..., i] * mean_guide[..., j] + np.float32(epsilon * (i == j))
        for i, j in _PAIRS
    ]
    slopes = _solve(variance, covariance)
    offset = mean_target - np.einsum("hwc,hwc->hw", slopes, mean_guide)
    return mean(slopes), mean(offset)


_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def _solve(variance: Sequence[NDArray[np.floating]], right: NDArray[np.floating]) -> Plane:
    """Solves the symmetric 3 × 3 system of each pixel by its adjugate."""
    rr, rg, rb, gg, gb, bb = variance
    adjugate = {
        (0, 0): gg * bb - gb * gb,
        (0, 1): gb * rb - rg * bb,
        (0, 2): rg * gb - gg * rb,
        (1, 1): rr * bb - rb * rb,
        (1, 2): rb * rg - rr * gb,
        (2, 2): rr * gg - rg * rg,
    }
    determinant = rr * adjugate[0, 0] + rg * adjugate[0, 1] + rb * adjugate[0, 2]
    rows = [
        sum((adjugate[min(i, j), max(i, j)] * right[..., j] for j in range(3)), start=np.float32(0)) for i in range(3)
    ]
    return np.asarray(np.stack(rows, axis=-1) / determinant[..., None], np.float32)
