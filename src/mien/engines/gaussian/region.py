"""What of a face is drawn: the part that speech moves, from the cheeks down over the jaw line to a band of the neck.

Convention: person space, as in `mien.training.Person`: unit IOD, x to the image's right, y down, z away from the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.face.topology import FACE_OVAL, LIPS_INNER, LIPS_OUTER, N_MESH, triangles

Floats = NDArray[np.float32]

_SKIN_TRIANGLES = 852
_JAW_FROM, _JAW_TO = 454, 234
_CHEEKS = (234, 116, 118, 101, 142, 198, 5, 420, 371, 330, 347, 345, 454)
"""Upper edge, from the ear on the image's left over the tip of the nose to the other: beneath it everything may move with speech."""
_ABOVE = 0.25
"""IOD; the drawn part reaches so far beyond the mask's upper edge, so that the edge shows two skins, never a hole."""
_RINGS = ((0.09, 0.6, 0.3), (0.22, 0.2, 0.8), (0.42, 0.0, 1.0))
"""Of each ring around the jaw: its distance at the chin in IOD, how much it follows the jaw, how much the torso."""
_MARGINS = (-0.04, 0.06)
"""IOD; the mask reaches so far beyond the jaw line: beside the ears, where background begins, and beyond the lowest chin that was seen."""
FEATHER = 0.07
"""IOD; half the width of the mask's soft edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The drawn part of one person's face.

    Args:
        vertices: (V, 3); the first 468 are the face's landmarks, then rings around the jaw.
        basis: (K, V, 3), how each expression coefficient moves them.
        torso: (V,), how much of the torso's own movement they follow, 0 … 1.
        triangles: int32 (T, 3), skin only: eyes and mouth are open.
        outline: (P, 3), the polygon that the mask fills; it does not move with the expression.
    """

    vertices: Floats
    basis: Floats
    torso: Floats
    triangles: NDArray[np.int32]
    outline: Floats

    @classmethod
    def of(cls, mean: Floats, basis: Floats, expression: Floats) -> Region:
        """The region of a person.

        Args:
            mean: (478, 3).
            basis: (K, 478, 3).
            expression: (N, K), finite; all that was seen, which says how far the jaw goes.
        """
        jaw = _between(FACE_OVAL, _JAW_FROM, _JAW_TO)
        centre = (mean[_JAW_FROM] + mean[_JAW_TO]) / 2
        away = mean[jaw] - centre
        away[:, 2] = 0
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        below = np.clip(away[:, 1], 0, 1)  # 0 beside the ears, 1 under the chin
        backwards = np.array([0, 0, 0.5], np.float32)
        rings, ring_basis, ring_torso = [], [], []
        for distance, follow, torso in _RINGS:
            reach = distance * (0.4 + 0.6 * below)[:, None]
            rings.append(mean[jaw] + reach * (away + backwards))
            ring_basis.append(basis[:, jaw] * follow)
            ring_torso.append(torso * np.clip(2 * below - 0.4, 0, 1))
        vertices = np.concatenate([mean[:N_MESH], *rings]).astype(np.float32)
        lowest = float(np.einsum("nk,kj->nj", expression, basis[:, jaw, 1]).max(initial=0.0))
        beyond = np.interp(below, (0.0, 0.5), _MARGINS) + lowest * below * below
        edge = mean[jaw] + beyond[:, None] * away
        outline = np.concatenate([mean[list(_CHEEKS)], edge[1:-1]]).astype(np.float32)
        skin = triangles()[:_SKIN_TRIANGLES]
        near = np.array([_inside(outline[:, :2], point[:2]) > -_ABOVE for point in vertices])
        sheet = np.concatenate([skin[near[skin].all(axis=1)], _bands(jaw, len(_RINGS))])
        return cls(
            vertices=vertices,
            basis=np.concatenate([basis[:, :N_MESH], *ring_basis], axis=1).astype(np.float32),
            torso=np.concatenate([np.zeros(N_MESH), *ring_torso]).astype(np.float32),
            triangles=sheet.astype(np.int32),
            outline=outline,
        )

    def lips(self, outer: bool) -> Floats:
        """(20, 3), the ring of the lips in the mean face."""
        return self.vertices[LIPS_OUTER if outer else LIPS_INNER]


def _between(ring: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
    start, stop = (int(np.flatnonzero(ring == index)[0]) for index in (first, last))
    return ring[start : stop + 1]


def _bands(jaw: NDArray[np.int32], rings: int) -> NDArray[np.int32]:
    count = len(jaw)
    levels = [jaw, *(N_MESH + ring * count + np.arange(count, dtype=np.int32) for ring in range(rings))]
    faces = []
    for inner, outer in pairwise(levels):
        faces.append(np.stack([inner[:-1], outer[:-1], inner[1:]], axis=1))
        faces.append(np.stack([inner[1:], outer[:-1], outer[1:]], axis=1))
    return np.concatenate(faces)


def _inside(polygon: Floats, point: Floats) -> float:
    """Distance to the polygon's edge; negative outside."""
    return cv2.pointPolygonTest(polygon[:, None], (float(point[0]), float(point[1])), True)


def soft_polygon(points: Floats, feather: float, size: tuple[int, int]) -> Floats:
    """A filled polygon whose edge rises smoothly from 0 to 1.

    Args:
        points: (P, 2), pixels.
        feather: half the width of the edge, pixels.
        size: width, height of the result.

    Returns:
        float32 (height, width), 0 … 1; 0 on the rim of the picture, too.
    """
    width, height = size
    filled = np.zeros((height, width), np.uint8)
    shift = 4
    cv2.fillPoly(filled, [np.rint(points * (1 << shift)).astype(np.int32)], 255, cv2.LINE_AA, shift)
    side = max(1, round(feather)) * 2 + 1
    # Two boxes make a ramp without kinks; outside the picture lies 0.
    soft = cv2.boxFilter(filled, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
    soft = cv2.boxFilter(soft, cv2.CV_32F, (side, side), borderType=cv2.BORDER_CONSTANT)
    return soft * np.float32(1 / 255)
