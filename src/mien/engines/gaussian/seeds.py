"""Where the Gaussians begin: dense where a real frame has detail, densest at the mouth, some of them behind the lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.model import CHANNELS, FaceModel, Pose
from mien.engines.gaussian.region import Region
from mien.face.topology import LIPS_OUTER
from mien.types import Image

Floats = NDArray[np.float32]

_BEHIND = 0.06
"""Of all Gaussians: teeth, tongue and the dark behind the lips."""
_MOUTH = 3.0
"""How much denser the Gaussians lie on and around the lips."""
_DETAIL = 8.0
"""How much denser where the picture's Laplacian is strong."""
_WIDTH = 0.7
"""Standard deviation of a Gaussian by the distance to its neighbours."""
_FLATNESS = 0.3
"""Thickness of a Gaussian by its width."""
_SKIN_OPACITY, _TEETH_OPACITY = 0.9, 0.8
_DARK = np.array([0.16, 0.06, 0.06], np.float32)
_CHIN, _NOSE = 152, 2


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """A model before it has learnt anything.

    Args:
        model: see there.
        freedom: (N, 7), how freely each channel's answer to the expression is learnt; 0: it stays as it is.
    """

    model: FaceModel
    freedom: Floats


def sow(region: Region, neutral: Image, pose: Pose, coefficients: Floats, mask: Floats, count: int, seed: int) -> Seeds:
    """Sets Gaussians on the drawn part of a face.

    Args:
        region: of the person.
        neutral: a frame whose mouth is about at rest, uint8 RGB.
        pose: of the head in it.
        coefficients: (K,), its expression.
        mask: (H, W), what is drawn of it, 0 … 1.
        count: Gaussians in all.
        seed: of the random places.
    """
    random = np.random.default_rng(seed)
    behind = round(_BEHIND * count)
    skin, skin_freedom = _skin(region, neutral, pose, coefficients, mask, count - behind, random)
    mouth, mouth_freedom = _behind_lips(region, behind, random)
    model = FaceModel(
        np.concatenate([skin.linear, mouth.linear]),
        np.concatenate([skin.log_scale, mouth.log_scale]),
        np.concatenate([skin.quaternion, mouth.quaternion]),
        np.concatenate([skin.torso, mouth.torso]),
    )
    return Seeds(model, np.concatenate([skin_freedom, mouth_freedom]))


def _skin(
    region: Region,
    neutral: Image,
    pose: Pose,
    coefficients: Floats,
    mask: Floats,
    count: int,
    random: np.random.Generator,
) -> tuple[FaceModel, Floats]:
    seen = (region.vertices + np.tensordot(coefficients, region.basis, 1)) @ pose.rotation.T
    corners = (seen[:, :2] * pose.scale + pose.shift).astype(np.float32)[region.triangles]  # (T, 3, 2)
    which = _painted(corners, seen[region.triangles, 2].mean(axis=1), mask.shape)
    density = _density(region, neutral, pose, coefficients) * (mask > 0) * (which >= 0)
    chosen = random.choice(density.size, size=count, p=(density / density.sum()).ravel())
    y, x = np.unravel_index(chosen, density.shape)
    places = np.stack([x, y], axis=1).astype(np.float32) + random.uniform(-0.5, 0.5, (count, 2)).astype(np.float32)
    corner = corners[which[y, x]]
    weights = _barycentric(corner, places)
    at = region.triangles[which[y, x]]
    linear = np.zeros((count, CHANNELS, 1 + len(region.basis)), np.float32)
    linear[:, :3, 0] = np.einsum("nc,nci->ni", weights, region.vertices[at])
    linear[:, :3, 1:] = np.einsum("nc,knci->nik", weights, region.basis[:, at])
    linear[:, 3:6, 0] = neutral[y, x] / np.float32(255)
    linear[:, 6, 0] = _logit(_SKIN_OPACITY)
    spacing = 1 / np.sqrt(density[y, x] / density.sum() * count) / pose.scale
    model = FaceModel(
        linear,
        _log_scale(np.clip(spacing, 0.5 / pose.scale, 4 / pose.scale)),
        _upright(count),
        np.einsum("nc,nc->n", weights, region.torso[at]).astype(np.float32),
    )
    return model, np.ones((count, CHANNELS), np.float32)


def _behind_lips(region: Region, count: int, random: np.random.Generator) -> tuple[FaceModel, Floats]:
    """Three plates: teeth that stand with the skull, teeth that go with the jaw, and darkness behind them."""
    lips = region.lips(outer=False)
    left, right = lips[:, 0].min(), lips[:, 0].max()
    middle, depth = lips[:, 1].mean(), lips[:, 2].mean()
    jaw = region.basis[:, _CHIN] - region.basis[:, _NOSE]  # (K, 3)
    width = right - left
    plates = (
        # of all, height above and below the line of the lips, behind it, share of the jaw's movement
        (0.4, -0.16, 0.08, 0.10, 0.0),
        (0.3, -0.04, 0.2, 0.12, 1.0),
        (0.3, -0.12, 0.22, 0.2, 0.6),
    )
    parts = []
    sizes = [round(share * count) for share, *_ in plates[:-1]]
    sizes.append(count - sum(sizes))
    for size, (_, top, bottom, back, share) in zip(sizes, plates, strict=True):
        across = random.uniform(-0.5, 0.5, size)
        linear = np.zeros((size, CHANNELS, 1 + len(jaw)), np.float32)
        linear[:, 0, 0] = (left + right) / 2 + across * width
        linear[:, 1, 0] = middle + random.uniform(top, bottom, size)
        linear[:, 2, 0] = depth + back + 0.5 * across**2 * width  # the arch goes backwards at its sides
        linear[:, :3, 1:] = share * jaw.T
        linear[:, 3:6, 0] = _DARK
        linear[:, 6, 0] = _logit(_TEETH_OPACITY)
        spacing = np.sqrt(width * (bottom - top) / size)
        parts.append((linear, np.full(size, spacing)))
    linear = np.concatenate([part[0] for part in parts])
    freedom = np.zeros((count, CHANNELS), np.float32)
    freedom[:, 3:6] = 1
    model = FaceModel(
        linear,
        _log_scale(np.concatenate([part[1] for part in parts])),
        _upright(count),
        np.zeros(count, np.float32),
    )
    return model, freedom


def _painted(corners: Floats, depth: Floats, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Which triangle is seen at each pixel, nearer ones before farther ones; -1 where none is."""
    picture = np.full(shape, -1, np.int32)
    shift = 4
    for index in np.argsort(-depth):
        cv2.fillConvexPoly(picture, np.rint(corners[index] * (1 << shift)).astype(np.int32), int(index), shift=shift)
    return picture


def _density(region: Region, image: Image, pose: Pose, coefficients: Floats) -> Floats:
    """(H, W), how many Gaussians a pixel deserves, by what plain skin does."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.0)
    detail = cv2.GaussianBlur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (0, 0), 2.0)
    ring = region.vertices[LIPS_OUTER] + np.tensordot(coefficients, region.basis[:, LIPS_OUTER], 1)
    ring = (ring @ pose.rotation.T)[:, :2] * pose.scale + pose.shift
    mouth = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(mouth, [np.rint(ring).astype(np.int32)], 255)
    side = round(0.08 * pose.scale) * 2 + 1
    mouth = cv2.boxFilter(cv2.dilate(mouth, np.ones((side, side), np.uint8)), cv2.CV_32F, (side, side)) / 255
    return (1 + (_MOUTH - 1) * mouth + _DETAIL * detail / 20).astype(np.float32)


def _barycentric(corner: Floats, places: Floats) -> Floats:
    """(N, 3) for triangles (N, 3, 2); of a flat one, its first corner."""
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    p = places - corner[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    safe = np.where(np.abs(area) > 1e-3, area, np.inf)
    v = (p[:, 0] * b[:, 1] - p[:, 1] * b[:, 0]) / safe
    w = (a[:, 0] * p[:, 1] - a[:, 1] * p[:, 0]) / safe
    return np.stack([1 - v - w, v, w], axis=1).astype(np.float32)


def _log_scale(spacing: Floats) -> Floats:
    sigma = np.log(_WIDTH * spacing)
    return np.stack([sigma, sigma, sigma + np.log(_FLATNESS)], axis=1).astype(np.float32)


def _upright(count: int) -> Floats:
    return np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))


def _logit(opacity: float) -> float:
    return float(np.log(opacity / (1 - opacity)))
