"""The space of one person's faces: where the head is in every frame, what the face is like at rest, and how its lower half moves.

Unit of length: IOD, the distance of the outer corners of the eyes (landmarks 33 and 263) of the mean face. Axes as in the picture: x right,
y down, z away from the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError
from mien.face.topology import ATTENTION_LEFT_EYE, ATTENTION_RIGHT_EYE, LEFT_IRIS, RIGHT_IRIS, RIGID
from mien.motion.calibration import Calibration, fit, presumed
from mien.training.folder import load_arrays, save_arrays
from mien.training.poses import Indices, Poses, blocks
from mien.training.split import FPS

COEFFICIENTS = 16
"""Components of the lower face's movement."""

MEASURES = tuple(f"expression_{index}" for index in range(COEFFICIENTS))
"""Names of the coefficients in the calibration."""

LEAST_SEEN = 125
"""Frames with a face, in the part that is learnt from, for which a space is built: five seconds."""

_DEPTH = 0.25
"""How much movement in depth counts: it is guessed by a network, and hardly seen."""
_WEIGHTS = np.array([1, 1, _DEPTH])
_RIGHT_EYE, _LEFT_EYE = 33, 263
_NOSE_BASE = 2
_INNER_LIPS, _CORNERS, _CHIN = (13, 14), (61, 291), 152
_SHUT_PERCENT = 5.0
"""Of the frames, those with the least open lips, count as a mouth at rest: some people never stop speaking."""
_LIDS = np.unique(np.concatenate([ATTENTION_RIGHT_EYE, ATTENTION_LEFT_EYE, RIGHT_IRIS, LEFT_IRIS]))
"""Eyes and brows, and the skin around them."""

Array = NDArray[np.float32]
Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One face. `mean` and `basis` are learnt from the training part only; `calibration`, which chooses its strictness by itself, from all but
    the test part.

    `landmarks[n, :, :2] ≈ scale[n] · (rotation[n] @ (mean + expression[n] · basis).T).T[:, :2] + shift[n]`, but for the eyes.

    Args:
        mean: float32 (478, 3), IOD; origin at the mean of the rigid points.
        basis: float32 (16, 478, 3), IOD: principal components of the lower face's movement, in the order of their variance; eyes, brows and
            forehead are 0 in it.
        expression: float32 (N, 16), coefficients in every frame, with spread 1 over the training part; NaN where no face is seen.
        rotation: float32 (N, 3, 3), of the head against `mean`; where no face is seen, that of the nearest frame with one.
        scale: float32 (N,), pixels of the dataset's picture per IOD; held likewise.
        shift: float32 (N, 2), pixels; held likewise.
        calibration: from the track of the sound to `expression`.
    """

    mean: Array
    basis: Array
    expression: Array
    rotation: Array
    scale: Array
    shift: Array
    calibration: Calibration

    def shape(self, expression: Array) -> Array:
        """Faces (…, 478, 3) in IOD for coefficients (…, 16)."""
        return self.mean + np.tensordot(expression, self.basis, 1).astype(np.float32)

    def place(self, shape: Array, frame: int) -> Array:
        """A shape (P, 3) in IOD where the head is in a frame: float32 (P, 3), pixels; z has its origin in the middle of the head."""
        placed = self.scale[frame] * (shape @ self.rotation[frame].T)
        placed[:, :2] += self.shift[frame]
        return placed

    def save(self, path: Path) -> None:
        save_arrays(
            path,
            mean=self.mean,
            basis=self.basis,
            expression=self.expression,
            rotation=self.rotation,
            scale=self.scale,
            shift=self.shift,
            calibration=np.frombuffer(self.calibration.to_json().encode(), np.uint8),
        )

    @classmethod
    def load(cls, path: Path) -> Person:
        """Raises:
        InputError: the file is missing or damaged.
        PackageError: its calibration cannot be read.
        """
        arrays = load_arrays(path)
        calibration = Calibration.from_json(arrays.pop("calibration").tobytes().decode())
        return cls(**arrays, calibration=calibration)


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """A person before its calibration; see `Person`."""

    mean: Array
    basis: Array
    expression: Array
    rotation: Array
    scale: Array
    shift: Array

    def calibrated(self, rows: Array | None, frames: slice) -> Person:
        """The person with what these frames teach of sound and mouth.

        Args:
            rows: float32 (T, 8), the track that the sound of all frames gives, at `MOUTH_RATE`; None: nothing is heard in the video.
            frames: begin with the first.

        Raises:
            InputError: too few of the frames show a face, or the mouth does not move.
        """
        expression = self.expression[frames]
        lips = self._lips(expression)
        shut = lips[:, 1] <= np.nanpercentile(lips[:, 1], _SHUT_PERCENT)
        rest = expression[shut].mean(axis=0)
        if rows is None:
            calibration = presumed(lips, expression, MEASURES, rest=rest)
        else:
            calibration = fit(rows, expression, FPS, MEASURES, lips=lips, rest=rest)
        return Person(self.mean, self.basis, self.expression, self.rotation, self.scale, self.shift, calibration)

    def _lips(self, expression: Array) -> Array:
        """(n, 3), the lips' own measures for coefficients (n, 16)."""
        top, bottom, right, left, chin = (
            self.mean[point] + expression @ self.basis[:, point] for point in (*_INNER_LIPS, *_CORNERS, _CHIN)
        )
        gap, width = np.linalg.norm(bottom - top, axis=1), np.linalg.norm(left - right, axis=1)
        return np.stack([chin[:, 1], gap, width], axis=1)


def find_space(landmarks: Array, seen: NDArray[np.bool_], cuts: Indices, train: slice) -> Space:
    """Learns a person's space; its memory does not grow with the landmarks.

    Args:
        landmarks: float32 (N, 478, 3), pixels; NaN where not seen; may lie on the disk.
        seen: bool (N,).
        cuts: frames that begin another scene.
        train: the frames that it is learnt from.

    Raises:
        FaceError: too few of those show a face.
    """
    learnt = np.flatnonzero(seen[train]) + (train.start or 0)
    if len(learnt) < LEAST_SEEN:
        raise FaceError(
            f"A face is seen in {len(learnt)} of the {len(seen[train])} frames that are learnt from; at least {LEAST_SEEN} are needed.",
            hint="Use a longer video, in which the face is always seen.",
        )
    guess = Poses.guessed(landmarks, seen, learnt)
    face = _mean_face(landmarks, learnt, guess)
    poses = guess.refined(landmarks, seen, cuts, face, _still(face))
    mean = _mean_face(landmarks, learnt, poses)
    unit = float(np.linalg.norm(mean[_RIGHT_EYE] - mean[_LEFT_EYE]))
    origin = mean[RIGID].mean(axis=0)
    poses = poses.measured_in(unit, origin)
    mean = (mean - origin) / unit
    basis, spread = _components(landmarks, learnt, poses, mean)
    expression = np.full((len(seen), COEFFICIENTS), np.nan, np.float32)
    for block in blocks(np.flatnonzero(seen)):
        flat = _movement(landmarks, block, poses, mean).reshape(len(block), -1)
        expression[block] = flat @ basis.reshape(COEFFICIENTS, -1).T / spread
    return Space(
        mean=mean.astype(np.float32),
        basis=(basis * spread[:, None, None] / _WEIGHTS).astype(np.float32),
        expression=expression,
        rotation=poses.rotation.astype(np.float32),
        scale=poses.scale.astype(np.float32),
        shift=poses.shift[:, :2].astype(np.float32),
    )


def _mean_face(landmarks: Array, learnt: Indices, poses: Poses) -> Wide:
    total = np.zeros((478, 3))
    for block in blocks(learnt):
        total += poses.normal(landmarks[block], block).sum(axis=0)
    return total / len(learnt)


def _lower_face(mean: Wide) -> Wide:
    """(478,): 0 at the eyes and above, 1 from the base of the nose down, 0 for lids, irises and brows anywhere."""
    eyes, nose = mean[[_RIGHT_EYE, _LEFT_EYE], 1].mean(), mean[_NOSE_BASE, 1]
    share = np.clip((mean[:, 1] - eyes) / (nose - eyes), 0, 1)
    weight = share * share * (3 - 2 * share)
    weight[_LIDS] = 0
    return weight


def _still(mean: Wide) -> Indices:
    """The landmarks that move with the head only."""
    return np.setdiff1d(np.union1d(np.flatnonzero(_lower_face(mean) == 0), RIGID), np.setdiff1d(_LIDS, RIGID))


def _movement(landmarks: Array, frames: Indices, poses: Poses, mean: Wide) -> Wide:
    """Of the lower face, as far as it counts: (n, 478, 3), IOD."""
    return (poses.normal(landmarks[frames], frames) - mean) * _lower_face(mean)[:, None] * _WEIGHTS


def _components(landmarks: Array, learnt: Indices, poses: Poses, mean: Wide) -> tuple[Wide, Wide]:
    """Principal directions (16, 478, 3) of length 1 and the spread along each (16,)."""
    moving = np.flatnonzero(_lower_face(mean) > 0)
    covariance = np.zeros((3 * len(moving), 3 * len(moving)))
    for block in blocks(learnt):
        flat = _movement(landmarks, block, poses, mean)[:, moving].reshape(len(block), -1)
        covariance += flat.T @ flat
    values, vectors = np.linalg.eigh(covariance / len(learnt))
    best = np.argsort(values)[::-1][:COEFFICIENTS]
    basis = np.zeros((COEFFICIENTS, 478, 3))
    basis[:, moving] = vectors[:, best].T.reshape(COEFFICIENTS, -1, 3)
    return basis, np.sqrt(np.maximum(values[best], 1e-12))
