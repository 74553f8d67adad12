"""The colours that this picture would give to things it does not show: teeth, tongue, the dark of the mouth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.types import Landmarks

FloatArray = NDArray[np.float32]

SKIN = (50, 280, 205, 425, 187, 411, 36, 266, 123, 352)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
LIPS = (17, 84, 314, 16, 85, 315, 0, 37, 267)


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """float32 RGB, 0 … 255."""

    teeth: FloatArray
    tongue: FloatArray
    cavity: FloatArray


def tone_of(texture: NDArray[np.uint8], landmarks: Landmarks) -> Tone:
    """Derives colours from skin and lips: a painting's varnish, a lamp's tint or a grey photo tint the teeth as well."""
    skin_light, skin_tint = _split(_sample(texture, landmarks, SKIN))
    lips_light, lips_tint = _split(_sample(texture, landmarks, LIPS))
    # Teeth are alike in all people: where the skin is dark, they are lighter than it by more.
    teeth = float(np.clip(0.5 * skin_light + 112, 90, 222)) + 0.6 * skin_tint
    tongue = 0.8 * lips_light + 5 + 0.9 * lips_tint
    cavity = 0.2 * lips_light + 0.45 * lips_tint
    return Tone(*(np.clip(colour, 0, 255).astype(np.float32) for colour in (teeth, tongue, cavity)))


def _split(rgb: FloatArray) -> tuple[float, FloatArray]:
    """Brightness (BT.601 luma) and the colour's deviation from that grey."""
    light = float(rgb @ LUMA)
    return light, rgb - np.float32(light)


def _sample(texture: NDArray[np.uint8], landmarks: Landmarks, points: tuple[int, ...]) -> FloatArray:
    """Median colour of small patches around landmarks."""
    smooth = cv2.blur(texture[..., :3], (5, 5))
    xy = np.round(landmarks[list(points), :2]).astype(int)
    xy = np.clip(xy, 0, [texture.shape[1] - 1, texture.shape[0] - 1])
    return np.median(smooth[xy[:, 1], xy[:, 0]], axis=0).astype(np.float32)
