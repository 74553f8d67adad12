"""A gaussian avatar's face as a file that viewers and editors of splats read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mien.avatars import AvatarPackage
from mien.engines.gaussian.data import FaceData
from mien.engines.gaussian.model import CHANNELS, PLACE
from mien.engines.gaussian.ply import Gaussians, write_ply


def export(package: AvatarPackage, path: Path) -> int:
    """Writes the face at rest, as 3D Gaussian Splatting's .ply; see `mien.types.ExportSplats`.

    The unit is the distance between the outer corners of the eyes; x right, y down, z away from the viewer. What the mask hides of the
    background around the face is left out.
    """
    data = FaceData.load(package)
    model = data.model
    rest = np.clip(data.calibration.neutral, *data.limits).astype(np.float32)
    values = model.values(rest)
    opacity = 1 / (1 + np.exp(-values[:, CHANNELS - 1].astype(np.float64)))
    outline = np.ascontiguousarray(data.outline[:, :2])
    shown = np.array([cv2.pointPolygonTest(outline, place.tolist(), False) >= 0 for place in values[:, :2]])
    gaussians = Gaussians(
        position=values[shown, :PLACE],
        log_scale=model.log_scale[shown],
        quaternion=model.quaternion[shown],
        opacity=opacity[shown].astype(np.float32),
        colour=values[shown, PLACE : CHANNELS - 1],
    )
    write_ply(path, gaussians)
    return int(shown.sum())
