"""The figures of one video, or of one baseline, beside the real video: frame by frame, then their means."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.evaluation.identity import Embedding, FaceRecognizer
from mien.evaluation.lpips import MIN_SIDE, Lpips
from mien.evaluation.naturalness import Features, Naturalness, patch_features
from mien.evaluation.pictures import Mask, flicker, luma, mean_ssim, psnr, sharpness, ssim_map
from mien.evaluation.regions import face_mask, mouth_mask
from mien.evaluation.shapes import au25, mouth_landmark_distance, shape_distance
from mien.face import au45, eye_aspect_ratio
from mien.types import Image, Landmarks

if TYPE_CHECKING:
    from torch import Tensor

MOST_DB = 100.0
"""PSNR of a frame or region that is the very same: a mean needs a number."""

_DESCRIBED_EVERY_S = 0.12
"""How often a face's fine structure is looked at."""

_LATER_S = 1.0
"""The real face is compared with itself so much later, to know what likeness can be had."""

Better = Literal["higher", "lower", "one", "as_real"]


@dataclass(frozen=True, slots=True)
class Metric:
    """Args:
    name: `METRIC_REGION` where there are several regions.
    better: "one": as near to 1 as possible; "as_real": as near to the real video's.
    digits: behind the point, when it is printed.
    """

    name: str
    better: Better
    digits: int


METRICS = (
    Metric("psnr_whole", "higher", 2),
    Metric("psnr_face", "higher", 2),
    Metric("psnr_mouth", "higher", 2),
    Metric("ssim_whole", "higher", 3),
    Metric("ssim_face", "higher", 3),
    Metric("ssim_mouth", "higher", 3),
    Metric("lpips_whole", "lower", 4),
    Metric("lpips_face", "lower", 4),
    Metric("mouth_px", "lower", 2),
    Metric("mouth_iod", "lower", 4),
    Metric("au25", "lower", 4),
    Metric("au45", "lower", 3),
    Metric("sharpness_face", "one", 2),
    Metric("sharpness_mouth", "one", 2),
    Metric("flicker_face", "as_real", 2),
    Metric("flicker_mouth", "as_real", 2),
    Metric("shape_iod", "lower", 4),
    Metric("identity", "higher", 3),
    Metric("naturalness", "lower", 2),
)
"""All figures, in the order in which they are told."""

Series = Mapping[str, NDArray[np.float64]]
"""By metric: a number for each frame, (N,), NaN where it cannot be told."""


@dataclass(frozen=True, slots=True)
class Judges:
    """Those who need weights.

    Args:
        lpips, identity: None: not asked.
    """

    lpips: Lpips | None = None
    identity: FaceRecognizer | None = None


class Real:
    """A frame of the real video, with what is needed of it more than once.

    Args:
        image: of the frame.
        landmarks: (478, 3); None where no face is seen.
        index: of the frame.
        fps: of the video.
        judges: those who look at it.
    """

    def __init__(self, image: Image, landmarks: Landmarks | None, index: int, fps: float, judges: Judges) -> None:
        self.image, self.landmarks, self.judges = image, landmarks, judges
        self.face: Mask | None = None
        self.mouth: Mask | None = None
        self.box = (slice(0, 0), slice(0, 0))
        self.half = int(index / fps) % 2
        """Of the video: seconds by turns."""
        self.described = index % max(1, round(_DESCRIBED_EVERY_S * fps)) == 0
        if landmarks is not None:
            size = image.shape[1], image.shape[0]
            face = face_mask(landmarks, size)
            left, top, width, height = cv2.boundingRect(face.view(np.uint8))
            if width:
                self.face, self.mouth = face, mouth_mask(landmarks, size)
                self.box = slice(top, top + height), slice(left, left + width)
        self.seen = self.lpips_of(image)
        self.embedding: Embedding | None = None
        if judges.identity is not None and landmarks is not None:
            self.embedding = judges.identity.embedding(image, landmarks)

    def features_of(self, image: Image) -> Features:
        """The fine structure of the piece where the real face is."""
        return patch_features(luma(np.ascontiguousarray(image[self.box])))

    def lpips_of(self, image: Image) -> dict[str, list[Tensor]]:
        """What the network sees in the whole frame and where the real face is."""
        judge = self.judges.lpips
        if judge is None:
            return {}
        pieces = {"lpips_whole": image, "lpips_face": np.ascontiguousarray(image[self.box])}
        return {name: judge.seen(piece) for name, piece in pieces.items() if min(piece.shape[:2]) >= MIN_SIDE}


class Tally:
    """What is measured of one contender; frames come in order, one of `add`, `add_real` and `skip` for each."""

    def __init__(self) -> None:
        self._series: dict[str, list[float]] = {metric.name: [] for metric in METRICS}
        self._recent: deque[tuple[Image, Real]] = deque(maxlen=3)
        self._earlier: deque[Embedding] = deque()
        self._ratios: list[NDArray[np.float32]] = []
        self.naturalness = (Naturalness(), Naturalness())
        """Of the even and of the odd seconds."""

    def add(self, real: Real, image: Image, landmarks: Landmarks | None) -> None:
        """Measures a frame.

        Args:
            real: what should have been seen.
            image: what is seen, of the same size.
            landmarks: of the face in it; None where there is none.
        """
        self._next(landmarks)
        self._in_time(real, image)
        self._pictures(real, image)
        self._shapes(real, landmarks)
        recognizer = real.judges.identity
        if recognizer is not None and real.embedding is not None and landmarks is not None:
            self._note(identity=float(real.embedding @ recognizer.embedding(image, landmarks)))

    def add_real(self, real: Real, fps: float) -> None:
        """Measures what can be told of a real frame alone: steadiness, fine structure, likeness to the same face a second before."""
        self._next(real.landmarks)
        self._in_time(real, real.image)
        if real.embedding is not None:
            self._earlier.append(real.embedding)
            if len(self._earlier) > round(_LATER_S * fps):
                self._note(identity=float(self._earlier.popleft() @ real.embedding))

    def skip(self) -> None:
        """There is no such frame."""
        self._next(None)
        self._recent.clear()

    def latest(self, name: str) -> float:
        """The last frame's figure."""
        return self._series[name][-1]

    def series(self) -> Series:
        """What has been measured so far; `au45` and `naturalness` are none of single frames."""
        return {name: np.array(values) for name, values in self._series.items() if not np.isnan(values).all()}

    def blinks(self) -> NDArray[np.float32]:
        """How far the eyes are shut in each frame, (N, 2); NaN where no face is seen."""
        ratios = np.array(self._ratios).reshape(-1, 2)
        return np.where(np.isnan(ratios), np.nan, au45(ratios)).astype(np.float32)

    def _next(self, landmarks: Landmarks | None) -> None:
        for values in self._series.values():
            values.append(math.nan)
        nobody = np.full(2, np.nan, np.float32)
        self._ratios.append(nobody if landmarks is None else eye_aspect_ratio(landmarks))

    def _note(self, **values: float) -> None:
        for name, value in values.items():
            self._series[name][-1] = value

    def _in_time(self, real: Real, image: Image) -> None:
        if real.described and real.face is not None:
            self.naturalness[real.half].add(real.features_of(image))
        self._recent.append((image, real))
        if len(self._recent) < 3:
            return
        (before, _), (now, middle), (after, _) = self._recent
        for name, mask in (("flicker_face", middle.face), ("flicker_mouth", middle.mouth)):
            if mask is not None:
                self._series[name][-2] = flicker(before, now, after, mask)

    def _pictures(self, real: Real, image: Image) -> None:
        similarity = ssim_map(real.image, image)
        self._note(psnr_whole=min(psnr(image, real.image), MOST_DB), ssim_whole=mean_ssim(similarity))
        for region, mask in (("face", real.face), ("mouth", real.mouth)):
            if mask is None:
                continue
            detail, true = sharpness(image, mask), sharpness(real.image, mask)
            found = {"psnr": min(psnr(image, real.image, mask), MOST_DB), "ssim": mean_ssim(similarity, mask)}
            found["sharpness"] = detail / true if true else math.nan
            self._note(**{f"{name}_{region}": value for name, value in found.items()})
        if (judge := real.judges.lpips) is not None:
            seen = real.lpips_of(image)
            self._note(**{name: judge.distance(seen[name], real.seen[name]) for name in seen})

    def _shapes(self, real: Real, landmarks: Landmarks | None) -> None:
        if landmarks is None or real.landmarks is None:
            return
        mouth = mouth_landmark_distance(landmarks, real.landmarks)
        shape = shape_distance(landmarks, real.landmarks)
        parted = abs(au25(landmarks) - au25(real.landmarks))
        self._note(mouth_px=mouth.px, mouth_iod=mouth.iod, shape_iod=shape.iod, au25=parted)


def mean(values: NDArray[np.floating]) -> float | None:
    """Over the frames that have a number; None if none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
