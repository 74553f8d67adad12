"""How natural a face's fine structure is: NIQE's features and distance, with the reference's own frames for its model.

NIQE as published asks how far a picture is from a collection of good photographs, through a model that was fitted to them. No such model
comes with Mien; what a natural face of this person, camera and compression looks like is learnt from the reference when it is measured. The
figure is therefore 0 for frames as the reference's, cannot be compared with published NIQE, and is told beside that of real frames which the
model has not seen.

Source: Mittal, Soundararajan, Bovik, "Making a 'Completely Blind' Image Quality Analyzer" (2013).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.evaluation.pictures import Plane

PATCH = 48
"""Pixels a side; the paper's 96 would leave a handful in a face."""

FEATURES = 36
_FEWEST = 2 * FEATURES
"""Patches: of fewer nothing can be said about how features go together."""

_WINDOW, _SIGMA = 7, 7 / 6
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
_SHAPES = np.arange(0.2, 10.001, 0.001)


def _moments(shapes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of generalised Gaussians of these shapes: (E|x|)² / E x², then Γ(1/α) / Γ(3/α), then Γ(2/α) / Γ(1/α)."""
    one, two, three = (np.array([math.lgamma(k / shape) for shape in shapes]) for k in (1, 2, 3))
    return np.exp(2 * two - one - three), np.exp(one - three), np.exp(two - one)


_RATIOS, _NARROWNESS, _TAILS = _moments(_SHAPES)

Features = NDArray[np.float64]
"""(P, 36): 18 for each patch at full and at half size."""


class Naturalness:
    """Mean and covariance of the features of many patches, which come in bit by bit."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = np.zeros(FEATURES)
        self._products = np.zeros((FEATURES, FEATURES))

    def add(self, features: Features) -> None:
        known = features[np.isfinite(features).all(axis=1)]
        self.count += len(known)
        self._sum += known.sum(axis=0)
        self._products += known.T @ known

    def distance(self, other: Naturalness) -> float:
        """Between two sets of patches; NaN where one has too few to tell."""
        if min(self.count, other.count) < _FEWEST:
            return math.nan
        difference = self._mean - other._mean
        shared = np.linalg.pinv((self._covariance + other._covariance) / 2)
        return math.sqrt(max(0.0, float(difference @ shared @ difference)))

    @property
    def _mean(self) -> NDArray[np.float64]:
        return self._sum / self.count

    @property
    def _covariance(self) -> NDArray[np.float64]:
        return (self._products - self.count * np.outer(self._mean, self._mean)) / (self.count - 1)


def patch_features(plane: Plane) -> Features:
    """Of all whole patches of a picture's luma, 0 … 255."""
    height, width = (side // PATCH * PATCH for side in plane.shape)
    if not height or not width:
        return np.zeros((0, FEATURES))
    whole = plane[:height, :width]
    half = np.asarray(cv2.resize(whole, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.float32)
    return np.concatenate([_described(whole, PATCH), _described(half, PATCH // 2)], axis=1)


def asymmetric_fit(values: NDArray[np.floating]) -> tuple[NDArray[np.float64], ...]:
    """Shape α and the scales of the left and right half of the generalised Gaussian of each row, (P, n) → three of (P,); by moments.

    Source: Lasmar, Stitou, Berthoumieu, "Multiscale skewed heavy tailed model for texture analysis" (2009).
    """
    values = values.astype(np.float64)
    squares = values * values
    left, right = (_root_mean(squares, side) for side in (values < 0, values > 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        balance = left / right
        ratio = np.abs(values).mean(axis=1) ** 2 / squares.mean(axis=1)
        ratio *= (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
    shape = np.interp(ratio, _RATIOS, _SHAPES)
    narrowness = np.sqrt(np.interp(shape, _SHAPES, _NARROWNESS))
    return shape, left * narrowness, right * narrowness


def _root_mean(squares: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((squares * chosen).sum(axis=1) / chosen.sum(axis=1))


def _described(plane: Plane, patch: int) -> NDArray[np.float64]:
    """(P, 18)"""
    mean = cv2.GaussianBlur(plane, (_WINDOW, _WINDOW), _SIGMA)
    spread = np.sqrt(np.abs(cv2.GaussianBlur(plane * plane, (_WINDOW, _WINDOW), _SIGMA) - mean * mean))
    normal = (plane - mean) / (spread + 1)
    shape, left, right = asymmetric_fit(_patches(normal, patch))
    found = [shape, (left + right) / 2]
    for neighbour in _NEIGHBOURS:
        shape, left, right = asymmetric_fit(_patches(normal * np.roll(normal, neighbour, (0, 1)), patch))
        found += [shape, (right - left) * np.interp(shape, _SHAPES, _TAILS), left, right]
    return np.stack(found, axis=1)


def _patches(plane: NDArray[np.floating], patch: int) -> NDArray[np.floating]:
    """(P, patch²)"""
    rows, columns = (side // patch for side in plane.shape)
    return plane.reshape(rows, patch, columns, patch).swapaxes(1, 2).reshape(rows * columns, patch * patch)
