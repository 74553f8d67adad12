"""What the mouth looks like in every frame: small grey pictures of it, kept while its landmarks are sought and laid so that the head stands still."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.face import eye_distance
from mien.training.poses import Indices, Poses
from mien.types import Image, Landmarks

SIDE = 64
"""Width and height of the pictures that are kept."""

_SPAN = 2.0
"""IOD that they show: as much as is looked at, however the head is tilted."""
_WIDTH, _HEIGHT = 26, 21
"""Pixels of the pictures that are looked at …"""
_UNIT = 22.6
"""… by one IOD: more pixels of teeth and wrinkles tell nothing that these do not."""
_ABOVE = 0.42
"""Of their height: so much lies above the line between the lips."""
LIPS = 13, 14
"""The landmarks in the middle of the inner lips."""

_SAMPLED = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

PIXELS = _WIDTH * _HEIGHT
"""Of a picture that is looked at."""

Array = NDArray[np.float32]


def cut(image: Image, landmarks: Landmarks) -> tuple[NDArray[np.uint8], Array]:
    """The surroundings of a mouth, wherever the picture ends.

    Args:
        image: uint8 RGB.
        landmarks: (478, 3), pixels.

    Returns:
        uint8 grey (SIDE, SIDE); float32 (3,), pixels of the image: x and y of its middle, and the side of what it shows.
    """
    x, y = landmarks[[*LIPS], :2].mean(axis=0).tolist()
    side = max(1, round(_SPAN * eye_distance(landmarks)))
    around = cv2.cvtColor(cv2.getRectSubPix(image, (side, side), (x, y)), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(around, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.array([x, y, side], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """The mouth in N frames.

    Args:
        pictures: uint8 grey (N, SIDE, SIDE), as of `cut`; may lie on the disk; anything where no face is seen.
        places: float32 (N, 3), as of `cut`, in the pixels that poses are told in.
    """

    pictures: NDArray[np.uint8]
    places: Array

    def normal(self, frames: Indices, poses: Poses, lips: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mouth as the model has it, upright and always as large: it moves in these pictures as it moves in the face.

        Args:
            frames: (n,), that show a face.
            poses: of all frames.
            lips: (3,), the middle of the model's lips.

        Returns:
            float64 (n, PIXELS), 0 … 1.
        """
        size = np.array([_WIDTH, _HEIGHT])
        middle = size * (0.5, _ABOVE) - 0.5
        looks = np.empty((len(frames), PIXELS))
        for look, frame in zip(looks, frames, strict=True):
            *centre, side = self.places[frame].tolist()
            turn = poses.scale[frame] * SIDE / side * poses.rotation[frame, :2]
            at = turn @ lips + (poses.shift[frame, :2] - centre) * SIDE / side + (SIDE - 1) / 2
            axes = turn[:, :2] / _UNIT
            place = np.column_stack([axes, at - axes @ middle])
            shown = cv2.warpAffine(
                self.pictures[frame], place, (_WIDTH, _HEIGHT), flags=_SAMPLED, borderMode=cv2.BORDER_REPLICATE
            )
            look[:] = shown.ravel() / 255
        return looks
