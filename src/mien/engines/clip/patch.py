"""The lower face as a mesh: from the nose's base over mouth, cheeks and chin down to a part of the neck.

A frame of the film and an example of the mouth both have these vertices somewhere. Whatever is drawn is drawn where both were moved to the
same places, so that no edge is seen twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mien.face.topology import FACE_OVAL, LIPS_INNER, LIPS_OUTER, triangles

FloatArray = NDArray[np.float32]

_NOSE_BASE, _UPPER_LIP, _LOWER_LIP, _CHIN = 2, 0, 17, 152
_RIGHT_CORNER, _LEFT_CORNER = 61, 291

_ABOVE_NOSE_BASE_IOD = 0.15
"""So far above the nose's base the mesh begins."""
_RINGS_IOD = (0.08, 0.18, 0.32)
"""How far outside the face's outline vertices lie that are no landmarks."""
_RINGS_FOLLOW = (0.75, 0.35, 0.0)
"""What they keep of the movement of the outline: the skin of the neck gives way, and the last ring never moves."""
_EDGE_IOD = 0.22
"""An example fades over this distance to the outline: the edge of the jaw itself, with what is behind it, is the film's."""
_SIDE_IOD = (0.42, 0.68)
"""It fades beside the mouth, too, between these distances from the middle of the face."""
_TONE_REACH_IOD = 0.16
"""Differences of colour between a frame and an example are evened out over this distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where a head is in a picture: pixels = `turn @ point + shift`.

    Args:
        turn: float32 (2, 3), pixels per IOD: the scaled rotation without its depth.
        shift: float32 (2,), pixels.
    """

    turn: FloatArray
    shift: FloatArray

    def place(self, points: FloatArray) -> FloatArray:
        """Points (V, 3) of the person's space in the picture, (V, 2)."""
        return points @ self.turn.T + self.shift


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A person's lower face; V vertices, K coefficients, lengths and axes as in `mien.training.Person`.

    Args:
        landmarks: int32 (V,), the landmark that each vertex is or goes with.
        follow: float32 (V,), how far it goes with it; 1 where it is that landmark.
        mover: int32 (V,), the vertex that is that landmark.
        mean: float32 (V, 3), at rest.
        basis: float32 (K, V, 3).
        triangles: int32 (T, 3).
        shown_triangles: those of them in which something of an example is shown.
        free: float32 (V,), how far each vertex may move in a frame: not at all where the mesh ends, or a step would be seen there.
        shown: float32 (V,), how much of an example is shown at each vertex, 0 … 1.
        tone: float32 (V, V), differences of colour at the vertices → evened out, at all of them.
    """

    landmarks: NDArray[np.int32]
    follow: FloatArray
    mover: NDArray[np.int32]
    mean: FloatArray
    basis: FloatArray
    triangles: NDArray[np.int32]
    shown_triangles: NDArray[np.int32]
    free: FloatArray
    shown: FloatArray
    tone: FloatArray

    @classmethod
    def of(cls, mean: FloatArray, basis: FloatArray) -> Patch:
        """Of a person's `mean` (478, 3) and `basis` (K, 478, 3).

        Raises:
            ValueError: this is no face.
        """
        if (
            not mean[_UPPER_LIP, 1] < mean[_LOWER_LIP, 1] < mean[_CHIN, 1]
            or not mean[_NOSE_BASE, 1] < mean[_UPPER_LIP, 1]
        ):
            raise ValueError("the mean is no face")
        top = mean[_NOSE_BASE, 1] - _ABOVE_NOSE_BASE_IOD
        kept = np.flatnonzero((mean[:468, 1] > top) & np.isin(np.arange(468), triangles()))
        outline = _outline(kept)
        number = np.full(478, -1)
        number[kept] = np.arange(len(kept))
        sheet = number[triangles()]
        sheet = sheet[(sheet >= 0).all(axis=1)]
        rings = len(_RINGS_IOD)
        follow = np.repeat(_RINGS_FOLLOW, len(outline))
        mover = np.tile(number[outline], rings)
        points = np.concatenate([mean[kept], _around(mean, outline)])
        shown = np.concatenate([_shown(mean, mean[kept], mean[outline]), np.zeros(rings * len(outline), np.float32)])
        landmarks = np.concatenate([kept, np.tile(outline, rings)]).astype(np.int32)
        moved = basis[:, kept]
        every = np.concatenate([sheet, _ring_triangles(number[outline], len(kept))]).astype(np.int32)
        return cls(
            landmarks=landmarks,
            follow=np.concatenate([np.ones(len(kept)), follow]).astype(np.float32),
            mover=np.concatenate([np.arange(len(kept)), mover]).astype(np.int32),
            mean=points.astype(np.float32),
            basis=np.concatenate([moved, moved[:, mover] * follow[:, None]], axis=1).astype(np.float32),
            triangles=every,
            shown_triangles=every[(shown[every] > 0).any(axis=1)],
            free=_free(mean, points, every),
            shown=shown,
            tone=_tone(points, landmarks, shown),
        )

    def at(self, coefficients: FloatArray) -> FloatArray:
        """The vertices of a mouth, float32 (V, 3)."""
        return self.mean + np.tensordot(coefficients, self.basis, 1)

    def seen(self, landmarks: FloatArray, pose: Pose, coefficients: FloatArray) -> FloatArray:
        """Where the vertices are in a picture whose `landmarks` (478, 3) are known; float32 (V, 2)."""
        expected = pose.place(self.at(coefficients))
        off = landmarks[self.landmarks, :2] - expected[self.mover]
        return (expected + off * self.follow[:, None]).astype(np.float32)

    def wanted(self, seen: FloatArray, pose: Pose, theirs: FloatArray, coefficients: FloatArray) -> FloatArray:
        """Where the vertices shall be in a picture, float32 (V, 2).

        Args:
            seen: (V, 2), where they are.
            pose: of the head in it.
            theirs: (K,), the mouth in it.
            coefficients: (K,), the mouth that shall be there.
        """
        off = seen - pose.place(self.at(theirs))
        placed = pose.place(self.at(coefficients)) + off * (1.0 - self.shown[:, None])
        return (seen + (placed - seen) * self.free[:, None]).astype(np.float32)


def _outline(kept: NDArray[np.int64]) -> NDArray[np.int32]:
    """The part of the face's outline that is kept, from the image's right over the chin to the left."""
    ring = np.roll(FACE_OVAL, -1)  # begins beside the forehead's top, so that the kept part is in one piece
    return ring[np.isin(ring, kept)]


def _around(mean: FloatArray, outline: NDArray[np.int32]) -> FloatArray:
    """Points outside the outline, ring by ring."""
    middle = mean[[_RIGHT_CORNER, _LEFT_CORNER]].mean(axis=0)
    outward = mean[outline] - middle
    outward[:, 2] = 0
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    return np.concatenate([mean[outline] + outward * distance for distance in _RINGS_IOD])


def _ring_triangles(outline: NDArray[np.int64], first: int) -> NDArray[np.int64]:
    count = len(outline)
    rows = [outline, *(first + ring * count + np.arange(count) for ring in range(len(_RINGS_IOD)))]
    return np.array(
        [
            corners
            for inner, outer in pairwise(rows)
            for k in range(count - 1)
            for corners in ((inner[k], outer[k], inner[k + 1]), (inner[k + 1], outer[k], outer[k + 1]))
        ]
    )


def _fading(x: FloatArray, begin: float, end: float) -> FloatArray:
    """1 up to `begin`, 0 from `end` on."""
    share = np.clip((end - x) / (end - begin), 0.0, 1.0)
    return (share * share * (3.0 - 2.0 * share)).astype(np.float32)


def _shown(mean: FloatArray, points: FloatArray, outline: FloatArray) -> FloatArray:
    """Of landmarks: all around the mouth, nothing at the nose and at the outline."""
    base, lip = mean[_NOSE_BASE, 1], mean[_UPPER_LIP, 1]
    to_edge = np.linalg.norm(points[:, None, :2] - outline[None, :, :2], axis=-1).min(axis=1)
    below_nose = _fading(points[:, 1], base + 0.7 * (lip - base), base)
    return below_nose * _fading(to_edge, _EDGE_IOD, 0.0) * _fading(np.abs(points[:, 0]), *_SIDE_IOD)


def _free(mean: FloatArray, points: FloatArray, triangles: NDArray[np.int32]) -> FloatArray:
    """All from the nose's base down, less and less above it, nothing at the mesh's edge."""
    base = float(mean[_NOSE_BASE, 1])
    free = 1.0 - _fading(points[:, 1], base - _ABOVE_NOSE_BASE_IOD, base)
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    sides, counts = np.unique(edges, axis=0, return_counts=True)
    free[sides[counts == 1]] = 0.0
    return free.astype(np.float32)


def _tone(points: FloatArray, landmarks: NDArray[np.int32], shown: FloatArray) -> FloatArray:
    """The mean of what is measured nearby on the skin where the example fades."""
    lips = np.isin(landmarks, np.concatenate([LIPS_OUTER, LIPS_INNER]))
    distance = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1)
    weights = np.exp(-0.5 * (distance / _TONE_REACH_IOD) ** 2) * np.where(lips, 0.0, shown * (1.05 - shown))
    return (weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)).astype(np.float32)
