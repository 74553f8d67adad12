"""The unet engine: sessions that speak with a mouth learnt from a video."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage
from mien.engines.unet.spec import SPEC, UnetOptions
from mien.motion.personal import PersonalPerformance
from mien.motion.session import PerformedSession
from mien.settings import Settings
from mien.types import AvatarFrame, Later

if TYPE_CHECKING:
    from mien.engines.unet.renderer import Renderer


class UnetEngine:
    """Holds the networks of the avatars that sessions use just now."""

    spec = SPEC

    def __init__(self, settings: Settings) -> None:
        self._renderers: WeakValueDictionary[str, Renderer] = WeakValueDictionary()

    def open(self, avatar: AvatarPackage, options: UnetOptions) -> UnetSession:
        """Starts a stream; see `mien.types.Engine`."""
        from mien.avatars.film import Film
        from mien.engines.unet.data import MouthData
        from mien.engines.unet.renderer import Renderer

        key = " ".join(entry.sha256 for _, entry in sorted(avatar.manifest.files.items()))
        renderer = self._renderers.get(key)
        if renderer is None:
            film, data = Film.open(avatar), MouthData.load(avatar)
            data.check_film(len(film), avatar.manifest.name)
            renderer = Renderer(data, film, avatar.manifest.name)
            self._renderers[key] = renderer
        return UnetSession(
            renderer, PersonalPerformance(renderer.calibration, renderer.film.fps, driver=options.driver)
        )


class UnetSession(PerformedSession):
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

    def _drawn(self, coefficients: NDArray[np.float32]) -> Later:
        return self._renderer.draw(self._renderer.film.order(self._index), coefficients)
