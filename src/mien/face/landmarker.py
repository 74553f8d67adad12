"""The 478 landmarks of a face, in one picture or along a video.

Source: MediaPipe's face_landmark_with_attention network (Grishchenko et al., "Attention Mesh", 2020) and the way its
face_landmark_front graph runs it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mien.face.detector import FaceDetector
from mien.face.roi import Roi
from mien.face.session import Network, Tensor
from mien.face.topology import ATTENTION_LEFT_EYE, ATTENTION_LIPS, ATTENTION_RIGHT_EYE, LEFT_IRIS, RIGHT_IRIS
from mien.types import FaceBox, Image, Landmarks

if TYPE_CHECKING:
    from mien.weights import WeightStore

_SIDE = 192
_MIN_SCORE = 0.5
_MIN_ROI = 12.0
"""pixels; a square smaller than that has lost its face."""
_MAX_SETTLING = 4
_SETTLED = 0.02
"""of the square's side: nearer than that the square only circles around its place of rest."""
_AVERAGED = 6
"""Passes around the place of rest whose mean is taken: half as far from the truth as any one of them."""
_THOROUGH_EVERY = 10
"""frames; looking for small faces takes half a second where there are none."""
_EYE_CONTOUR = 16
"""The first landmarks of an attention eye are its lid line; its mean depth is the iris's."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face seen in one picture.

    Args:
        landmarks: float32 (478, 3), pixels.
        score: 0 … 1, how sure the network is that this is a face.
        box: where it was detected, or while tracking, the bounding box of the landmarks.
    """

    landmarks: Landmarks
    score: float
    box: FaceBox


class FaceTracker:
    """Finds landmarks. Not safe for use from several threads at once."""

    def __init__(self, store: WeightStore, threads: int = 1) -> None:
        self.detector = FaceDetector(store, threads)
        self._network = Network(store.path("face-landmarks"), threads)

    def find(self, image: Image, box: FaceBox | None = None) -> Face | None:
        """The landmarks of one face in a single picture.

        The network looks at it several times, its square laid around its own landmarks, so that the result hardly depends
        on where the detector saw the face.

        Args:
            image: the picture.
            box: the face meant; the largest one if None.
        """
        return self._find_in(image, box) if box else self._find_largest(image, thorough=True)

    def track(self, images: Iterable[Image]) -> Iterator[Face | None]:
        """The landmarks along a video, one result for each picture; None where no face is seen.

        The square comes from the previous picture's landmarks; where they are lost, the face is detected again.
        """
        roi: Roi | None = None
        lost = 0
        for image in images:
            face = self._follow(image, roi) if roi is not None else None
            face = face or self._find_largest(image, thorough=lost % _THOROUGH_EVERY == 0)
            roi = Roi.of_landmarks(face.landmarks) if face else None
            lost = 0 if face else lost + 1
            yield face

    def _find_largest(self, image: Image, thorough: bool) -> Face | None:
        for box in self.detector.detect(image, small=thorough):
            face = self._find_in(image, box)
            if face is not None:
                return face
        return None

    def _find_in(self, image: Image, box: FaceBox) -> Face | None:
        roi = Roi.of_box(box)
        for _ in range(_MAX_SETTLING):
            landmarks, score = self._run(image, roi)
            if score < _MIN_SCORE:
                return None
            last, roi = roi, Roi.of_landmarks(landmarks)
            if last.moved_by(roi) < _SETTLED:
                break
        seen, scores = [], []
        for _ in range(_AVERAGED):
            landmarks, score = self._run(image, roi)
            seen.append(landmarks)
            scores.append(score)
            roi = roi.halfway(Roi.of_landmarks(landmarks))
        score = float(np.mean(scores))
        return Face(np.mean(seen, axis=0), score, box) if score >= _MIN_SCORE else None

    def _follow(self, image: Image, roi: Roi) -> Face | None:
        if roi.size < _MIN_ROI:
            return None
        landmarks, score = self._run(image, roi)
        return Face(landmarks, score, _box_of(landmarks, score)) if score >= _MIN_SCORE else None

    def _run(self, image: Image, roi: Roi) -> tuple[Landmarks, float]:
        crop = roi.crop(image, _SIDE)
        outputs = self._network(crop.astype(np.float32) * np.float32(1 / 255))
        points = _merge(outputs)
        points /= _SIDE
        landmarks = np.empty_like(points)
        landmarks[:, :2] = roi.to_image(points[:, :2])
        landmarks[:, 2] = points[:, 2] * roi.size
        return landmarks, 1 / (1 + math.exp(-float(outputs["conv_faceflag"].item())))


def _merge(outputs: dict[str, Tensor]) -> Landmarks:
    """Puts the finer lips, eyes and irises into the mesh; depth stays the mesh's."""
    points = np.empty((478, 3), np.float32)
    points[:468] = outputs["output_mesh_identity"].reshape(468, 3)
    points[ATTENTION_LIPS, :2] = outputs["output_lips"].reshape(-1, 2)
    for eye, iris, side in ((ATTENTION_RIGHT_EYE, RIGHT_IRIS, "left"), (ATTENTION_LEFT_EYE, LEFT_IRIS, "right")):
        points[eye, :2] = outputs[f"output_{side}_eye"].reshape(-1, 2)
        points[iris, :2] = outputs[f"output_{side}_iris"].reshape(-1, 2)
        points[iris, 2] = points[eye[:_EYE_CONTOUR], 2].mean()
    return points


def _box_of(landmarks: Landmarks, score: float) -> FaceBox:
    """What the detector would say of these landmarks."""
    (left, top), (right, bottom) = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    mouth = landmarks[[13, 14]].mean(axis=0)
    keypoints = np.stack([landmarks[468], landmarks[473], landmarks[1], mouth, landmarks[234], landmarks[454]])
    return FaceBox((float(left), float(top), float(right), float(bottom)), score, keypoints[:, :2].copy())
