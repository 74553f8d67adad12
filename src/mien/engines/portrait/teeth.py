"""Rows of teeth as small pictures in mouth coordinates: drawn from the average anatomy, or taken from the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.curves import smooth_curve
from mien.engines.portrait.scene import Grade
from mien.engines.portrait.tone import LUMA

FloatArray = NDArray[np.float32]

TEETH_PIXELS = 1.5
"""Pixels of a row's picture per pixel of the frame."""
MM = 1 / 88  # IOD: the outer eye corners are about 88 mm apart

UPPER_WIDTHS_MM = (8.4, 6.5, 7.0, 5.4, 4.2)
"""Apparent widths from the middle outwards: the arch turns away behind the canine."""
UPPER_EDGES_MM = (0.0, -0.7, -0.1, -1.1, -2.0)
"""Incisal edges against the central incisors', down positive."""
LOWER_WIDTHS_MM = (5.2, 5.7, 6.3, 5.2, 4.2)
LOWER_EDGES_MM = (0.0, 0.1, -0.3, 0.8, 1.4)


HIDDEN = 0.08
"""IOD above the picture's upper lip over which its teeth are continued."""
RIM = 0.012
"""IOD along the lips where their colour bleeds into the teeth."""


@dataclass(frozen=True, slots=True, eq=False)
class Teeth:
    """A picture of a row of teeth.

    Args:
        rgba: float32 (H, W, 4): RGB 0 … 255 and alpha 0 … 1.
        placing: float32 (3,): x, y (IOD) of its first pixel's centre, pixels per IOD.
    """

    rgba: FloatArray
    placing: FloatArray

    def graded(self, grade: Grade) -> Teeth:
        """As unsharp and as noisy as the picture that they are put into."""
        premultiplied = self.rgba.copy()
        premultiplied[..., :3] *= premultiplied[..., 3:]
        blurred = cv2.GaussianBlur(premultiplied, (0, 0), TEETH_PIXELS * grade.blur)
        blurred[..., :3] /= np.maximum(blurred[..., 3:], 1e-3)
        grain = np.random.default_rng(0).normal(0, 1, self.rgba.shape[:2]).astype(np.float32)
        grain = cv2.GaussianBlur(grain, (0, 0), TEETH_PIXELS * grade.blur)
        blurred[..., :3] += (grain * grade.noise / max(float(grain.std()), 1e-3))[..., None]
        return Teeth(np.ascontiguousarray(blurred, np.float32), self.placing)

    def colour(self) -> FloatArray:
        """Median RGB of what is well lit."""
        seen = self.rgba[..., :3][self.rgba[..., 3] > 0.8]
        return np.percentile(seen, 75, axis=0).astype(np.float32)

    def edge_at(self, x: float) -> float:
        """y of the lower edge near x, IOD."""
        middle = round((x - float(self.placing[0])) * float(self.placing[2]))
        reach = max(1, round(0.05 * float(self.placing[2])))
        part = self.rgba[:, max(0, middle - reach) : middle + reach + 1, 3] > 0.5
        rows = np.where(part.any(axis=0), len(part) - 1 - part[::-1].argmax(axis=0), 0)
        return float(self.placing[1] + np.median(rows) / self.placing[2])


def draw_teeth(
    edge: tuple[float, float], colour: FloatArray, pixels_per_iod: float, *, size: float = 1.0, lower: bool = False
) -> Teeth:
    """Draws a row of average teeth.

    Args:
        edge: x of the middle and y of the central incisors' edge, IOD.
        colour: RGB of a lit tooth.
        pixels_per_iod: resolution.
        size: against the average.
        lower: the lower row, whose edges point up.
    """
    widths, edges = (LOWER_WIDTHS_MM, LOWER_EDGES_MM) if lower else (UPPER_WIDTHS_MM, UPPER_EDGES_MM)
    unit = MM * size
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
        shade = np.maximum(shade, light)
        start += width
    round_off = 1 - 0.5 * np.clip(np.abs(grid_x) / half, 0, 1) ** 2
    gaps = np.clip(shade, 0.62, 1)
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
    corner = half * 0.3 * np.clip(across, 0, 1) ** 5  # rounded corners of the edge
    cover = np.clip((y - corner) / step + 0.5, 0, 1) * np.clip((1.04 - across) * half / step + 0.5, 0, 1)
    light = (1 - 0.2 * np.clip(across, 0, 1) ** 4 - np.clip(across - 1, 0, 1)) * (
        0.9 + 0.1 * np.clip(y / (3 * MM), 0, 1)
    )
    light *= 1 - 0.12 * np.clip((y - 6 * MM) / (5 * MM), 0, 1)
    return cover.astype(np.float32), light.astype(np.float32)


def photo_teeth(
    texture: NDArray[np.uint8], to_picture: FloatArray, upper: FloatArray, lower: FloatArray, pixels_per_iod: float
) -> Teeth | None:
    """The upper teeth that the picture itself shows between open lips.

    What the upper lip hides is continued upwards from its rim, as teeth hardly change in that direction.

    Args:
        texture: uint8 RGBA (H, W, 4).
        to_picture: (2, 3) mouth coordinates → pixels of the texture.
        upper, lower: (N, 2) the picture's inner lips in mouth coordinates, from left to right.
        pixels_per_iod: resolution of the result.

    Returns:
        None if no teeth show.
    """
    step = 1 / pixels_per_iod
    x = np.arange(upper[0, 0], upper[-1, 0], step, dtype=np.float32)
    y = np.arange(upper[:, 1].min() - HIDDEN, lower[:, 1].max(), step, dtype=np.float32)
    if len(x) < 8 or len(y) < 8:
        return None
    grid_x, grid_y = np.meshgrid(x, y)
    map_x = to_picture[0, 0] * grid_x + to_picture[0, 1] * grid_y + to_picture[0, 2]
    map_y = to_picture[1, 0] * grid_x + to_picture[1, 1] * grid_y + to_picture[1, 2]
    colours = cv2.remap(texture[..., :3], map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR)
    rgb = colours.astype(np.uint8)
    rim, floor = smooth_curve(upper, x), smooth_curve(lower, x)
    inside = (grid_y > rim + RIM) & (grid_y < floor - RIM)
    teeth = _tooth_pixels(rgb, inside)
    if teeth is None:
        return None
    top, bottom = _extent(teeth, y)
    bright = np.where(teeth, rgb.astype(np.int32).sum(axis=2), -1).argmax(axis=0)
    clear = np.maximum(top, _even(y[bright]))  # the rows above it have taken colour from the lip
    rows = np.clip(np.searchsorted(y, np.maximum(grid_y, clear)), 0, len(y) - 1)
    rgb = rgb[rows, np.arange(len(x))[None]].astype(np.float32)
    alpha = np.clip((bottom - grid_y) * pixels_per_iod / 1.5 + 0.5, 0, 1) * (bottom > top + RIM)
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 0.7)
    rgba = np.concatenate([rgb, alpha[..., None]], axis=2).astype(np.float32)
    return Teeth(np.ascontiguousarray(rgba), np.array([x[0], y[0], pixels_per_iod], np.float32))


def _tooth_pixels(rgb: NDArray[np.uint8], inside: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Where the opening shows teeth: brighter than the dark behind them and less red than lips, gums and tongue."""
    if inside.sum() < 60:
        return None
    colours = rgb.astype(np.float32)
    light = colours @ LUMA
    score = np.clip(light - 1.27 * np.maximum(colours[..., 0] - colours[..., 1], 0), 0, 255)
    threshold, _ = cv2.threshold(score[inside].astype(np.uint8).reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    bright = inside & (score > threshold)
    if bright.sum() < 0.15 * inside.sum() or float(np.median(light[bright])) < 90:
        return None
    rest = inside & ~bright
    if rest.any() and float(np.median(score[bright]) - np.median(score[rest])) < 30:
        return inside  # one thing fills the opening
    return bright


def _extent(teeth: NDArray[np.bool_], y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """y of the upper and the lower end of the topmost teeth in each column; both alike where there are none."""
    rows = np.arange(len(y))[:, None]
    first = teeth.argmax(axis=0)
    below = ~teeth & (rows > first)
    last = np.where(below.any(axis=0), below.argmax(axis=0), len(y) - 1)
    last = np.where(teeth.any(axis=0), last, first)
    margin = np.minimum(1, (last - first) // 3)
    return _even(y[first + margin]), _even(y[last])


def _even(values: FloatArray) -> FloatArray:
    """Without single columns that stand out."""
    wide = max(3, len(values) // 24 | 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, wide, mode="edge"), 2 * wide + 1)
    return np.median(windows, axis=1).astype(np.float32)


def lay_over(front: Teeth, back: Teeth) -> Teeth:
    """One row of two; where `front` ends, `back` goes on."""
    scale = front.placing[2] / back.placing[2]
    offset = (front.placing[:2] - back.placing[:2]) * back.placing[2]
    move = np.array([[1 / scale, 0, offset[0]], [0, 1 / scale, offset[1]]], np.float32)
    size = (back.rgba.shape[1], back.rgba.shape[0])
    moved = cv2.warpAffine(front.rgba, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    cover = moved[..., 3:]
    alpha = np.maximum(cover, back.rgba[..., 3:])
    rgb = moved[..., :3] * cover + back.rgba[..., :3] * (1 - cover)
    return Teeth(np.concatenate([rgb, alpha], axis=2).astype(np.float32), back.placing)
