"""The colours that this picture would give to things it does not show: teeth, tongue, the dark of the mouth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.types import Landmarks

FloatArray = NDArray[np.float32]

SKIN = (50, 280, 205, 425, 187, 411, 36, 266, 123, 352)
LIPS = (17, 84, 314, 16, 85, 315, 0, 37, 267)


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """float32 RGB, 0 … 255."""

    teeth: FloatArray
    tongue: FloatArray
    cavity: FloatArray


def tone_of(texture: NDArray[np.uint8], landmarks: Landmarks) -> Tone:
    """Derives colours from skin and lips: a painting's varnish, a lamp's tint or a grey photo tint the teeth as well."""
    skin = _lab(_sample(texture, landmarks, SKIN))
    lips = _lab(_sample(texture, landmarks, LIPS))
    # Teeth are alike in all people: where the skin is dark, they are lighter than it by more.
    light = float(np.clip(0.5 * skin[0] + 44, 35, 87))
    teeth = np.array([light, 0.22 * skin[1], 0.55 * skin[2] + 1], np.float32)
    tongue = np.array([0.8 * lips[0] + 2, 0.95 * lips[1], 0.8 * lips[2]], np.float32)
    cavity = np.array([0.2 * lips[0], 0.55 * lips[1], 0.45 * lips[2]], np.float32)
    return Tone(_rgb(teeth), _rgb(tongue), _rgb(cavity))


def _sample(texture: NDArray[np.uint8], landmarks: Landmarks, points: tuple[int, ...]) -> FloatArray:
    """Median colour of small patches around landmarks."""
    smooth = cv2.blur(texture[..., :3], (5, 5))
    xy = np.round(landmarks[list(points), :2]).astype(int)
    xy = np.clip(xy, 0, [texture.shape[1] - 1, texture.shape[0] - 1])
    return np.median(smooth[xy[:, 1], xy[:, 0]], axis=0).astype(np.float32)


def _lab(rgb: FloatArray) -> FloatArray:
    return cv2.cvtColor((rgb / 255).reshape(1, 1, 3).astype(np.float32), cv2.COLOR_RGB2LAB)[0, 0]


def _rgb(lab: FloatArray) -> FloatArray:
    rgb = cv2.cvtColor(lab.reshape(1, 1, 3).astype(np.float32), cv2.COLOR_LAB2RGB)[0, 0]
    return (np.clip(rgb, 0, 1) * 255).astype(np.float32)
