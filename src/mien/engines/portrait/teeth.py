"""Rows of teeth as small pictures in mouth coordinates: drawn from the average anatomy, or taken from the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

MM = 1 / 88  # IOD: the outer eye corners are about 88 mm apart

UPPER_WIDTHS_MM = (8.4, 6.5, 7.0, 5.4, 4.2)
"""Apparent widths from the middle outwards: the arch turns away behind the canine."""
UPPER_EDGES_MM = (0.0, -0.7, -0.1, -1.1, -2.0)
"""Incisal edges against the central incisors', down positive."""
LOWER_WIDTHS_MM = (5.2, 5.7, 6.3, 5.2, 4.2)
LOWER_EDGES_MM = (0.0, 0.1, -0.3, 0.8, 1.4)


@dataclass(frozen=True, slots=True, eq=False)
class Teeth:
    """A picture of a row of teeth.

    Args:
        rgba: float32 (H, W, 4): RGB 0 … 255 and alpha 0 … 1.
        placing: float32 (3,): x, y (IOD) of its first pixel's centre, pixels per IOD.
    """

    rgba: FloatArray
    placing: FloatArray


def draw_teeth(
    edge: tuple[float, float], colour: FloatArray, pixels_per_iod: float, *, lower: bool = False, scale: float = 1.0
) -> Teeth:
    """Draws a row of average teeth.

    Args:
        edge: x of the middle and y of the central incisors' edge, IOD.
        colour: RGB of a lit tooth.
        pixels_per_iod: resolution.
        lower: the lower row, whose edges point up.
        scale: size against the average.
    """
    widths, edges = (LOWER_WIDTHS_MM, LOWER_EDGES_MM) if lower else (UPPER_WIDTHS_MM, UPPER_EDGES_MM)
    unit = MM * scale
    half = sum(widths) * unit
    length = 11 * unit
    step = 1 / pixels_per_iod
    x = np.arange(-half - 2 * step, half + 2 * step, step, dtype=np.float32)
    y = np.arange(-3 * unit, length, step, dtype=np.float32)  # from beyond the edge to the gum
    grid_x, grid_y = np.meshgrid(x, y)
    shade = np.zeros_like(grid_x)
    alpha = np.zeros_like(grid_x)
    start = 0.0
    for width, rise in zip(widths, edges, strict=True):
        middle = (start + width / 2) * unit
        tooth, light = _tooth(
            np.abs(grid_x), grid_y - (-rise if not lower else rise) * unit, middle, width * unit, step
        )
        alpha = np.maximum(alpha, tooth)
        shade = np.maximum(shade, light * tooth)
        start += width
    round_off = 1 - 0.5 * np.clip(np.abs(grid_x) / half, 0, 1) ** 2
    gaps = 0.55 + 0.45 * shade / np.maximum(alpha, 1e-3)
    rgb = colour * (gaps * round_off)[..., None]
    rgba = np.concatenate([rgb, alpha[..., None]], axis=2).astype(np.float32)
    if lower:
        return Teeth(rgba, np.array([edge[0] + x[0], edge[1] + y[0], pixels_per_iod], np.float32))
    return Teeth(
        np.ascontiguousarray(rgba[::-1]), np.array([edge[0] + x[0], edge[1] - y[-1], pixels_per_iod], np.float32)
    )


def _tooth(x: FloatArray, y: FloatArray, middle: float, width: float, step: float) -> tuple[FloatArray, FloatArray]:
    """Coverage and light of one tooth whose edge lies at y = 0 and whose root goes to positive y."""
    half = width / 2
    taper = 1 - 0.1 * np.clip(y / (9 * MM), 0, 1)
    across = np.abs(x - middle) / (half * taper)
    corner = half * 0.35 * np.clip(across, 0, 1) ** 4  # rounded corners of the edge
    cover = np.clip((y - corner) / step + 0.5, 0, 1) * np.clip((1.02 - across) * half / step + 0.5, 0, 1)
    light = (1 - 0.35 * np.clip(across, 0, 1) ** 6) * (0.9 + 0.1 * np.clip(y / (3 * MM), 0, 1))
    light *= 1 - 0.12 * np.clip((y - 6 * MM) / (5 * MM), 0, 1)
    return cover.astype(np.float32), light.astype(np.float32)


def soften(teeth: Teeth, sigma_pixels: float) -> Teeth:
    """Blurs a row to the sharpness of the photo; sigma in pixels of the row's own picture."""
    if sigma_pixels < 0.2:
        return teeth
    premultiplied = teeth.rgba.copy()
    premultiplied[..., :3] *= premultiplied[..., 3:]
    blurred = cv2.GaussianBlur(premultiplied, (0, 0), sigma_pixels)
    blurred[..., :3] /= np.maximum(blurred[..., 3:], 1e-3)
    return Teeth(np.ascontiguousarray(blurred), teeth.placing)
