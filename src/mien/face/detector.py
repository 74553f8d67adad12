"""Finds faces: MediaPipe's short-range BlazeFace on the whole picture, then on ever smaller tiles.

Source: BlazeFace (Bazarevsky et al., 2019); anchors and thresholds of MediaPipe's face_detection_short_range graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.face.roi import Roi
from mien.face.session import Network
from mien.types import FaceBox, Image

if TYPE_CHECKING:
    from mien.weights import WeightStore

_SIDE = 128
_MIN_SCORE = 0.5
_MIN_OVERLAP = 0.3
_SURE_SCORE = 0.85
"""An upright face that fills a good part of what is looked at scores more than this; a face on its side, and what is none,
scores less."""
_CLOSE_SCORE = 0.75
"""Looked at closely and turned upright, faces in photographs and paintings score 0.82 and more, false ones up to 0.7."""
_CLOSE_SIZE = 2.5
"""How much larger than the face a close look is."""
_TURNS = (0.0, math.pi / 2, -math.pi / 2, math.pi)
_MIN_TILE = 64
"""pixels; enlarging more than twice shows the network nothing."""
_TILE_LEVELS = (2, 4, 8)
"""tiles of the picture's long side divided by this; the network finds faces down to about a sixth of what it is shown."""


class FaceDetector:
    """Finds faces in pictures. Not safe for use from several threads at once."""

    def __init__(self, store: WeightStore, threads: int = 1) -> None:
        self._network = Network(store.path("face-detector"), threads)
        self._anchors = _anchors()

    def detect(self, image: Image, small: bool = True) -> list[FaceBox]:
        """The faces of a picture, the largest first.

        Looks at the whole picture, then at the whole turned, then at ever smaller parts, and stops where it has found
        any: small faces beside a large one are not looked for.

        Args:
            image: the picture.
            small: look at parts, too; a large picture without a face then takes about half a second.
        """
        views = _Views(image)
        whole = views.whole
        found = self._certain(views, [whole])
        if not found:
            found = self._certain(views, [replace(whole, angle=turn) for turn in _TURNS[1:]])
        for parts in _TILE_LEVELS if small else ():
            if found or whole.size / parts < _MIN_TILE:
                break
            found = self._certain(views, _tiles(image, whole.size / parts))
        return sorted(found, key=lambda face: -_area(face))

    def _certain(self, views: _Views, rois: list[Roi]) -> list[FaceBox]:
        """The faces in these squares, less those that a closer look does not confirm."""
        candidates = [face for roi in rois for face in self._look(views, roi)]
        faces: list[FaceBox] = []
        for candidate in sorted(candidates, key=lambda face: -face.score):
            if any(_overlap(candidate, face) > _MIN_OVERLAP for face in faces):
                continue
            face = candidate if candidate.score >= _SURE_SCORE else self._look_closely(views, candidate)
            if face is not None and not any(_overlap(face, other) > _MIN_OVERLAP for other in faces):
                faces.append(face)
        return faces

    def _look_closely(self, views: _Views, candidate: FaceBox) -> FaceBox | None:
        """The candidate as it is seen best when it is turned."""
        close = replace(Roi.of_box(candidate), size=_CLOSE_SIZE * _side(candidate))
        seen = [face for turn in _TURNS for face in self._look(views, replace(close, angle=turn))]
        same = [face for face in seen if _overlap(face, candidate) > _MIN_OVERLAP and face.score >= _CLOSE_SCORE]
        return max(same, key=lambda face: face.score, default=None)

    def _look(self, views: _Views, roi: Roi) -> list[FaceBox]:
        """Faces inside one square, found in a single run of the network."""
        outputs = self._network(views.crop(roi).astype(np.float32) * np.float32(1 / 127.5) - np.float32(1))
        scores = 1 / (1 + np.exp(-np.clip(outputs["classificators"][0, :, 0], -80, 80)))
        kept = np.flatnonzero(scores >= _MIN_SCORE)
        points = outputs["regressors"][0, kept].reshape(-1, 8, 2) * np.float32(1 / _SIDE)  # centre, size, 6 keypoints
        points[:, 0] += self._anchors[kept]
        points[:, 2:] += self._anchors[kept, None]
        return [_face(roi, part, score) for part, score in _suppress(points, scores[kept])]


class _Views:
    """Squares of one picture as the network's input; black outside the picture.

    A large square is taken from a picture shrunk by averaging, because single pixels taken from afar do not show a face
    well.
    """

    def __init__(self, image: Image) -> None:
        self.whole = Roi.around(image)
        self._shrunk = [image]

    def crop(self, roi: Roi) -> Image:
        level = max(0, int(math.log2(max(roi.size, 1) / _SIDE)))
        while len(self._shrunk) <= level:
            last = self._shrunk[-1]
            half = -(-last.shape[1] // 2), -(-last.shape[0] // 2)
            self._shrunk.append(np.asarray(cv2.resize(last, half, interpolation=cv2.INTER_AREA), np.uint8))
        height, width = self._shrunk[0].shape[:2]
        image = self._shrunk[level]
        scale_x, scale_y = image.shape[1] / width, image.shape[0] / height
        near = replace(roi, x=roi.x * scale_x, y=roi.y * scale_y, size=roi.size * (scale_x + scale_y) / 2)
        return near.crop(image, _SIDE, cv2.BORDER_CONSTANT)


def _anchors() -> NDArray[np.float32]:
    """Centres (896, 2) as fractions: two to each cell of a 16 × 16 grid, six to each of an 8 × 8 grid."""
    grids = []
    for cells, count in ((16, 2), (8, 6)):
        y, x = np.divmod(np.arange(cells * cells), cells)
        grids.append(np.repeat((np.stack([x, y], axis=1) + 0.5) / cells, count, axis=0))
    return np.concatenate(grids).astype(np.float32)


def _suppress(points: NDArray[np.float32], scores: NDArray[np.floating]) -> Iterator[tuple[NDArray[np.float32], float]]:
    """MediaPipe's weighted non-maximum suppression: each best face becomes the mean of those that overlap it."""
    low, high = points[:, 0] - points[:, 1] / 2, points[:, 0] + points[:, 1] / 2
    left = np.argsort(-scores, kind="stable")
    while len(left):
        best = left[0]
        shared = np.clip(np.minimum(high[left], high[best]) - np.maximum(low[left], low[best]), 0, None).prod(axis=1)
        union = points[left, 1].prod(axis=1) + points[best, 1].prod() - shared
        same = shared > _MIN_OVERLAP * union
        same[0] = True
        group = left[same]
        yield np.average(points[group], axis=0, weights=scores[group]).astype(np.float32), float(scores[best])
        left = left[~same]


def _face(roi: Roi, points: NDArray[np.float32], score: float) -> FaceBox:
    centre, size = points[0], points[1]
    corners = roi.to_image(centre + size / 2 * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]))
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    box = (float(left), float(top), float(right), float(bottom))
    return FaceBox(box, score, roi.to_image(points[2:]).astype(np.float32))


def _tiles(image: Image, size: float) -> list[Roi]:
    """Squares that cover the picture, each overlapping the next by half."""
    height, width = image.shape[:2]
    rows, columns = (max(1, math.ceil(2 * (length - size) / size) + 1) for length in (height, width))
    return [
        Roi(_spread(column, columns, width, size), _spread(row, rows, height, size), size)
        for row in range(rows)
        for column in range(columns)
    ]


def _spread(index: int, count: int, length: int, size: float) -> float:
    return length / 2 if count == 1 else size / 2 + (length - size) * index / (count - 1)


def _side(face: FaceBox) -> float:
    left, top, right, bottom = face.box_xyxy
    return max(right - left, bottom - top)


def _area(face: FaceBox) -> float:
    left, top, right, bottom = face.box_xyxy
    return (right - left) * (bottom - top)


def _overlap(one: FaceBox, other: FaceBox) -> float:
    """Intersection over union."""
    (a, b, c, d), (e, f, g, h) = one.box_xyxy, other.box_xyxy
    shared = max(min(c, g) - max(a, e), 0) * max(min(d, h) - max(b, f), 0)
    return shared / (_area(one) + _area(other) - shared)
