"""Light and shade that move with the face: the ratio of what a Lambertian face would reflect, moved and at rest."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.mesh import N_FACE, PortraitMesh
from mien.face.topology import triangles

FloatArray = NDArray[np.float32]

STRONGEST = 0.12
"""Largest change of a colour, as a share of it."""
SMOOTHING = 6
"""Rounds of averaging with the neighbours: what single landmarks do is noise."""


class Shading:
    """The shade of every vertex.

    Args:
        mesh: the mesh of the photo.
        rest: (V, 3) its neutral vertices, face coordinates.
        picture: uint8 RGB(A) (H, W, …), from which the light is estimated.
        pixels: (V, 2) vertices in the picture.
    """

    def __init__(self, mesh: PortraitMesh, rest: FloatArray, picture: NDArray[np.uint8], pixels: FloatArray) -> None:
        faces = triangles()
        self._corners = np.ascontiguousarray(faces.T)
        self._gather = _smooth_incidence(faces)
        self._count = len(mesh.points)
        self._ambient, self._light = _estimate_light(self._normals(mesh.points), picture, pixels)
        self._rest = self._reflected(rest)

    def __call__(self, points: FloatArray) -> FloatArray:
        """(V,) factors on the colours for a moved mesh (V, 3); 1 outside the face."""
        shade = np.ones(self._count, np.float32)
        ratio = self._reflected(points) / self._rest
        shade[:N_FACE] = np.clip(ratio, 1 - STRONGEST, 1 + STRONGEST)
        return shade

    def _reflected(self, points: FloatArray) -> FloatArray:
        return np.maximum(self._ambient + self._normals(points) @ self._light, 0.15)

    def _normals(self, points: FloatArray) -> FloatArray:
        """(468, 3) smoothed unit normals."""
        axes = np.ascontiguousarray(points[:N_FACE].T)
        a, b, c = (axes[:, corner] for corner in self._corners)
        first, second = b - a, c - a
        cross = np.stack([first[i] * second[j] - first[j] * second[i] for i, j in ((1, 2), (2, 0), (0, 1))], axis=1)
        normals = self._gather @ cross
        return normals / np.maximum(np.sqrt((normals**2).sum(axis=1, keepdims=True)), 1e-9)


def _smooth_incidence(faces: NDArray[np.int32]) -> FloatArray:
    """(468, T): sums the triangles around each vertex, and averages over its neighbourhood."""
    incidence = np.zeros((N_FACE, len(faces)), np.float32)
    incidence[faces.T.ravel(), np.tile(np.arange(len(faces)), 3)] = 1
    neighbours = ((incidence @ incidence.T) > 0).astype(np.float32)
    neighbours /= neighbours.sum(axis=1, keepdims=True)
    return (np.linalg.matrix_power(neighbours, SMOOTHING) @ incidence).astype(np.float32)


def _estimate_light(normals: FloatArray, picture: NDArray[np.uint8], pixels: FloatArray) -> tuple[float, FloatArray]:
    """Ambient light and the directed light (3,) that explain the skin's brightness best, the mean brightness being 1."""
    grey = cv2.blur(np.asarray(cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)), (7, 7))
    xy = np.clip(np.round(pixels[:N_FACE]).astype(int), 0, [grey.shape[1] - 1, grey.shape[0] - 1])
    bright = grey[xy[:, 1], xy[:, 0]].astype(np.float32)
    bright /= max(float(bright.mean()), 1.0)
    usual = np.abs(bright - np.median(bright)) < 0.5  # without brows, nostrils, eyes
    system = np.concatenate([np.ones((int(usual.sum()), 1)), normals[usual]], axis=1)
    damping = np.diag([0.0, 2, 2, 2])  # little light from the sides is likelier than much
    ambient, *light = np.linalg.solve(system.T @ system + damping, system.T @ bright[usual])
    return float(ambient), np.array(light, np.float32)
