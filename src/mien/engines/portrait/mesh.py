"""The mesh of a portrait: the 468 face landmarks, rings around them that carry hair and neck, and the face's own axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.face.topology import FACE_OVAL, LEFT_EYE, RIGHT_EYE, triangles
from mien.types import Landmarks

FloatArray = NDArray[np.float32]

N_FACE = 468
N_SKIN = 852
"""Triangles of the face without mouth and eyes."""
RING_SCALES = (1.08, 1.2, 1.36, 1.58, 1.88, 2.3, 3.0)
"""Sizes of the rings around the face oval, about its centre; the last ring never moves."""
N_IRIS = 10
IRIS_START = N_FACE + len(RING_SCALES) * len(FACE_OVAL)

EAR_POINTS = (127, 356, 234, 454)
"""Oval points beside the ears; the head turns about their centre."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceAxes:
    """The face's own coordinates: x to the image's right across the eyes, y down the face, z away from the viewer; unit IOD.

    Args:
        origin: (3,) pixels, the centre of the outer eye corners.
        rotation: (3, 3), columns are the face's axes in picture coordinates.
        iod: pixels between the outer eye corners, in 3D, so that it does not shrink when the head is turned.
    """

    origin: FloatArray
    rotation: FloatArray
    iod: float

    @classmethod
    def of(cls, landmarks: Landmarks) -> FaceAxes:
        """The axes of a face from its landmarks (478, 3)."""
        right, left = landmarks[33], landmarks[263]
        x = left - right
        iod = float(np.linalg.norm(x))
        x = x / iod
        down = landmarks[152] - landmarks[10]
        y = down - x * float(down @ x)
        y /= np.linalg.norm(y)
        rotation = np.stack([x, y, np.cross(x, y)], axis=1)
        return cls(((right + left) / 2).astype(np.float32), rotation.astype(np.float32), iod)

    def to_face(self, points: FloatArray) -> FloatArray:
        """Picture coordinates (N, 3) pixels → face coordinates (N, 3) IOD."""
        return ((points - self.origin) @ self.rotation / self.iod).astype(np.float32)

    def to_picture(self, points: FloatArray) -> FloatArray:
        """Face coordinates (N, 3) IOD → picture coordinates (N, 2) pixels (orthographic)."""
        return (points @ self.rotation[:2].T * np.float32(self.iod) + self.origin[:2]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class PortraitMesh:
    """Vertices 0–467 are the face landmarks, then ring after ring outwards, then the 10 iris points.

    Args:
        axes: the face's coordinates.
        points: (V, 3) float32, face coordinates of the photo.
        triangles: (T, 3) int32, the farther ones first; the mouth is left open.
        follow: (V,) float32, 1 where a vertex turns with the head, 0 where it stays.
    """

    axes: FaceAxes
    points: FloatArray
    triangles: NDArray[np.int32]
    follow: FloatArray


def build_mesh(landmarks: Landmarks) -> PortraitMesh:
    """Surrounds the landmarks (478, 3) with rings."""
    axes = FaceAxes.of(landmarks)
    face = axes.to_face(landmarks[:N_FACE])
    oval = face[list(FACE_OVAL)]
    centre = oval.mean(axis=0)
    rings = [_ring(oval, centre, scale) for scale in RING_SCALES]
    irises = axes.to_face(landmarks[N_FACE:])
    points = np.concatenate([face, *rings, irises]).astype(np.float32)
    sheet = np.concatenate([triangles()[:N_SKIN], _eyes(), _strips()])
    depth = (points @ axes.rotation[2])[sheet].mean(axis=1)
    far_first = np.argsort(-depth, kind="stable")
    return PortraitMesh(axes, points, np.ascontiguousarray(sheet[far_first], np.int32), _follow(oval, centre))


def _ring(oval: FloatArray, centre: FloatArray, scale: float) -> FloatArray:
    ring = (centre + (oval - centre) * np.float32(scale)).astype(np.float32)
    # Hair and neck lie as deep as the rim of the face, so that turning leaves the outline in place.
    ring[:, 2] = oval[:, 2]
    return ring


def _eyes() -> NDArray[np.int32]:
    """Fans from each iris centre to the rim of its eye, so that the eyeball's picture moves with the iris."""
    fans = [
        np.stack([ring, np.roll(ring, -1), np.full(len(ring), centre)], axis=1)
        for ring, centre in ((RIGHT_EYE, IRIS_START), (LEFT_EYE, IRIS_START + 5))
    ]
    return np.concatenate(fans)


def _strips() -> NDArray[np.int32]:
    n = len(FACE_OVAL)
    inner = np.asarray(FACE_OVAL)
    out = []
    for ring in range(len(RING_SCALES)):
        outer = N_FACE + ring * n + np.arange(n)
        following = np.roll(np.arange(n), -1)
        out += [np.stack([inner, outer, inner[following]], 1), np.stack([inner[following], outer, outer[following]], 1)]
        inner = outer
    return np.concatenate(out).astype(np.int32)


def _follow(oval: FloatArray, centre: FloatArray) -> FloatArray:
    """Hair above and beside the face goes with it; the neck fades into the shoulders, which stay."""
    direction = oval - centre
    downward = direction[:, 1] / np.linalg.norm(direction[:, :2], axis=1)  # 1 under the chin, -1 over the forehead
    reach = np.interp(downward, [0.0, 0.75], [2.9, 1.85])
    start = np.interp(downward, [0.0, 0.75], [1.7, 1.0])
    rings = [1 - _smoothstep((scale - start) / (reach - start)) for scale in RING_SCALES[:-1]]
    return np.concatenate([np.ones(N_FACE), *rings, np.zeros(len(FACE_OVAL)), np.ones(N_IRIS)]).astype(np.float32)


def _smoothstep(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
