from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.engines.gaussian.conftest import SIZE

from mien.avatars import AvatarPackage
from mien.engines.gaussian.data import FaceData
from mien.engines.gaussian.export import export
from mien.engines.gaussian.footage import mask
from mien.engines.gaussian.ply import read_ply
from mien.engines.gaussian.raster import Splats2D, project, render
from mien.errors import AlreadyExistsError, OutputError
from mien.studio import export_splats


def test_the_file_holds_the_face_at_rest(package: AvatarPackage, tmp_path: Path):
    """Drawn from the front, what is read back is what the engine itself draws at rest."""
    path = tmp_path / "face.ply"
    data = FaceData.load(package)
    count = export(package, path)
    found = read_ply(path)
    assert len(found.opacity) == count > 0.5 * len(data.model.torso)
    assert np.linalg.norm(found.position.mean(axis=0)) < 1, "IOD, around the middle of the head"
    pose = replace(data.poses[0], torso=np.zeros(2, np.float32))
    values = data.model.values(np.clip(data.calibration.neutral, *data.limits).astype(np.float32))
    own, _ = data.model.splats(values, pose)
    placed = project(found.position, found.log_scale, found.quaternion, pose.rotation, pose.scale, pose.shift)
    read = Splats2D(placed.mean, placed.conic, found.opacity, found.colour, placed.depth)
    (drawn, *_), (expected, *_) = (render(splats, (SIZE, SIZE)) for splats in (read, own))
    inner = mask(data.outline, pose, (SIZE, SIZE)) > 0.99
    assert expected[inner].mean() > 0.1
    assert np.abs(drawn - expected)[inner].mean() < 0.01
    assert np.abs(drawn - expected)[inner].max() < 0.3
    far = cv2.dilate((mask(data.outline, pose, (SIZE, SIZE)) > 0).astype(np.uint8), np.ones((25, 25))) == 0
    assert drawn[far].max() < 0.1, "nothing of the background"


def test_a_file_is_not_replaced_by_accident(package: AvatarPackage, tmp_path: Path):
    path = tmp_path / "face.ply"
    assert export_splats(package, path) > 100
    with pytest.raises(AlreadyExistsError):
        export_splats(package, path)
    assert export_splats(package, path, overwrite=True) > 100
    with pytest.raises(OutputError):
        export_splats(package, tmp_path / "nowhere" / "face.ply")
