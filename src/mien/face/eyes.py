"""How far the eyes are open.

Source: Soukupová and Čech, "Real-Time Eye Blink Detection using Facial Landmarks" (2016).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Outer corner, inner corner, then two pairs of upper and lower lid.
_RIGHT = (33, 133, (160, 144), (158, 153))
_LEFT = (263, 362, (387, 373), (385, 380))
_SHUT = 0.25
"""of the open eye's aspect ratio: what the lids' thickness leaves when they touch."""
_AT_REST = 0.85
"""of the median: the eye's own play while it is open."""


def eye_aspect_ratio(landmarks: NDArray[np.floating]) -> NDArray[np.float32]:
    """Height over width of the person's right and left eye: about 0.3 open, under 0.1 shut.

    Args:
        landmarks: (…, 478, 3).

    Returns:
        float32 (…, 2).
    """
    return np.stack([_ratio(landmarks, *_RIGHT), _ratio(landmarks, *_LEFT)], axis=-1).astype(np.float32)


def au45(ratios: NDArray[np.floating]) -> NDArray[np.float32]:
    """How far each eye is shut, against its own median over the clip (action unit 45).

    Args:
        ratios: eye aspect ratios (T, 2) of consecutive frames; NaN where the face was not seen.

    Returns:
        float32 (T, 2): 0 open … 1 shut; 0 where the face was not seen.
    """
    seen = ~np.isnan(ratios).any(axis=1)
    if not seen.any():
        return np.zeros(ratios.shape, np.float32)
    rest = np.maximum(np.median(ratios[seen], axis=0), 1e-6)
    shut = (_AT_REST - ratios / rest) / (_AT_REST - _SHUT)
    return np.clip(np.nan_to_num(shut), 0, 1).astype(np.float32)


def _ratio(landmarks: NDArray[np.floating], outer: int, inner: int, *lids: tuple[int, int]) -> NDArray[np.floating]:
    def distance(one: int, other: int) -> NDArray[np.floating]:
        return np.linalg.norm(landmarks[..., one, :2] - landmarks[..., other, :2], axis=-1)

    height = sum((distance(upper, lower) for upper, lower in lids), start=np.float32(0)) / len(lids)
    return height / np.maximum(distance(outer, inner), 1e-6)
