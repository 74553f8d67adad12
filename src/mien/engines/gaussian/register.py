"""Finds where a head is more exactly than landmarks can say: the drawn face is moved until it lies on the real one.

Gauss–Newton on brightness, with the image gradient as mean of the drawn's and the real one's.

Source: Baker and Matthews, "Lucas-Kanade 20 Years On" (2004); the mean gradient: Benhimane and Malis (2004).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.footage import mask, still
from mien.engines.gaussian.losses import LUMA
from mien.engines.gaussian.model import FaceModel, Pose
from mien.engines.gaussian.poses import CHANGES, turned
from mien.engines.gaussian.raster import PROCESSOR, Rasterizer
from mien.engines.gaussian.region import Region

Floats = NDArray[np.float32]

_STRIDE = 2
_ROBUST = 0.03
"""Differences above this count less: hair, shine, what the expression does and the model cannot."""
_TRUST = np.array([0.01, 0.01, 0.005, 0.005, 1.0, 1.0, 1.5, 1.5], np.float32)
"""How far the first guess may be off: radians, logarithm, pixels."""
_NOISE = 0.3
"""How much one pixel's difference says; small pulls less towards the first guess."""


def find_head(
    model: FaceModel,
    region: Region,
    coefficients: Floats,
    guess: Pose,
    real: Floats,
    rounds: int = 2,
    raster: Rasterizer = PROCESSOR,
) -> Pose:
    """Where the head is in a window of a frame; the mouth, which may look different, has no say.

    Args:
        model: that draws.
        region: of the person.
        coefficients: (K,), the frame's expression.
        guess, real, rounds, raster: as of `register`.
    """
    share = mask(region.outline, guess, (real.shape[1], real.shape[0]))
    weight = still(region, guess, coefficients, share)
    return register(model, model.values(coefficients), guess, real, weight, rounds, raster)


def register(
    model: FaceModel,
    values: Floats,
    guess: Pose,
    real: Floats,
    weight: Floats,
    rounds: int = 2,
    raster: Rasterizer = PROCESSOR,
) -> Pose:
    """The pose in which the drawn face lies best on the real one.

    Args:
        model: that draws.
        values: (N, 7), of the frame's expression.
        guess: the pose to begin with, in the window.
        real: (H, W, 3), 0 … 1, the window of the frame.
        weight: (H, W), 0 where the face may look different: the mouth.
        rounds: of drawing and moving.
        raster: that draws.
    """
    pose, change = guess, np.zeros(8, np.float32)
    size = real.shape[1], real.shape[0]
    grey_real = real @ LUMA
    fields = None
    for _ in range(rounds):
        splats, _ = model.splats(values, pose)
        drawn, clear, _ = raster.render(splats, size)
        if fields is None:
            depths = np.stack([splats.depth, model.torso, np.zeros_like(model.torso)], axis=1)
            fields, _, _ = raster.render(splats._replace(colour=depths), size)
        grey = drawn @ LUMA + clear * grey_real
        between = ((grey + grey_real) / 2).astype(np.float32)
        slopes = _moves(_gradient(between), fields, pose).reshape(-1, CHANGES)
        left = (grey_real - grey)[::_STRIDE, ::_STRIDE]
        each = (weight * (1 - clear))[::_STRIDE, ::_STRIDE] / np.maximum(1, np.abs(left) / np.float32(_ROBUST))
        weighted = (slopes * each.reshape(-1, 1)).T
        pull = (_NOISE / _TRUST) ** 2
        matrix, side = weighted @ slopes + np.diag(pull), weighted @ left.ravel() - pull * change
        change += np.linalg.solve(matrix.astype(np.float64), side).astype(np.float32)
        pose = turned(guess, change)
    return pose


def _gradient(grey: Floats) -> tuple[Floats, Floats]:
    across = np.asarray(cv2.Scharr(grey, cv2.CV_32F, 1, 0, scale=1 / 32), np.float32)
    down = np.asarray(cv2.Scharr(grey, cv2.CV_32F, 0, 1, scale=1 / 32), np.float32)
    return across[::_STRIDE, ::_STRIDE], down[::_STRIDE, ::_STRIDE]


def _moves(gradient: tuple[Floats, Floats], fields: Floats, pose: Pose) -> Floats:
    """(h, w, CHANGES): how each pixel's brightness answers to each of the changes of `turned`."""
    gx, gy = gradient
    height, width = fields.shape[:2]
    x = np.arange(0, width, _STRIDE, dtype=np.float32)[None] - pose.shift[0]
    y = np.arange(0, height, _STRIDE, dtype=np.float32)[:, None] - pose.shift[1]
    z, torso = fields[::_STRIDE, ::_STRIDE, 0] * np.float32(pose.scale), fields[::_STRIDE, ::_STRIDE, 1]
    moves = np.stack(
        [
            -gy * z,
            gx * z,
            gy * x - gx * y,
            gx * x + gy * y,
            gx,
            gy,
            gx * torso,
            gy * torso,
        ],
        axis=2,
    )
    return -moves.astype(np.float32)
