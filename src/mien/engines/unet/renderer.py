"""Draws a mouth into one frame of the film."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mien.avatars.film import Frames
from mien.engines.unet.crop import cut
from mien.engines.unet.data import MouthData
from mien.face.batch import Batch
from mien.types import Image, Later

Floats = NDArray[np.float32]


class Renderer:
    """One avatar's; sessions may share it.

    Args:
        data: of the mouth.
        film: of the same avatar.
        name: of the avatar, for errors.
    """

    def __init__(self, data: MouthData, film: Frames, name: str) -> None:
        self.film, self.calibration = film, data.calibration
        self._data = data
        self._told = data.heads.told()
        network = data.opened(name)
        self._batch = Batch(lambda crop, features: network.run(None, {"crop": crop, "features": features})[0])

    def draw(self, frame: int, coefficients: Floats) -> Later:
        """A frame of the film, uint8 RGB (H, W, 3), with the mouth that `coefficients` (K,) make; several are drawn by one call of the network."""
        data = self._data
        film = self.film[frame]
        place = data.heads.place(data.crop, frame)
        features = data.scope.features(coefficients[None], self._told[frame : frame + 1])
        mouth = self._batch.ask(cut(film, place), features[0])

        @cache
        def laid() -> Image:
            image = film.copy()
            data.crop.lay(image, mouth(), place)
            return image

        return laid
