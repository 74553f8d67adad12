"""A picture becomes a portrait: its face, the person cut out, the line where the lips meet."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, PackageBuilder
from mien.engines.portrait.contours import settle_lids, settle_lips
from mien.errors import PackageError
from mien.face import FaceTracker, Matting, require_face
from mien.face.align import similarity
from mien.face.pose import CANONICAL_INDICES, CANONICAL_POINTS
from mien.settings import Settings
from mien.types import Image, Landmarks, Matte, Progress, Report
from mien.weights import WeightStore

LONGEST_SIDE = 1920
"""pixels; larger pictures are made smaller, for no video is larger."""
_LEAST_SPREAD = 10.0
"""pixels; far below that of the smallest face that `require_face` takes."""
_UNLIKE_A_FACE = 0.4
"""of the spread of a face's points: photos, paintings and cartoons are up to 0.08 off an average face, random points 0.9."""


def prepare(source: Image, package: PackageBuilder, settings: Settings, report: Report) -> list[str]:
    """Makes a portrait's data; see `mien.types.engine.Prepare`."""
    store = WeightStore.from_settings(settings)
    picture = _limited(source)
    report(Progress("analyse", 0, 3, "steps"))
    face, remarks = require_face(picture, FaceTracker(store, settings.threads))
    report(Progress("analyse", 1, 3, "steps"))
    matte = Matting(store, settings.threads).matte(picture, face)
    report(Progress("analyse", 2, 3, "steps"))
    package.add_image("picture", picture)
    landmarks = settle_lids(picture, settle_lips(picture, face.landmarks))
    package.add_arrays("face", {"landmarks": landmarks, "matte": np.rint(matte * 255).astype(np.uint8)})
    report(Progress("analyse", 3, 3, "steps"))
    return remarks


def load(package: AvatarPackage) -> tuple[Image, Matte, Landmarks]:
    """What `prepare` stored.

    Raises:
        PackageError: something is missing, or it is no portrait: the drawing loops trust what this gives them.
    """
    picture, arrays = package.image("picture"), package.arrays("face")
    matte, landmarks = arrays.get("matte"), arrays.get("landmarks")
    if matte is None or matte.dtype != np.uint8 or matte.shape != picture.shape[:2]:
        raise _no_portrait(package, "its matte does not fit its picture")
    if landmarks is None or not _is_face(landmarks, max(picture.shape)):
        raise _no_portrait(package, "its landmarks are not those of a face")
    return picture, matte.astype(np.float32) / np.float32(255), landmarks


def _is_face(landmarks: NDArray[Any], side: int) -> bool:
    """Whether these can be landmarks of a face in a picture whose longer side has `side` pixels."""
    if landmarks.dtype != np.float32 or landmarks.shape != (478, 3) or not np.isfinite(landmarks).all():
        return False
    points = landmarks[CANONICAL_INDICES].astype(np.float64)
    spread = float(np.square(points - points.mean(axis=0)).sum())
    if np.abs(landmarks).max() > 2 * side or spread < _LEAST_SPREAD**2:
        return False
    wrong = points - similarity(CANONICAL_POINTS, points).apply(CANONICAL_POINTS)
    return float(np.square(wrong).sum()) < _UNLIKE_A_FACE**2 * spread


def _no_portrait(package: AvatarPackage, why: str) -> PackageError:
    return PackageError(
        f"The avatar {package.manifest.name!r} ({package.where}) is no portrait: {why}.",
        hint="Create it anew from its picture.",
    )


def _limited(picture: Image) -> Image:
    scale = LONGEST_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
