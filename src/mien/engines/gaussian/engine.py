"""The gaussian engine: sessions that speak with a face learnt from a video."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numba.core import config
from numpy.typing import NDArray

from mien.avatars import AvatarPackage
from mien.avatars.film import Film
from mien.engines.gaussian.spec import SPEC, GaussianOptions
from mien.motion.personal import PersonalPerformance
from mien.motion.session import PerformedSession
from mien.settings import Settings
from mien.types import AvatarFrame, Image

if TYPE_CHECKING:
    from mien.engines.gaussian.renderer import Renderer


class GaussianEngine:
    """Holds nothing heavy: all a face needs is in its package."""

    spec = SPEC

    def __init__(self, settings: Settings) -> None:
        # Numba asks for this folder when it meets a function: the drawing loops are imported after it is set.
        config.CACHE_DIR = str(settings.cache_dir / "numba")  # pyright: ignore[reportAttributeAccessIssue]

    def open(self, avatar: AvatarPackage, options: GaussianOptions) -> GaussianSession:
        """Starts a stream; see `mien.types.Engine`."""
        from mien.engines.gaussian.data import FaceData
        from mien.engines.gaussian.renderer import Renderer

        film, data = Film.open(avatar), FaceData.load(avatar)
        data.check_film(len(film), avatar.manifest.name)
        performance = PersonalPerformance(data.calibration, fps=film.fps, driver=options.driver)
        return GaussianSession(Renderer(data, film), performance)


class GaussianSession(PerformedSession):
    """One stream; see `mien.types.RenderSession`."""

    def __init__(self, renderer: Renderer, performance: PersonalPerformance) -> None:
        super().__init__(performance, renderer.film.size)
        self._renderer = renderer
        self._performance = performance

    def frames(self) -> Iterator[AvatarFrame]:
        for coefficients, _, audio in self._performance.frames():
            yield self._next_frame(self._drawn(coefficients), audio)

    def idle_frame(self) -> AvatarFrame:
        return self._next_frame(self._drawn(self._performance.idle()), None)

    def _drawn(self, coefficients: NDArray[np.float32]) -> Image:
        return self._renderer.draw(self._renderer.film.order(self._index), coefficients)
