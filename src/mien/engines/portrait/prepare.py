"""A picture becomes a portrait: its face, the person cut out, the line where the lips meet."""

from __future__ import annotations

import cv2
import numpy as np

from mien.avatars import AvatarPackage, PackageBuilder
from mien.engines.portrait.contours import settle_lids, settle_lips
from mien.face import FaceTracker, Matting, require_face
from mien.settings import Settings
from mien.types import Image, Landmarks, Matte, Progress, Report
from mien.weights import WeightStore

LONGEST_SIDE = 1920
"""pixels; larger pictures are made smaller, for no video is larger."""


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
    """What `prepare` stored."""
    arrays = package.arrays("face")
    matte = (arrays["matte"].astype(np.float32) / 255).astype(np.float32)
    return package.image("picture"), matte, arrays["landmarks"]


def _limited(picture: Image) -> Image:
    scale = LONGEST_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
