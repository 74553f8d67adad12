"""How near a face's shape is to the real one's in the same moment: lips, eyes, proportions; where the head is and how it is turned
has no say in it.

Landmarks are (478, 3) pixels, see `mien.types.Landmarks`. Before anything is compared the generated face is laid over the real one by the
24 points that neither speech nor blinking moves, by a similarity in three dimensions; then distances are taken in the picture's plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.regions import iod
from mien.face import similarity
from mien.face.topology import LIPS_INNER, LIPS_OUTER, RIGID
from mien.types import Landmarks

LIPS = np.concatenate([LIPS_OUTER, LIPS_INNER])
_PARTED = ((82, 87), (13, 14), (312, 317))
"""Pairs of upper and lower inner lip around the middle."""


@dataclass(frozen=True, slots=True)
class Distance:
    """Args:
    px: in pixels of the real picture.
    iod: as a share of the distance between the outer corners of the eyes.
    """

    px: float
    iod: float


def laid_over(generated: Landmarks, reference: Landmarks) -> NDArray[np.float64]:
    """The generated face as if its head were where the real one's is, (478, 3).

    Raises:
        UsageError: the points are all the same.
    """
    return similarity(generated[RIGID], reference[RIGID]).apply(generated)


def mouth_landmark_distance(generated: Landmarks, reference: Landmarks) -> Distance:
    """Mean distance of the 40 points around the outer and inner lips, after removing head pose.

    Raises:
        UsageError: the points are all the same.
    """
    return _distance(laid_over(generated, reference), reference, LIPS)


def shape_distance(generated: Landmarks, reference: Landmarks) -> Distance:
    """Mean distance of the 24 rigid points themselves: 0 for the same proportions of eyes, nose and forehead. It sees neither skin
    nor hair; two people may well have the same proportions.

    Raises:
        UsageError: the points are all the same.
    """
    return _distance(laid_over(generated, reference), reference, RIGID)


def au25(landmarks: Landmarks) -> float:
    """How far the lips are parted (action unit 25): the mean of three gaps around the middle of the inner lips, IOD."""
    upper, lower = np.array(_PARTED).T
    return float(np.linalg.norm(landmarks[upper, :2] - landmarks[lower, :2], axis=1).mean() / iod(landmarks))


def _distance(moved: NDArray[np.float64], reference: Landmarks, indices: NDArray[np.int32]) -> Distance:
    px = float(np.linalg.norm(moved[indices, :2] - reference[indices, :2], axis=1).mean())
    return Distance(px, px / iod(reference))
