"""Draws a speaking face over one frame of the film."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.avatars.film import Frames
from mien.engines.gaussian.compose import lay
from mien.engines.gaussian.data import FaceData
from mien.engines.gaussian.footage import mask
from mien.engines.gaussian.poses import Windows
from mien.engines.gaussian.raster import render
from mien.engines.gaussian.region import FEATHER
from mien.types import Image

Floats = NDArray[np.float32]


class Renderer:
    """One avatar's; sessions may share it.

    Args:
        data: of the face.
        film: of the same avatar.
    """

    def __init__(self, data: FaceData, film: Frames) -> None:
        self.film = film
        self._data = data
        self._values = data.model.frozen()
        self._windows = Windows.around(data.outline, data.poses, film.size, FEATHER)

    def draw(self, frame: int, coefficients: Floats) -> Image:
        """A frame of the film, uint8 RGB (H, W, 3), with the face that `coefficients` (K,) make."""
        data = self._data
        pose = data.poses[frame]
        x, y = self._windows.origin(pose)
        width, height = self._windows.size
        pose = pose.at((x, y))
        kept = np.clip(coefficients, data.limits[0], data.limits[1])
        splats, _ = data.model.splats(self._values(kept), pose)
        drawn, clear, _ = render(splats, (width, height))
        image = self.film[frame].copy()
        lay(image, drawn, clear, mask(data.outline, pose, (width, height)), x, y)
        return image
