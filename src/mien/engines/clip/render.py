"""Draws a mouth of the library into a frame of the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mien.engines.clip.draw import blend, spread
from mien.engines.clip.patch import FloatArray, Patch, Pose
from mien.types import Image

_TONE_SCALE = 4
"""Colours are compared in pictures that are so much smaller: pores and pixels' noise do not count."""
_STILL_PX = 0.02
"""What moves less stays as it is."""
_MARGIN = 3
"""pixels around what is drawn, for the interpolation."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The head in one picture.

    Args:
        pose: of the head.
        mouth: float32 (K,), coefficients of the mouth that is seen there.
        vertices: float32 (V, 2), where the patch is seen.
    """

    pose: Pose
    mouth: FloatArray
    vertices: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A mouth of the person.

    Args:
        image: uint8 RGB (h, w, 3).
        vertices: float32 (V, 2), where the patch is in it.
        tone: float32 (V, 3), the colours there, as `tones` sees them.
    """

    image: Image
    vertices: FloatArray
    tone: FloatArray


def tones(image: Image, vertices: FloatArray) -> FloatArray:
    """The colours around the vertices (V, 2) of a picture, float32 (V, 3), 0 … 255."""
    left, top, right, bottom = _box(vertices, image.shape, _TONE_SCALE)
    cut = image[top:bottom, left:right]
    size = ((right - left) // _TONE_SCALE, (bottom - top) // _TONE_SCALE)
    small = cv2.blur(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), (3, 3))
    at = ((vertices - (left, top) + 0.5) / _TONE_SCALE - 0.5).astype(np.float32)
    found = cv2.remap(small, at[None, :, 0], at[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found[0].astype(np.float32)


def draw(
    patch: Patch, frame: Image, place: Place, mouth: FloatArray, examples: Sequence[tuple[Example, float]]
) -> Image:
    """A frame in which the mouth is another one.

    Args:
        patch: of the person.
        frame: uint8 RGB (H, W, 3).
        place: the head in it.
        mouth: float32 (K,), coefficients of the mouth that shall be seen.
        examples: what it is made of, each with its share, the one that shall be sharp first; the shares sum to 1.

    Returns:
        A fresh picture of the same size.
    """
    wanted = patch.wanted(place.vertices, place.pose, place.mouth, mouth)
    result = frame.copy()
    _move(patch, result, frame, place.vertices, wanted)
    left, top, right, bottom = _box(wanted[patch.shown > 0], frame.shape)
    lighter = tones(frame, place.vertices)
    for example, share in examples:
        lighter -= share * example.tone
    sources = [example.vertices for example, _ in examples]
    values = np.concatenate([patch.shown[:, None], patch.tone @ lighter, *sources], axis=1, dtype=np.float32)
    planes = np.zeros((values.shape[1], bottom - top, right - left), np.float32)
    spread(planes, patch.shown_triangles, wanted - np.array([left, top], np.float32), values)
    drawn = _sampled(examples[0][0].image, planes[4], planes[5], cv2.INTER_CUBIC)
    total = examples[0][1]
    for number, (example, share) in enumerate(examples[1:], 1):
        total += share
        other = _sampled(example.image, planes[4 + 2 * number], planes[5 + 2 * number], cv2.INTER_LINEAR)
        drawn = cv2.addWeighted(drawn, 1 - share / total, other, share / total, 0)
    blend(result[top:bottom, left:right], np.asarray(drawn, np.uint8), planes)
    return result


def _move(patch: Patch, out: Image, frame: Image, places: FloatArray, wanted: FloatArray) -> None:
    """Draws a frame's own skin where its vertices shall be."""
    moves = np.abs(wanted - places).max(axis=1) > _STILL_PX
    triangles = patch.triangles[moves[patch.triangles].any(axis=1)]
    if not len(triangles):
        return
    left, top, right, bottom = _box(wanted[np.unique(triangles)], frame.shape)
    corner = np.array([left, top], np.float32)
    planes = np.empty((2, bottom - top, right - left), np.float32)
    planes[0] = np.arange(right - left, dtype=np.float32)
    planes[1] = np.arange(bottom - top, dtype=np.float32)[:, None]
    spread(planes, triangles, wanted - corner, places - corner)
    cut = frame[top:bottom, left:right]
    moved = cv2.remap(cut, planes[0], planes[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out[top:bottom, left:right] = moved


def _sampled(image: Image, x: FloatArray, y: FloatArray, interpolation: int) -> Image:
    return cv2.remap(image, x, y, interpolation, borderMode=cv2.BORDER_REPLICATE)  # pyright: ignore[reportReturnType]


def _box(points: FloatArray, shape: tuple[int, ...], multiple: int = 1) -> tuple[int, int, int, int]:
    """left, top, right, bottom around points, inside a picture; sides are multiples of `multiple`."""
    low = np.clip(np.floor(points.min(axis=0)).astype(int) - _MARGIN, 0, None)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + _MARGIN + 1, (shape[1], shape[0]))
    size = np.maximum((high - low) // multiple, 1) * multiple
    return int(low[0]), int(low[1]), int(low[0] + size[0]), int(low[1] + size[1])
