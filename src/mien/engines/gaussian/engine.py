"""The gaussian engine: sessions that speak with a face learnt from a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba.core import config
from numpy.typing import NDArray

from mien.avatars import AvatarPackage
from mien.avatars.film import Film
from mien.engines.gaussian.spec import SPEC, GaussianOptions
from mien.motion.personal import PersonalPerformance
from mien.settings import Settings
from mien.types import AvatarFrame, Phoneme, Samples, frame_bounds

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


class GaussianSession:
    """One stream; see `mien.types.RenderSession`."""

    def __init__(self, renderer: Renderer, performance: PersonalPerformance) -> None:
        self.fps = renderer.film.fps
        self.size = renderer.film.size
        self.latency_frames = performance.latency_frames
        self.actions = performance.actions
        self._renderer = renderer
        self._performance = performance
        self._index = 0

    def push_audio(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        self._performance.push(samples, phonemes)

    def end_segment(self) -> None:
        self._performance.end_segment()

    def clear(self) -> int:
        return self._performance.clear()

    def act(self, name: str) -> None:
        self._performance.act(name)

    def listen(self, on: bool) -> None:
        self._performance.listen(on)

    def frames(self) -> Iterator[AvatarFrame]:
        for coefficients, _, audio in self._performance.frames():
            yield self._frame(coefficients, audio, idle=False)

    def idle_frame(self) -> AvatarFrame:
        first, end = frame_bounds(self._index, self.fps)
        return self._frame(self._performance.idle(), np.zeros(end - first, np.float32), idle=True)

    def _frame(self, coefficients: NDArray[np.float32], audio: Samples, idle: bool) -> AvatarFrame:
        image = self._renderer.draw(self._renderer.film.order(self._index), coefficients)
        frame = AvatarFrame(self._index, image, audio, idle)
        self._index += 1
        return frame
