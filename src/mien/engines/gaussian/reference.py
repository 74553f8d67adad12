"""What the places of heads and necks are told against: one person's drawn part, and the frame in which they are most at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.neck import NeckTracker
from mien.engines.gaussian.poses import Poses
from mien.engines.gaussian.region import Region
from mien.training import Dataset
from mien.types import Image

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_LEARNT_FRAMES = 1500
"""At most; of a longer video, frames spread over it. Their windows are kept in memory."""
_JUDGED_FRAMES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Follows from a dataset alone.

    Args:
        learnt: numbers of the frames that are learnt from.
        judged: numbers of those that the learning is judged by.
        region: of the person.
        rest: number of the frame of reference.
        neutral: that frame, uint8 RGB.
        poses: of all frames, as the landmarks tell them; the neck's movement is not known yet.
    """

    learnt: Numbers
    judged: Numbers
    region: Region
    rest: int
    neutral: Image
    poses: Poses

    @classmethod
    def of(cls, dataset: Dataset) -> Reference:
        person = dataset.person
        learnt = _spread(_seen(dataset, dataset.split.train), _LEARNT_FRAMES)
        judged = _spread(_seen(dataset, dataset.split.validate), _JUDGED_FRAMES)
        if not len(judged):
            learnt, judged = learnt[:-_JUDGED_FRAMES], learnt[-_JUDGED_FRAMES:]
        region = Region.of(person.mean, person.basis, person.expression[learnt])
        torso = np.zeros((dataset.count, 2), np.float32)
        poses = Poses(person.rotation.copy(), person.scale.copy(), person.shift.copy(), torso)
        rest = _calmest(person.expression, poses, learnt)
        neutral = next(dataset.frames(rest, rest + 1))
        return cls(learnt, judged, region, rest, neutral, poses)

    def neck(self) -> NeckTracker:
        """Follows the neck from the frame of reference."""
        return NeckTracker(self.region, self.neutral, self.poses[self.rest])


def _seen(dataset: Dataset, part: slice) -> Numbers:
    """The frames of a part that show a face."""
    return np.flatnonzero(dataset.seen[part]) + part.start


def _spread(numbers: Numbers, most: int) -> Numbers:
    if len(numbers) <= most:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, most).astype(np.int64)]


def _calmest(expression: Floats, poses: Poses, numbers: Numbers) -> int:
    """The frame with the least expression and the most usual pose."""
    looks, places = poses.rotation[numbers, :, 2], poses.shift[numbers] / poses.scale[numbers, None]
    turned = np.abs(looks - np.median(looks, axis=0)).sum(axis=1)
    moved = np.abs(places - np.median(places, axis=0)).sum(axis=1)
    return int(numbers[np.argmin(np.square(expression[numbers]).mean(axis=1) + 10 * (turned + moved))])
