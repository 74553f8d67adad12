"""The frames that are learnt from, in memory: of each only the window that is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.model import Pose
from mien.engines.gaussian.poses import Poses, Windows
from mien.engines.gaussian.region import FEATHER, Region, soft_polygon
from mien.face.topology import LIPS_OUTER
from mien.training import Dataset
from mien.types import Image

Floats = NDArray[np.float32]

_MOUTH = 4.0
"""How much more a pixel of the mouth counts than one of the cheek."""
_AROUND = 1.25
"""Size of what counts as mouth, by the outer lips."""


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """M frames, cut to their windows.

    Args:
        numbers: (M,), of the frames in the dataset, rising.
        pictures: uint8 RGB (M, h, w, 3).
        origins: (M, 2), x and y of each window's corner in its frame.
    """

    numbers: NDArray[np.int64]
    pictures: NDArray[np.uint8]
    origins: NDArray[np.int64]

    @classmethod
    def cut(
        cls,
        dataset: Dataset,
        numbers: NDArray[np.int64],
        windows: Windows,
        poses: Poses,
        watch: Callable[[int, Image], None],
    ) -> Footage:
        """Decodes a dataset's video once.

        Args:
            numbers: of the frames wanted, rising.
            watch: is shown every frame up to the last one wanted.
        """
        width, height = windows.size
        pictures = np.empty((len(numbers), height, width, 3), np.uint8)
        origins = np.empty((len(numbers), 2), np.int64)
        place = {int(number): index for index, number in enumerate(numbers)}
        for number, image in enumerate(dataset.frames(0, int(numbers[-1]) + 1)):
            watch(number, image)
            index = place.get(number)
            if index is not None:
                x, y = windows.origin(poses[number])
                origins[index] = x, y
                pictures[index] = image[y : y + height, x : x + width]
        return cls(numbers, pictures, origins)

    def part(self, start: int, stop: int) -> Footage:
        """Some of the frames; shares their memory."""
        return Footage(self.numbers[start:stop], self.pictures[start:stop], self.origins[start:stop])

    def real(self, index: int) -> Floats:
        """(h, w, 3), 0 … 1."""
        return self.pictures[index] * np.float32(1 / 255)

    def pose(self, index: int, poses: Poses) -> Pose:
        """Of the head in the window."""
        return poses[int(self.numbers[index])].at(self.origins[index])


def mask(outline: Floats, pose: Pose, size: tuple[int, int]) -> Floats:
    """(h, w), how much of each pixel is drawn rather than filmed, 0 … 1; 0 on the rim."""
    points = (outline @ pose.rotation[:2].T) * np.float32(pose.scale) + pose.shift
    return soft_polygon(points, FEATHER * pose.scale, size)


def mouth(region: Region, pose: Pose, coefficients: Floats, size: tuple[int, int]) -> Floats:
    """(h, w), 1 on and close around the lips, softly 0 elsewhere."""
    ring = region.vertices[LIPS_OUTER] + np.tensordot(coefficients, region.basis[:, LIPS_OUTER], 1)
    points = (ring @ pose.rotation[:2].T) * np.float32(pose.scale) + pose.shift
    centre = points.mean(axis=0)
    return soft_polygon(centre + (points - centre) * np.float32(_AROUND), 0.04 * pose.scale, size)


def importance(region: Region, pose: Pose, coefficients: Floats, drawn: Floats) -> Floats:
    """(h, w), how much each pixel counts in training; `drawn`: the mask."""
    size = drawn.shape[1], drawn.shape[0]
    return (drawn > 0) * (1 + np.float32(_MOUTH - 1) * mouth(region, pose, coefficients, size))


def still(region: Region, pose: Pose, coefficients: Floats, drawn: Floats) -> Floats:
    """(h, w), where the drawn face can be laid on the real one to find the head's place: what is drawn, but the mouth."""
    size = drawn.shape[1], drawn.shape[0]
    around = mouth(region, pose, coefficients, size)
    side = round(0.1 * pose.scale) * 2 + 1
    return drawn * (1 - cv2.dilate(around, np.ones((side, side), np.uint8)))
