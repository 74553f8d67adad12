"""The gaussian engine: sessions that speak with a face learnt from a video."""

from __future__ import annotations

from numba.core import config

from mien.avatars import AvatarPackage
from mien.avatars.film import Film
from mien.engines.gaussian.spec import SPEC, GaussianOptions
from mien.motion.personal import PersonalPerformance
from mien.motion.session import FilmedSession
from mien.settings import Settings


class GaussianEngine:
    """Holds nothing heavy: all a face needs is in its package."""

    spec = SPEC

    def __init__(self, settings: Settings) -> None:
        # Numba asks for this folder when it meets a function: the drawing loops are imported after it is set.
        config.CACHE_DIR = str(settings.cache_dir / "numba")  # pyright: ignore[reportAttributeAccessIssue]

    def open(self, avatar: AvatarPackage, options: GaussianOptions) -> FilmedSession:
        """Starts a stream; see `mien.types.Engine`."""
        from mien.engines.gaussian.data import FaceData
        from mien.engines.gaussian.renderer import Renderer

        film, data = Film.open(avatar), FaceData.load(avatar)
        data.check_film(len(film), avatar.manifest.name)
        performance = PersonalPerformance(data.calibration, fps=film.fps, driver=options.driver)
        return FilmedSession(performance, film, Renderer(data, film).draw)
