"""Where the head is in every frame of the film."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.model import Pose

Floats = NDArray[np.float32]

CHANGES = 8
"""Numbers that move a pose; see `turned`."""


@dataclass(slots=True, eq=False)
class Poses:
    """Of N frames; see `Pose`.

    Args:
        rotation: (N, 3, 3).
        scale: (N,).
        shift: (N, 2).
        torso: (N, 2).
    """

    rotation: Floats
    scale: Floats
    shift: Floats
    torso: Floats

    def __getitem__(self, frame: int) -> Pose:
        return Pose(self.rotation[frame], float(self.scale[frame]), self.shift[frame], self.torso[frame])

    def __setitem__(self, frame: int, pose: Pose) -> None:
        self.rotation[frame], self.scale[frame] = pose.rotation, pose.scale
        self.shift[frame], self.torso[frame] = pose.shift, pose.torso

    def part(self, frames: slice) -> Poses:
        """Of some of the frames; copies."""
        return Poses(**{name: values[frames].copy() for name, values in self.arrays().items()})

    def arrays(self) -> dict[str, Floats]:
        return {"rotation": self.rotation, "scale": self.scale, "shift": self.shift, "torso": self.torso}


@dataclass(frozen=True, slots=True)
class Windows:
    """The part of each frame that is drawn: of one size, it goes with the head.

    Args:
        size: width, height in pixels.
        picture: width, height of the frames.
        outline: (P, 3), of the region.
    """

    size: tuple[int, int]
    picture: tuple[int, int]
    outline: Floats

    @classmethod
    def around(cls, outline: Floats, poses: Poses, picture: tuple[int, int], feather: float) -> Windows:
        """Large enough for every frame.

        Args:
            outline: (P, 3), person space, of the mask.
            poses: of all frames.
            picture: width, height of the frames.
            feather: IOD, half the width of the mask's edge.
        """
        boxes = np.array([_box(outline, poses[frame], feather) for frame in range(len(poses.scale))])
        largest = np.ceil((boxes[:, 1] - boxes[:, 0]).max(axis=0)).astype(int) + 2
        width, height = (int(min(side, limit)) for side, limit in zip(largest, picture, strict=True))
        return cls((width, height), picture, outline)

    def origin(self, pose: Pose) -> tuple[int, int]:
        """x, y of the window's upper left corner; the window lies within the picture."""
        box = _box(self.outline, pose, 0.0)
        corner = np.rint((box[0] + box[1] - self.size) / 2).astype(int)
        x, y = np.clip(corner, 0, np.subtract(self.picture, self.size))
        return int(x), int(y)


def _box(outline: Floats, pose: Pose, feather: float) -> Floats:
    """(2, 2): left, top; right, bottom. The mask's edge is two boxes wide."""
    seen = (outline @ pose.rotation[:2].T) * pose.scale + pose.shift
    reach = 2 * feather * pose.scale
    return np.stack([seen.min(axis=0) - reach, seen.max(axis=0) + reach])


def turned(pose: Pose, change: Floats) -> Pose:
    """A pose moved a little.

    Args:
        change: (8,): rotation vector in picture axes, logarithm of the scale, shift, torso.
    """
    turn, _ = cv2.Rodrigues(change[:3].astype(np.float64))
    return Pose(
        (turn @ pose.rotation).astype(np.float32),
        pose.scale * float(np.exp(change[3])),
        (pose.shift + change[4:6]).astype(np.float32),
        (pose.torso + change[6:8]).astype(np.float32),
    )
