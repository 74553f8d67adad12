"""Draws the learnt face over frames of its video, whether they were learnt from or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, Reel
from mien.engines.gaussian.data import FaceData
from mien.engines.gaussian.poses import Poses, Windows
from mien.engines.gaussian.reference import Reference
from mien.engines.gaussian.region import FEATHER
from mien.engines.gaussian.register import find_head
from mien.engines.gaussian.renderer import Renderer
from mien.training import FPS, Dataset
from mien.types import Image

Floats = NDArray[np.float32]


def redraw(
    package: AvatarPackage, dataset: Dataset, frames: slice, coefficients: Floats, closures: Floats
) -> Iterator[Image]:
    """See `mien.types.Redraw`. Heads are found as in the frames of a film; `closures` are not looked at."""
    data = FaceData.load(package)
    dataset.check_origin(package.manifest.name, data.calibration)
    reference = Reference.of(dataset)
    poses = reference.poses.part(frames)
    reel = Reel(_found(data, dataset, frames, reference, poses), len(coefficients), dataset.size, FPS)
    renderer = Renderer(replace(data, poses=poses), reel)
    for index, (row, seen) in enumerate(zip(coefficients, dataset.seen[frames], strict=True)):
        image = reel[index]
        yield renderer.draw(index, row) if seen else image


def _found(data: FaceData, dataset: Dataset, frames: slice, reference: Reference, poses: Poses) -> Iterator[Image]:
    """The frames; `poses` are those of the heads in them as soon as a frame is given."""
    neck, region = reference.neck(), reference.region
    windows = Windows.around(region.outline, poses, dataset.size, FEATHER)
    width, height = windows.size
    for index, image in enumerate(dataset.frames(frames.start, frames.stop)):
        number = frames.start + index
        poses.torso[index] = neck.follow(image, poses[index])
        if dataset.seen[number]:
            x, y = windows.origin(poses[index])
            real = image[y : y + height, x : x + width] * np.float32(1 / 255)
            tracked = dataset.person.expression[number]
            poses[index] = find_head(data.model, region, tracked, poses[index].at((x, y)), real).at((-x, -y))
        yield image
