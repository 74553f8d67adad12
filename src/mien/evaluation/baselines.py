"""What any engine has to beat: the real frame with a mouth of no skill in it.

The frozen mean mouth and the nearest one come from frames that are known beforehand (the training part). They are laid into the real frame by
the points of the face that speech does not move, so head, eyes and background are right already, and replace the lower face: nose base to chin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError
from mien.evaluation.regions import hull_mask, iod
from mien.evaluation.shapes import LIPS
from mien.face import Similarity, similarity
from mien.face.topology import ATTENTION_LIPS, FACE_OVAL, RIGID
from mien.types import Image, Landmarks

_JAW = FACE_OVAL[8:29]
"""The part of the face's outline between the ears' lower ends, through the chin."""
_NOSE_BASE = (2, 98, 327)
_LOWER = np.concatenate([_JAW, np.array(_NOSE_BASE, np.int32)])
_MOVED = np.union1d(ATTENTION_LIPS, _JAW)
_FEATHER = 0.06
"""Standard deviation of the seam's blur, IOD."""
_AROUND = 0.25
"""What is kept of a frame around the lower face, IOD."""
_MOST_BYTES = 64 * 2**20
_MOST_MOUTHS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A frame in place of the real one.

    Args:
        image: of the real one's size.
        landmarks: of the face in it, (478, 3).
    """

    image: Image
    landmarks: Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class _Mouth:
    """Args:
    image: a piece of a known frame.
    landmarks: of that frame, from the piece's upper left corner on.
    index: of the frame.
    lips: where they are in the mean face, (40 * 2,).
    """

    image: Image
    landmarks: Landmarks
    index: int
    lips: NDArray[np.float64]


class Baselines:
    """The mean of the known mouths, and up to 500 of them as unlike each other as can be found.

    Memory does not grow with the number of frames, but for 1 KB each while this is made.

    Args:
        frames: the known frames in order, gone through once; uint8 RGB.
        landmarks: of each, float32 (N, 478, 3); NaN where no face is seen. May be a memory map.

    Raises:
        FaceError: no frame with a face.
    """

    def __init__(self, frames: Iterable[Image], landmarks: NDArray[np.float32]) -> None:
        seen = np.flatnonzero(np.isfinite(landmarks[:, 0, 0]))
        if not len(seen):
            raise FaceError("No face is seen in the frames that are known.", hint="Use a video with a clear face.")
        self._middle = _middle(landmarks[seen[:: max(1, len(seen) // 500)]])
        lips, jaws = self._upright(landmarks, seen)
        self._window = _window(jaws)
        wanted = _unlike(lips, self._most())
        self._mean = self._learn(frames, landmarks, dict(zip(seen.tolist(), lips, strict=True)), set(seen[wanted]))
        self._descriptors = np.stack([mouth.lips for mouth in self._mouths])
        self._indices = np.array([mouth.index for mouth in self._mouths])

    def frozen(self, real: Image, landmarks: Landmarks) -> Contender:
        """The real frame with the mean mouth."""
        return self._laid_in(self._mean, real, landmarks)

    def nearest(self, real: Image, landmarks: Landmarks, not_from: range = range(0)) -> Contender:
        """The real frame with the known mouth whose lips are most like its own.

        Args:
            real, landmarks: the frame.
            not_from: known frames that are not used, where known and real frames are of one video.
        """
        onto = similarity(landmarks[RIGID, :2], self._middle[RIGID, :2])
        lips = onto.apply(landmarks[LIPS, :2]).ravel()
        distances = np.square(self._descriptors - lips).sum(axis=1)
        allowed = (self._indices < not_from.start) | (self._indices >= not_from.stop)
        if allowed.any():
            distances = np.where(allowed, distances, np.inf)
        return self._laid_in(self._mouths[int(distances.argmin())], real, landmarks)

    def _upright(
        self, landmarks: NDArray[np.float32], seen: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the lips (N, 80) and the outermost points of the lower face (N, 4) are in the mean face."""
        lips, boxes = np.empty((len(seen), 2 * len(LIPS))), np.empty((len(seen), 4))
        for row, index in enumerate(seen):
            points = landmarks[index, :, :2]
            onto = similarity(points[RIGID], self._middle[RIGID, :2])
            lips[row] = onto.apply(points[LIPS]).ravel()
            lower = onto.apply(points[_LOWER])
            boxes[row] = *lower.min(axis=0), *lower.max(axis=0)
        return lips, np.array([*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)])

    def _most(self) -> int:
        left, top, right, bottom = self._window
        return int(np.clip(_MOST_BYTES // ((right - left) * (bottom - top) * 3), 1, _MOST_MOUTHS))

    def _learn(
        self,
        frames: Iterable[Image],
        landmarks: NDArray[np.float32],
        lips: dict[int, NDArray[np.float64]],
        wanted: set[int],
    ) -> _Mouth:
        """Keeps the wanted mouths and gives the mean of all."""
        left, top, right, bottom = self._window
        total = np.zeros((bottom - top, right - left, 3), np.float64)
        points = np.zeros_like(self._middle)
        self._mouths: list[_Mouth] = []
        for index, (image, face) in enumerate(zip(frames, landmarks, strict=False)):
            if index not in lips:
                continue
            onto = similarity(face[RIGID, :2], self._middle[RIGID, :2])
            total += _warped(image, onto, self._window)
            points[:, :2] += onto.apply(face[:, :2])
            if index in wanted:
                self._mouths.append(_cut(image, face, index, lips[index]))
        mean = np.round(total / len(lips)).astype(np.uint8)
        points = (points / len(lips)).astype(np.float32)
        return _Mouth(mean, _from_corner(points, left, top), -1, np.zeros(0))

    def _laid_in(self, mouth: _Mouth, real: Image, landmarks: Landmarks) -> Contender:
        onto = similarity(mouth.landmarks[RIGID, :2], landmarks[RIGID, :2])
        moved = landmarks.copy()
        moved[_MOVED, :2] = onto.apply(mouth.landmarks[_MOVED, :2])
        both = np.concatenate([landmarks[_LOWER, :2], moved[_LOWER, :2]])

        def placed(piece: Image, corner: tuple[int, int]) -> Image:
            height, width = piece.shape[:2]
            left, top = corner
            return _warped(mouth.image, onto, (left, top, left + width, top + height), behind=piece)

        return Contender(_pasted(real, both, _FEATHER * iod(landmarks), placed), moved)


def previous(real: Image, landmarks: Landmarks, before: Image, landmarks_before: Landmarks) -> Contender:
    """The real frame with the whole face of the frame before it, which stays where it was: what a video gains by its slowness alone."""
    both = np.concatenate([landmarks[FACE_OVAL, :2], landmarks_before[FACE_OVAL, :2]])

    def placed(piece: Image, corner: tuple[int, int]) -> Image:
        height, width = piece.shape[:2]
        left, top = corner
        return before[top : top + height, left : left + width]

    return Contender(_pasted(real, both, _FEATHER * iod(landmarks), placed), landmarks_before)


def _pasted(
    real: Image, hull: NDArray[np.floating], feather: float, placed: Callable[[Image, tuple[int, int]], Image]
) -> Image:
    """The real frame with something else inside a hull, whose edge is soft.

    Args:
        placed: what stands in a piece of the frame, which is given with its upper left corner.
    """
    height, width = real.shape[:2]
    reach = 3 * feather
    left, top = np.clip(np.floor(hull.min(axis=0) - reach), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = (
        np.clip(np.ceil(hull.max(axis=0) + reach), (left + 1, top + 1), (width, height)).astype(int).tolist()
    )
    piece = real[top:bottom, left:right]
    mask = hull_mask(hull - (left, top), (right - left, bottom - top)).astype(np.float32)
    weight = cv2.GaussianBlur(mask, (0, 0), feather)[..., None]
    drawn = real.copy()
    drawn[top:bottom, left:right] = np.round(piece + weight * (placed(piece, (left, top)) - piece.astype(np.float32)))
    return drawn


def _middle(landmarks: NDArray[np.float32]) -> Landmarks:
    """The face of median pose, with the mean shape laid into it."""
    scales = np.linalg.norm(landmarks[:, 263] - landmarks[:, 33], axis=1)
    start = landmarks[int(np.argsort(scales)[len(scales) // 2])]
    laid = [similarity(face[RIGID, :2], start[RIGID, :2]).apply(face[:, :2]) for face in landmarks]
    middle = start.copy()
    middle[:, :2] = np.mean(laid, axis=0)
    return middle


def _window(edges: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """left, top, right, bottom of what is kept in the mean face."""
    around = _AROUND * (edges[2] - edges[0])
    left, top = np.floor(edges[:2] - around).astype(int)
    right, bottom = np.ceil(edges[2:] + around).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _unlike(lips: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Up to so many rows, each the one furthest from all before it.

    Source: Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985).
    """
    if len(lips) <= most:
        return np.arange(len(lips))
    chosen = [0]
    distance = np.square(lips - lips[0]).sum(axis=1)
    while len(chosen) < most:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.square(lips - lips[chosen[-1]]).sum(axis=1))
    return np.array(chosen)


def _cut(image: Image, landmarks: Landmarks, index: int, lips: NDArray[np.float64]) -> _Mouth:
    height, width = image.shape[:2]
    lower, around = landmarks[_LOWER, :2], _AROUND * iod(landmarks)
    left, top = np.clip(np.floor(lower.min(axis=0) - around), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = np.clip(np.ceil(lower.max(axis=0) + around), 1, (width, height)).astype(int).tolist()
    piece = image[top : max(bottom, top + 1), left : max(right, left + 1)].copy()
    return _Mouth(piece, _from_corner(landmarks, left, top), index, lips)


def _from_corner(landmarks: Landmarks, left: int, top: int) -> Landmarks:
    return landmarks - np.array([left, top, 0], np.float32)


def _warped(image: Image, onto: Similarity, window: tuple[int, int, int, int], behind: Image | None = None) -> Image:
    """What a similarity makes of a picture, within a window; beyond its edges what is behind, or the edges themselves."""
    left, top, right, bottom = window
    matrix = np.column_stack([onto.scale * onto.rotation, onto.shift - (left, top)])
    size = (right - left, bottom - top)
    if behind is None:
        return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    drawn = cv2.warpAffine(image, matrix, size, dst=behind.copy(), borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(drawn, np.uint8)
