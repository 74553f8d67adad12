"""The inside of the mouth: teeth, tongue and the dark behind them, between lips that the mesh has moved.

Everything is placed in *mouth coordinates*: the x, y of the face's own axes at rest (unit IOD). The upper teeth stay with the
head, the lower teeth and the tongue go with the chin.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.engines.portrait.curves import SAMPLES, box_around, smooth_curve
from mien.engines.portrait.rig import INNER_LOWER, INNER_UPPER
from mien.engines.portrait.teeth import Teeth

FloatArray = NDArray[np.float32]
UInt8Array = NDArray[np.uint8]

ANCHORS = (133, 362, 168, 2, 97, 326, 98, 327, 33, 263, 50, 280)
"""Points that go with the skull and lie about as deep as the teeth."""
CHIN = (152, 175, 199, 200)
JAW_TO_TEETH = 0.92  # the incisors are a little nearer to the hinge than the chin is


@dataclass(frozen=True, slots=True, eq=False)
class MouthColours:
    """float32 RGB, 0 … 255, as this picture would show them."""

    cavity: FloatArray
    tongue: FloatArray


class SkullFit:
    """Where mouth coordinates lie in a picture, from points that go with the skull.

    Args:
        rest: (V, 2) mouth coordinates of the mesh.
    """

    def __init__(self, rest: FloatArray) -> None:
        anchors = np.concatenate([rest[list(ANCHORS)], np.ones((len(ANCHORS), 1), np.float32)], axis=1)
        self._inverse = np.linalg.pinv(anchors)

    def __call__(self, vertices: FloatArray) -> NDArray[np.float64]:
        """The affine map (2, 3) from mouth coordinates to the pixels that `vertices` (V, 2) are in."""
        return (self._inverse @ vertices[list(ANCHORS)]).T.astype(np.float64)


class Mouth:
    """Draws one portrait's mouth.

    Args:
        rest: (V, 2) mouth coordinates of the mesh at rest with the lips closed.
        upper, lower: the rows of teeth.
        colours: of the rest.
    """

    def __init__(self, rest: FloatArray, upper: Teeth, lower: Teeth, colours: MouthColours) -> None:
        self._upper, self._lower = upper, lower
        self._cavity, self._tongue = colours.cavity, colours.tongue
        self._chin_rest = rest[list(CHIN)].mean(axis=0)
        self._fit = SkullFit(rest)
        self._line = float(rest[INNER_UPPER[5], 1])

    def draw(self, out: UInt8Array, vertices: FloatArray, tongue: float) -> None:
        """Fills the opening between the lips.

        Args:
            out: uint8 RGB (H, W, 3), changed in place.
            vertices: (V, 2) pixels of the moved mesh.
            tongue: 0 … 1, how far its tip is raised.
        """
        to_picture = self._fit(vertices)
        to_mouth = cv2.invertAffineTransform(to_picture).astype(np.float32)
        pixel = float(np.sqrt(abs(np.linalg.det(to_mouth[:, :2]))))
        upper = _apply(to_mouth, vertices[INNER_UPPER])
        lower = _apply(to_mouth, vertices[INNER_LOWER])
        if float((lower[:, 1] - upper[:, 1]).max()) < 0.1 * pixel:
            return
        jaw = float((_apply(to_mouth, vertices[list(CHIN)]).mean(axis=0) - self._chin_rest)[1])
        left, right = float(upper[0, 0] + lower[0, 0]) / 2, float(upper[-1, 0] + lower[-1, 0]) / 2
        grid = np.linspace(left, right, SAMPLES, dtype=np.float32)
        box = box_around(vertices[np.concatenate([INNER_UPPER, INNER_LOWER])], out.shape)
        _draw_mouth(
            out,
            box,
            to_mouth,
            left,
            right,
            smooth_curve(upper, grid),
            smooth_curve(lower, grid),
            pixel,
            self._upper.rgba,
            self._upper.placing,
            self._lower.rgba,
            self._lower.placing,
            JAW_TO_TEETH * jaw,
            self._line,
            tongue,
            self._cavity,
            self._tongue,
        )


def _apply(matrix: FloatArray, points: FloatArray) -> FloatArray:
    return points @ matrix[:, :2].T + matrix[:, 2]


@njit(cache=True, fastmath=True, nogil=True)
def _step(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


@njit(cache=True, fastmath=True, nogil=True)
def _blend(
    colour: FloatArray,
    sprite: FloatArray,
    placing: FloatArray,
    u: float,
    v: float,
    light: float,
    shadow: FloatArray,
) -> None:
    """Lays the sprite's colour at (u, v) over `colour`; where light is short, it turns to the colour of the shadow."""
    x = min(max((u - placing[0]) * placing[2], 0.0), sprite.shape[1] - 1.001)
    y = (v - placing[1]) * placing[2]
    if y < 0 or y > sprite.shape[0] - 1.001:
        return
    i, j = int(y), int(x)
    fy, fx = y - i, x - j
    w00, w01, w10, w11 = (1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx
    alpha = (
        w00 * sprite[i, j, 3] + w01 * sprite[i, j + 1, 3] + w10 * sprite[i + 1, j, 3] + w11 * sprite[i + 1, j + 1, 3]
    )
    for k in range(3):
        value = w00 * sprite[i, j, k] + w01 * sprite[i, j + 1, k]
        value += w10 * sprite[i + 1, j, k] + w11 * sprite[i + 1, j + 1, k]
        colour[k] += alpha * (value * light + shadow[k] * (1 - light) - colour[k])


@njit(cache=True, fastmath=True, nogil=True)
def _draw_mouth(
    out: UInt8Array,
    box: NDArray[np.int64],
    to_mouth: FloatArray,
    left: float,
    right: float,
    upper: FloatArray,
    lower: FloatArray,
    pixel: float,
    upper_teeth: FloatArray,
    upper_placing: FloatArray,
    lower_teeth: FloatArray,
    lower_placing: FloatArray,
    jaw: float,
    line: float,
    tongue: float,
    cavity_colour: FloatArray,
    tongue_colour: FloatArray,
) -> None:
    width = max(right - left, 1e-6)
    centre = (left + right) / 2
    soft = 1.3 * pixel
    colour = np.zeros(3, np.float32)
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            u = to_mouth[0, 0] * x + to_mouth[0, 1] * y + to_mouth[0, 2]
            v = to_mouth[1, 0] * x + to_mouth[1, 1] * y + to_mouth[1, 2]
            if u <= left or u >= right:
                continue
            s = (u - left) / width * (upper.shape[0] - 1)
            i = min(int(s), upper.shape[0] - 2)
            f = s - i
            above = upper[i] * (1 - f) + upper[i + 1] * f
            below = lower[i] * (1 - f) + lower[i + 1] * f
            covered = (min(v + soft / 2, below) - max(v - soft / 2, above)) / soft
            if covered <= 0:
                continue
            opening = below - above
            aside = abs(u - centre) / (width / 2)
            depth = 0.45 + 0.55 * _step((v - above) / 0.16)
            for k in range(3):
                colour[k] = cavity_colour[k] * depth
            tip = line + jaw * (0.6 - 0.5 * tongue) + 0.02 - 0.015 * tongue + 1.1 * (u - centre) ** 2
            flesh = _step((v - tip) / 0.035) * (0.55 + 0.45 * _step((v - above) / 0.12)) * (1 - 0.6 * aside**3)
            for k in range(3):
                colour[k] += flesh * (tongue_colour[k] - colour[k])
            sides = 1 - 0.75 * min(aside, 1.0) ** 3
            roomy = (0.86 + 0.14 * _step(opening / 0.06)) * _step(opening / (2.5 * pixel))
            low_light = (0.5 + 0.5 * _step((v - above) / 0.11)) * sides * roomy * 0.86
            _blend(colour, lower_teeth, lower_placing, u, v - jaw, low_light, cavity_colour)
            light = (0.68 + 0.32 * _step((v - above) / 0.03)) * sides * roomy
            _blend(colour, upper_teeth, upper_placing, u, v, light, cavity_colour)
            covered = min(covered, 1.0) * _step(opening / (1.5 * pixel))
            for k in range(3):
                out[y, x, k] = np.uint8(out[y, x, k] * (1 - covered) + min(colour[k], 255.0) * covered + 0.5)
