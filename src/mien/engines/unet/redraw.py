"""Draws the learnt mouth into frames of its video, whether they were learnt from or not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, Reel
from mien.engines.unet.data import Heads, MouthData
from mien.engines.unet.renderer import Renderer
from mien.training import FPS, Dataset
from mien.types import Image

Floats = NDArray[np.float32]


def redraw(
    package: AvatarPackage, dataset: Dataset, frames: slice, coefficients: Floats, closures: Floats
) -> Iterator[Image]:
    """See `mien.types.Redraw`; `closures` are not looked at."""
    data, name = MouthData.load(package), package.manifest.name
    dataset.check_origin(name, data.calibration)
    reel = Reel(dataset.frames(frames.start, frames.stop), len(coefficients), dataset.size, FPS)
    heads = Heads(dataset.person.rotation, dataset.person.scale, dataset.person.shift).part(frames)
    renderer = Renderer(data.over(heads), reel, name)
    for index, (row, seen) in enumerate(zip(coefficients, dataset.seen[frames], strict=True)):
        yield renderer.draw(index, row)() if seen else reel[index]
