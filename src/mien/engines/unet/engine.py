"""The unet engine: sessions that speak with a mouth learnt from a video."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from mien.avatars import AvatarPackage
from mien.engines.unet.spec import SPEC, UnetOptions
from mien.motion.personal import PersonalPerformance
from mien.motion.session import FilmedSession
from mien.settings import Settings

if TYPE_CHECKING:
    from mien.engines.unet.renderer import Renderer


class UnetEngine:
    """Holds the networks of the avatars that sessions use just now."""

    spec = SPEC

    def __init__(self, settings: Settings) -> None:
        self._renderers: WeakValueDictionary[str, Renderer] = WeakValueDictionary()

    def open(self, avatar: AvatarPackage, options: UnetOptions) -> FilmedSession:
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
        performance = PersonalPerformance(renderer.calibration, renderer.film.fps, driver=options.driver)
        return FilmedSession(performance, renderer.film, renderer.draw)
