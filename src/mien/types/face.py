"""What is seen of a face in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Landmarks: TypeAlias = NDArray[np.float32]
"""float32, shape (478, 3): MediaPipe's face mesh with irises (468–472 the iris on the image's left, the person's right;
473–477 the other). x, y in pixels of the picture (MediaPipe's normalised coordinates times width and height; y down); z in pixels too, smaller is nearer."""


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A detected face.

    Args:
        box_xyxy: left, top, right, bottom in pixels; may reach beyond the picture.
        score: 0 … 1.
        keypoints: float32 (6, 2) pixels: right eye, left eye, nose tip, mouth centre, right ear, left ear (the person's sides).
    """

    box_xyxy: tuple[float, float, float, float]
    score: float
    keypoints: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Degrees. yaw > 0: the face turns to the image's right; pitch > 0: it looks down; roll > 0: it tilts clockwise in the image."""

    yaw: float
    pitch: float
    roll: float
