"""What a Wav2Lip avatar shows: one picture or a film, and where the face is in each frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, Film
from mien.avatars.film import Frames
from mien.engines.wav2lip.spec import Wav2LipOptions
from mien.errors import PackageError, UsageError
from mien.face.align import similarity
from mien.face.pose import CANONICAL_INDICES, CANONICAL_POINTS
from mien.types import Image

FloatArray = NDArray[np.float32]

PICTURE, FACES, FILM = "picture", "faces", "film.mp4"
"""Names in the package."""

_HEAD_CROP = 2.0
"""Side of a head crop, in heights of the face."""
_LEAST_SPREAD = 10.0
"""pixels; far below that of the smallest face that `require_face` takes."""
_UNLIKE_A_FACE = 0.6
"""of the spread of a face's points: seen from the side it is up to 0.4 off an average face, random points 0.9."""


class Still:
    """One picture in the place of a film.

    Args:
        image: uint8 RGB (H, W, 3).
        fps: frames per second at which it is shown.
    """

    def __init__(self, image: Image, fps: float) -> None:
        self.fps, self.size = fps, (image.shape[1], image.shape[0])
        self._image = image

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Image:
        return self._image

    def order(self, position: int) -> int:
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """What a session draws into.

    Args:
        frames: pictures and their order.
        landmarks: float32 (N, 478, 2), pixels of each frame, from the corner of the first one.
        seen: (N,), a face is seen in it.
    """

    frames: Frames
    landmarks: FloatArray
    seen: NDArray[np.bool_]


def load(package: AvatarPackage, options: Wav2LipOptions) -> Footage:
    """What an avatar shows with these options.

    Raises:
        PackageError: something is missing, or does not fit together.
        UsageError: a film was asked for with another size or frame rate than its own.
    """
    arrays = package.arrays(FACES)
    landmarks, seen = arrays.get("landmarks"), arrays.get("seen")
    if landmarks is None or seen is None or not _are_faces(landmarks, seen):
        raise _broken(package, "its landmarks are not those of faces")
    if FILM in package.manifest.files:
        default = Wav2LipOptions()
        if any(getattr(options, name) != getattr(default, name) for name in ("fps", "frame", "size")):
            raise UsageError(
                f"The avatar {package.manifest.name!r} is a film: its size and frame rate are its own.",
                hint="Leave fps, frame and size out.",
            )
        film = Film.open(package)
        if len(film) != len(seen):
            raise _broken(package, "its film has another length than what is known of it")
        return Footage(film, landmarks, seen)
    picture = package.image(PICTURE)
    if len(seen) != 1:
        raise _broken(package, "one picture cannot have several faces")
    image, points = _whole(picture, landmarks[0])
    if options.frame == "head":
        image, points = _head(picture, landmarks[0], options.size)
    return Footage(Still(image, options.fps), points[None], seen)


def _are_faces(landmarks: NDArray[Any], seen: NDArray[Any]) -> bool:
    if seen.dtype != np.bool_ or seen.ndim != 1 or not seen.any():
        return False
    if landmarks.dtype != np.float32 or landmarks.shape != (len(seen), 478, 2) or not np.isfinite(landmarks).all():
        return False
    # Depth is not kept: the average face is laid flat as well.
    flat = np.array([1.0, 1.0, 0.0])
    points = np.zeros(CANONICAL_POINTS.shape)
    points[:, :2] = landmarks[int(seen.argmax())][CANONICAL_INDICES]
    spread = float(np.square(points - points.mean(axis=0)).sum())
    if spread < _LEAST_SPREAD**2:
        return False
    wrong = points - similarity(CANONICAL_POINTS * flat, points).apply(CANONICAL_POINTS * flat)
    return float(np.square(wrong).sum()) < _UNLIKE_A_FACE**2 * spread


def _broken(package: AvatarPackage, why: str) -> PackageError:
    return PackageError(
        f"The avatar {package.manifest.name!r} ({package.where}) is not whole: {why}.",
        hint="Create it anew from its picture or video.",
    )


def _head(picture: Image, points: FloatArray, size: int) -> tuple[Image, FloatArray]:
    """A square around the head; smaller than wished for where the picture ends."""
    low, high = points.min(axis=0), points.max(axis=0)
    height, width = picture.shape[:2]
    side = round(min(_HEAD_CROP * float(high[1] - low[1]), height, width))
    left, top = np.clip(np.rint((low + high) / 2 - side / 2), 0, (width - side, height - side)).astype(int).tolist()
    cut = picture[top : top + side, left : left + side]
    interpolation = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    moved = (points - np.array([left, top], np.float32)) * np.float32(size / side)
    return np.asarray(cv2.resize(cut, (size, size), interpolation=interpolation), np.uint8), moved.astype(np.float32)


def _whole(picture: Image, points: FloatArray) -> tuple[Image, FloatArray]:
    """All of it, an even number of pixels wide and high."""
    height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
    return np.ascontiguousarray(picture[:height, :width]), points
