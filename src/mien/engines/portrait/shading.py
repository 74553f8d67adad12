"""Light and shade that move with the face: the ratio of what a Lambertian face would reflect, moved and at rest."""

from __future__ import annotations

import cv2
import numpy as np
from numba import njit
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
        self._faces = np.ascontiguousarray(triangles())
        self._neighbours = _neighbours(self._faces)
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
        return _smooth_normals(np.ascontiguousarray(points, np.float32), self._faces, *self._neighbours, SMOOTHING)


def _neighbours(faces: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Each vertex's neighbours and itself, one after the other, and where each list begins."""
    around = [{vertex} for vertex in range(N_FACE)]
    for face in faces.tolist():
        for vertex in face:
            around[vertex].update(face)
    starts = np.cumsum([0, *(len(each) for each in around)])
    return np.array([v for each in around for v in sorted(each)], np.int32), starts.astype(np.int32)


# A compiled loop, not matrix products: the threads that linear algebra libraries start for those take the processor
# away from the encoder, which costs several times what they save.
@njit(cache=True, fastmath=True, nogil=True)
def _smooth_normals(
    points: FloatArray,
    faces: NDArray[np.int32],
    neighbours: NDArray[np.int32],
    starts: NDArray[np.int32],
    rounds: int,
) -> FloatArray:
    count = len(starts) - 1
    normals = np.zeros((count, 3), np.float32)
    for t in range(faces.shape[0]):
        a, b, c = faces[t, 0], faces[t, 1], faces[t, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        for vertex in (a, b, c):
            normals[vertex, 0] += uy * vz - uz * vy
            normals[vertex, 1] += uz * vx - ux * vz
            normals[vertex, 2] += ux * vy - uy * vx
    smoothed = np.empty_like(normals)
    for _ in range(rounds):
        for vertex in range(count):
            first, end = starts[vertex], starts[vertex + 1]
            for k in range(3):
                total = np.float32(0)
                for i in range(first, end):
                    total += normals[neighbours[i], k]
                smoothed[vertex, k] = total / (end - first)
        normals, smoothed = smoothed, normals
    for vertex in range(count):
        length = np.sqrt(normals[vertex, 0] ** 2 + normals[vertex, 1] ** 2 + normals[vertex, 2] ** 2)
        for k in range(3):
            normals[vertex, k] /= max(length, np.float32(1e-9))
    return normals


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
