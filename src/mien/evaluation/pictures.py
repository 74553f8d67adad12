"""How near one picture is to another, how sharp it is, and how much it trembles between its neighbours.

All of them take uint8 RGB of the same size and look at the gamma-encoded values as they are stored, 0 … 255.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.types import Image

Mask = NDArray[np.bool_]
"""bool (H, W): the pixels that count."""

Plane = NDArray[np.float32]
"""float32 (H, W)."""

_PEAK = 255.0
_WINDOW, _SIGMA = 11, 1.5
_MARGIN = _WINDOW // 2
_C1, _C2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2


def psnr(a: Image, b: Image, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio over all three channels, dB; `inf` where nothing differs, NaN where the mask is empty.

    Raises:
        UsageError: the sizes differ.
    """
    _check(a, b, mask)
    if mask is None:
        count, total = a.shape[0] * a.shape[1], round(cv2.norm(a, b, cv2.NORM_L2SQR))
    else:
        count, total = int(mask.sum()), round(cv2.norm(a, b, cv2.NORM_L2SQR, mask.view(np.uint8)))
    if not count:
        return math.nan
    error = total / (3 * count)
    return 10 * math.log10(_PEAK**2 / error) if error else math.inf


def ssim(a: Image, b: Image, mask: Mask | None = None) -> float:
    """Structural similarity of the luma, at most 1: the mean of `ssim_map`; NaN where no window counts.

    Only windows that lie wholly inside the picture count, and with a mask those whose centre is in it.

    Raises:
        UsageError: the sizes differ.
    """
    _check(a, b, mask)
    return mean_ssim(ssim_map(a, b), mask)


def mean_ssim(similarity: Plane, mask: Mask | None = None) -> float:
    """What `ssim` makes of a map, for several masks."""
    inner = slice(_MARGIN, -_MARGIN)
    whole = similarity[inner, inner]
    chosen = whole if mask is None else whole[mask[inner, inner]]
    return float(chosen.mean(dtype=np.float64)) if chosen.size else math.nan


def ssim_map(a: Image, b: Image) -> Plane:
    """Structural similarity around each pixel, (H, W): a Gaussian window of 11 × 11 pixels, σ 1.5, on the luma.

    Raises:
        UsageError: the sizes differ.

    Source: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004),
        with its K1 = 0.01 and K2 = 0.03, without its optional downsampling.
    """
    _check(a, b, None)
    similarity = np.ones(a.shape[:2], np.float32)
    left, top, width, height = cv2.boundingRect(cv2.absdiff(a, b).reshape(len(a), -1))
    if width:
        # Half a window further every window is the same in both; another half keeps the cut's edges out of those that are not.
        rows = slice(max(0, top - 2 * _MARGIN), top + height + 2 * _MARGIN)
        columns = slice(max(0, left // 3 - 2 * _MARGIN), (left + width - 1) // 3 + 1 + 2 * _MARGIN)
        similarity[rows, columns] = _similarity(luma(a[rows, columns]), luma(b[rows, columns]))
    return similarity


def _similarity(x: Plane, y: Plane) -> Plane:
    mean_x, mean_y = _blurred(x), _blurred(y)
    square_x, square_y, product = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    variance_x, variance_y = _blurred(x * x) - square_x, _blurred(y * y) - square_y
    covariance = _blurred(x * y) - product
    brightness = (2 * product + _C1) / (square_x + square_y + _C1)
    return np.asarray(brightness * (2 * covariance + _C2) / (variance_x + variance_y + _C2), np.float32)


def sharpness(image: Image, mask: Mask | None = None) -> float:
    """Variance of the luma's Laplacian, grey levels squared: high where there are fine edges, and where there is noise.

    Source: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000).
    """
    _check(image, image, mask)
    chosen, area = _around(mask, image.shape)
    if not area.size:
        return math.nan
    _, spread = cv2.meanStdDev(cv2.Laplacian(luma(image[chosen]), cv2.CV_32F), mask=area)
    return float(spread.item()) ** 2


def flicker(before: Image, now: Image, after: Image, mask: Mask | None = None) -> float:
    """Mean absolute second difference of three consecutive frames, grey levels: what moves evenly gives little, what jumps to
    and fro gives much. Motion gives some as well, so it only means something beside that of the real video.

    Raises:
        UsageError: the sizes differ.
    """
    _check(before, now, mask)
    _check(now, after, mask)
    chosen, area = _around(mask, now.shape)
    if not area.size:
        return math.nan
    past, present, future = (image[chosen] for image in (before, now, after))
    ends, middle = (cv2.add(one, other, dtype=cv2.CV_16S) for one, other in ((past, future), (present, present)))
    return float(np.mean(cv2.mean(cv2.absdiff(ends, middle), area)[:3]))


def luma(image: Image) -> Plane:
    """0.299 R + 0.587 G + 0.114 B (BT.601), 0 … 255, not rounded."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2GRAY), np.float32)


def _around(mask: Mask | None, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], NDArray[np.uint8]]:
    """The part of a picture that a mask's pixels and their neighbours lie in, and there the mask, 0 or 1; nothing if it is empty."""
    if mask is None:
        return (slice(None), slice(None)), np.ones(shape[:2], np.uint8)
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    if not width:
        return (slice(0), slice(0)), np.zeros((0, 0), np.uint8)
    part = slice(max(0, top - 1), top + height + 1), slice(max(0, left - 1), left + width + 1)
    return part, mask[part].view(np.uint8)


def _blurred(plane: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (_WINDOW, _WINDOW), _SIGMA), np.float32)


def _check(a: Image, b: Image, mask: Mask | None) -> None:
    if a.shape != b.shape or a.ndim != 3 or a.dtype != np.uint8 or b.dtype != np.uint8:
        raise UsageError(
            f"Pictures of the shapes {a.shape} ({a.dtype}) and {b.shape} ({b.dtype}) cannot be compared.",
            hint="Give uint8 RGB of the same size.",
        )
    if mask is not None and (mask.shape != a.shape[:2] or mask.dtype != np.bool_):
        raise UsageError(
            f"A mask of the shape {mask.shape} ({mask.dtype}) does not fit a picture of the shape {a.shape}.",
            hint="Give bool (H, W).",
        )
