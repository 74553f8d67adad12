"""Rigid alignment of point sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError

Points = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """`scale · rotation · point + shift`.

    Args:
        scale: above 0.
        rotation: (D, D), determinant 1.
        shift: (D,).
    """

    scale: float
    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]

    def apply(self, points: Points) -> NDArray[np.float64]:
        """Moves points (…, D)."""
        return self.scale * (points @ self.rotation.T) + self.shift

    def inverse(self) -> Similarity:
        back = self.rotation.T / self.scale
        return Similarity(1 / self.scale, self.rotation.T, -back @ self.shift)


def similarity(source: Points, target: Points) -> Similarity:
    """The similarity that takes `source` nearest to `target`, both (N, D), in the sense of least squares.

    Raises:
        UsageError: the shapes differ, or the points of a set are all the same.

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns" (1991).
    """
    if source.shape != target.shape or source.ndim != 2:
        raise UsageError(f"Point sets of the shapes {source.shape} and {target.shape} cannot be aligned.")
    mean_source, mean_target = source.mean(axis=0, dtype=float), target.mean(axis=0, dtype=float)
    centred = source - mean_source
    spread = float((centred**2).sum())
    left, singular, right = np.linalg.svd((target - mean_target).T @ centred)
    if not spread > 0 or not singular[0] > 0:
        raise UsageError("Points that are all the same cannot be aligned.")
    signs = np.ones(source.shape[1])
    signs[-1] = np.sign(np.linalg.det(left) * np.linalg.det(right))
    rotation = (left * signs) @ right
    scale = float((singular * signs).sum()) / spread
    return Similarity(scale, rotation, mean_target - scale * rotation @ mean_source)
