"""Where a head is in every frame of a video, seen from so far that nearer parts are not larger (weak perspective).

The landmarks' depths are guessed by a network, and what they say of the head's turn differs from what the picture shows. They only give
the first guess; then the turn, the size and the place are those that put the still part of the face nearest to where it is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.face import savitzky_golay, similarity
from mien.face.topology import RIGID
from mien.training.smoothing import BLOCK, runs

Wide = NDArray[np.float64]
Array = NDArray[np.float32]
Indices = NDArray[np.int64]

_WINDOW = 7
"""Frames over which turn and size are smoothed; see the table in benchmarks/README.md."""
_ALIGNED = 400
"""Faces from which the mean of the rigid points is found."""
_ALIGNMENTS = 5
_STEPS = 4
"""Of Gauss and Newton; the first guess is a few degrees off."""


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """`scale · rotation @ point + shift` takes points of a model to the picture, in every frame; held where no face is seen.

    Args:
        rotation: float64 (N, 3, 3).
        scale: (N,), pixels per unit of the model.
        shift: (N, 3), pixels.
    """

    rotation: Wide
    scale: Wide
    shift: Wide

    @classmethod
    def guessed(cls, landmarks: Array, seen: NDArray[np.bool_], learnt: Indices) -> Poses:
        """From the rigid points with their depths, against their mean.

        Args:
            landmarks: (N, 478, 3), pixels; NaN where not seen; may lie on the disk.
            seen: bool (N,).
            learnt: frames from which the mean is made.
        """
        model = _rigid_model(landmarks, learnt)
        known = np.flatnonzero(seen)
        found = [similarity(model, landmarks[frame, RIGID].astype(np.float64)) for frame in known]
        at = np.searchsorted(known, _nearest(seen))
        rotation = np.array([each.rotation for each in found])
        scale, shift = np.array([each.scale for each in found]), np.array([each.shift for each in found])
        return cls(rotation[at], scale[at], shift[at])

    def refined(self, landmarks: Array, seen: NDArray[np.bool_], cuts: Indices, model: Wide, still: Indices) -> Poses:
        """Poses that put the still points of the model, (478, 3), where they are seen; smooth between the cuts."""
        points = model[still]
        poses = Poses(self.rotation.copy(), self.scale.copy(), self.shift.copy())
        for block in blocks(np.flatnonzero(seen)):
            poses._approach(block, points, np.asarray(landmarks[block][:, still, :2], np.float64))
        for run in runs(seen, cuts):
            poses._smooth(run, points, landmarks[run][:, still])
        nearest = _nearest(seen)
        return Poses(poses.rotation[nearest], poses.scale[nearest], poses.shift[nearest])

    def _approach(self, frames: Indices, points: Wide, target: Wide) -> None:
        """Least squares in the picture by Gauss and Newton; turns are corrected by small ones before them."""
        rotation, scale, shift = self.rotation[frames], self.scale[frames], self.shift[frames, :2]
        slopes = np.zeros((*target.shape, 6))
        slopes[:, :, 0, 4] = slopes[:, :, 1, 5] = 1
        for _ in range(_STEPS):
            turned = np.einsum("nij,pj->npi", rotation, points)
            missing = target - scale[:, None, None] * turned[..., :2] - shift[:, None]
            size = scale[:, None]
            slopes[:, :, 0, 1], slopes[:, :, 0, 2] = size * turned[..., 2], -size * turned[..., 1]
            slopes[:, :, 1, 0], slopes[:, :, 1, 2] = -size * turned[..., 2], size * turned[..., 0]
            slopes[..., 3] = turned[..., :2]
            flat = slopes.reshape(len(frames), -1, 6)
            # Bases of very different size (turns move points by hundreds of pixels): scaled so that none drowns.
            norm = np.linalg.norm(flat, axis=1, keepdims=True)
            flat = flat / norm
            right = np.einsum("nki,nk->ni", flat, missing.reshape(len(frames), -1))
            step = np.linalg.solve(np.einsum("nki,nkj->nij", flat, flat), right[..., None])[..., 0] / norm[:, 0]
            rotation = _small_turns(step[:, :3]) @ rotation
            scale, shift = scale + step[:, 3], shift + step[:, 4:]
        self.rotation[frames], self.scale[frames], self.shift[frames, :2] = rotation, scale, shift

    def _smooth(self, run: slice, points: Wide, seen: Array) -> None:
        """Smooths turn and size over a stretch of frames; the place then follows from where the points are."""
        self.rotation[run] = _nearest_rotations(savitzky_golay(self.rotation[run], _WINDOW))
        self.scale[run] = np.exp(savitzky_golay(np.log(self.scale[run]), _WINDOW))
        middle = self.rotation[run] @ points.mean(axis=0)
        self.shift[run] = seen.mean(axis=1, dtype=np.float64) - self.scale[run, None] * middle

    def normal(self, points: Array, frames: Indices) -> Wide:
        """Points (n, P, 3) of frames, as the model has them."""
        moved = (points - self.shift[frames, None]) / self.scale[frames, None, None]
        return np.einsum("nij,npi->npj", self.rotation[frames], moved)

    def measured_in(self, unit: float, origin: Wide) -> Poses:
        """The same poses of a model that is measured in another unit from another origin."""
        shift = self.shift + self.scale[:, None] * (self.rotation @ origin)
        return Poses(self.rotation, self.scale * unit, shift)


def blocks(frames: Indices) -> Iterator[Indices]:
    for start in range(0, len(frames), BLOCK):
        yield frames[start : start + BLOCK]


def _rigid_model(landmarks: Array, learnt: Indices) -> Wide:
    """The mean of the rigid points over faces spread over the video, by generalised Procrustes analysis: (24, 3), pixels."""
    chosen = learnt[np.linspace(0, len(learnt) - 1, min(_ALIGNED, len(learnt))).astype(int)]
    faces = np.asarray(landmarks[chosen][:, RIGID], np.float64)
    scale = float(np.median(np.linalg.norm(faces - faces.mean(axis=1, keepdims=True), axis=(1, 2))))
    model = faces[len(faces) // 2]
    for _ in range(_ALIGNMENTS):
        model = np.mean([similarity(face, model).apply(face) for face in faces], axis=0)
        model = model - model.mean(axis=0)
        model *= scale / np.linalg.norm(model)
    # The mean of the turns is no turn.
    turn = _nearest_rotations(np.mean([similarity(model, face).rotation for face in faces], axis=0)[None])[0]
    return model @ turn.T


def _nearest_rotations(matrices: Wide) -> Wide:
    """(n, 3, 3)."""
    left, _, right = np.linalg.svd(matrices)
    signs = np.ones((len(matrices), 1, 3))
    signs[:, 0, 2] = np.linalg.det(left @ right)
    return (left * signs) @ right


def _small_turns(vectors: Wide) -> Wide:
    """Rotation matrices (n, 3, 3) of axes times angles (n, 3), by Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = vectors.T
    nil = np.zeros_like(x)
    cross = np.stack([nil, -z, y, z, nil, -x, -y, x, nil], axis=1).reshape(-1, 3, 3)
    # sin(a) / a and (1 - cos(a)) / a², which are 1 and 1/2 at 0.
    return np.eye(3) + np.sinc(angle / np.pi) * cross + 0.5 * np.sinc(angle / (2 * np.pi)) ** 2 * (cross @ cross)


def _nearest(seen: NDArray[np.bool_]) -> Indices:
    """For every frame the nearest one with a face."""
    known = np.flatnonzero(seen)
    frames = np.arange(len(seen))
    after = np.clip(np.searchsorted(known, frames), 0, len(known) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(np.abs(frames - known[before]) < np.abs(known[after] - frames), known[before], known[after])
