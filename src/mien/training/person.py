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
from mien.training.appearance import LIPS, PIXELS, Appearance
from mien.training.folder import load_arrays, save_arrays
from mien.training.poses import Indices, Poses, blocks
from mien.training.split import FPS

COEFFICIENTS = 24
"""Components of the lower face's shape and appearance."""

MEASURES = tuple(f"expression_{index}" for index in range(COEFFICIENTS))
"""Names of the coefficients in the calibration."""

LEAST_SEEN = 125
"""Frames with a face, in the part that is learnt from, for which a space is built: five seconds."""

_DEPTH = 0.25
"""How much movement in depth counts: it is guessed by a network, and hardly seen."""
_WEIGHTS = np.array([1, 1, _DEPTH])
_RIGHT_EYE, _LEFT_EYE = 33, 263
_NOSE_BASE = 2
_CORNERS, _CHIN = (61, 291), 152
_STILL = 1e-9
"""Variance; pictures that differ less are all the same."""
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
        basis: float32 (24, 478, 3), IOD: how the landmarks move with each coefficient; eyes, brows and forehead are 0 in it.
        expression: float32 (N, 24), coefficients in every frame, with mean 0 and spread 1 over the training part; NaN where no face is seen.
            They are the principal components, in the order of their variance, of what landmarks and small pictures of the mouth tell together:
            of a frame that was not learnt from they tell what is seen in it, as far as 24 numbers can.
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
        """Faces (…, 478, 3) in IOD for coefficients (…, 24)."""
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
        """(n, 3), the lips' own measures for coefficients (n, 24)."""
        top, bottom, right, left, chin = (
            self.mean[point] + expression @ self.basis[:, point] for point in (*LIPS, *_CORNERS, _CHIN)
        )
        gap, width = np.linalg.norm(bottom - top, axis=1), np.linalg.norm(left - right, axis=1)
        return np.stack([chin[:, 1], gap, width], axis=1)


def find_space(landmarks: Array, appearance: Appearance, seen: NDArray[np.bool_], cuts: Indices, train: slice) -> Space:
    """Learns a person's space; its memory does not grow with the frames.

    Args:
        landmarks: float32 (N, 478, 3), pixels; NaN where not seen; may lie on the disk.
        appearance: of the mouth in the same frames.
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
    views = _Views(landmarks, appearance, poses, mean)
    components = _Components.of(views, learnt)
    expression = np.full((len(seen), COEFFICIENTS), np.nan, np.float32)
    for block in blocks(np.flatnonzero(seen)):
        expression[block] = components.told_by(views.of(block))
    return Space(
        mean=mean.astype(np.float32),
        basis=views.shapes(components.directions).astype(np.float32),
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


@dataclass(frozen=True, slots=True, eq=False)
class _Views:
    """What is seen of the lower face, as far as it counts: P landmarks' movement, then the mouth's pixels."""

    landmarks: Array
    appearance: Appearance
    poses: Poses
    mean: Wide

    def of(self, frames: Indices) -> Wide:
        """(n, 3 P + PIXELS), IOD and 0 … 1."""
        moved = (self.poses.normal(self.landmarks[frames], frames) - self.mean)[:, self._moving]
        moved *= _lower_face(self.mean)[self._moving, None] * _WEIGHTS
        lips = self.mean[[*LIPS]].mean(axis=0)
        return np.concatenate(
            [moved.reshape(len(frames), -1), self.appearance.normal(frames, self.poses, lips)], axis=1
        )

    def shapes(self, told: Wide) -> Wide:
        """(n, 478, 3) in IOD, the landmarks' part of what `of` gives."""
        shapes = np.zeros((len(told), 478, 3))
        shapes[:, self._moving] = told[:, :-PIXELS].reshape(len(told), -1, 3) / _WEIGHTS
        return shapes

    @property
    def _moving(self) -> Indices:
        return np.flatnonzero(_lower_face(self.mean) > 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Components:
    """Principal components of the lower face's shape and the mouth's appearance together, which count the same.

    Args:
        middle: (D,), the mean view.
        directions: (24, D), what a coefficient of 1 adds to it.
        reading: (D, 24), what reads the coefficients from a view.

    Source: Cootes, Edwards and Taylor, "Active Appearance Models" (1998); but the mouth's pictures are not warped to its mean shape: how it opens
    is seen in them, too.
    """

    middle: Wide
    directions: Wide
    reading: Wide

    @classmethod
    def of(cls, views: _Views, learnt: Indices) -> _Components:
        size = views.of(learnt[:1]).shape[1]
        total, products = np.zeros(size), np.zeros((size, size))
        for block in blocks(learnt):
            told = views.of(block)
            total += told.sum(axis=0)
            products += told.T @ told
        middle = total / len(learnt)
        covariance = products / len(learnt) - np.outer(middle, middle)
        shape, look = covariance.diagonal()[:-PIXELS].sum(), covariance.diagonal()[-PIXELS:].sum()
        weight = np.ones(size)
        weight[-PIXELS:] = np.sqrt(shape / look) if look > _STILL else 0
        values, vectors = np.linalg.eigh(weight[:, None] * covariance * weight)
        best = np.argsort(values)[::-1][:COEFFICIENTS]
        spread = np.sqrt(np.maximum(values[best], 1e-12))
        reading = weight[:, None] * vectors[:, best] / spread
        return cls(middle, (covariance @ reading).T, reading)

    def told_by(self, views: Wide) -> Wide:
        """(n, 24) for views (n, D)."""
        return (views - self.middle) @ self.reading
