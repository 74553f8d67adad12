"""The parameters of a moving face, shared by every source (phonemes, sound) and every engine that draws it.

Unit of length: IOD, the distance between the outer corners of the eyes (landmarks 33 and 263) of the face at rest, about 88 mm in an adult.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOUTH_CHANNELS = ("jaw", "gap", "closure", "round", "stretch", "fv", "tongue", "speech")
"""Columns of a `MouthTrack`.

jaw      chin drop against the closed mouth, IOD, 0 … 0.25
gap      distance of the inner lips at the centre, IOD, 0 … 0.25
closure  0 … 1; 1 = the lips are pressed together as in p b m (gap is 0 then)
round    0 … 1; 1 = rounded and protruded as in [u]
stretch  0 … 1; 1 = corners drawn apart as in [i]
fv       0 … 1; 1 = lower lip against the upper incisors as in f v
tongue   0 … 1; 1 = tongue tip at the upper teeth as in l th n d t
speech   0 … 1; the mouth is in use

At rest all are exactly 0. Where closure is exactly 1, gap is exactly 0. The jaw may hang a little (up to 0.05) behind closed lips. In f v the
gap is the slit of about 0.012 in which the upper teeth are seen.
"""

MOUTH_RATE = 100.0
"""Hz; rows per second of a `MouthTrack`."""


@dataclass(frozen=True, slots=True, eq=False)
class MouthTrack:
    """The mouth over time.

    Args:
        values: float32, shape (T, 8), columns as in `MOUTH_CHANNELS`; row t is the mouth at `t / MOUTH_RATE` seconds.
    """

    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Articulation:
    """The whole face in one frame, as a change from the avatar's rest.

    Args:
        mouth: float32 (8,), columns as in `MOUTH_CHANNELS`.
        yaw, pitch, roll: head rotation, degrees, signs as in `mien.types.HeadPose`.
        shift: head translation (x right, y down), IOD.
        blink: (person's right eye, left eye), 0 open as at rest … 1 closed; negative, down to -0.5: opened wider.
        gaze: eye rotation, degrees, (x right in the image, y down).
        brow: raise of both brows, IOD, negative = lowered.
        smile: 0 … 1, corners up and apart.
    """

    mouth: NDArray[np.float32]
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    blink: tuple[float, float] = (0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)
    brow: float = 0.0
    smile: float = 0.0
