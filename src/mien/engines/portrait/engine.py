"""The portrait engine: sessions that turn sound into frames of one speaking picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from numba.core import config

from mien.avatars import AvatarPackage
from mien.engines.portrait.prepare import load
from mien.engines.portrait.scene import Scene
from mien.engines.portrait.spec import SPEC, PortraitOptions
from mien.motion import Performance
from mien.motion.session import PerformedSession
from mien.settings import Settings
from mien.types import AvatarFrame

if TYPE_CHECKING:
    from mien.engines.portrait.renderer import Renderer


class PortraitEngine:
    """Holds nothing heavy: all a portrait needs is in its package."""

    spec = SPEC

    def __init__(self, settings: Settings) -> None:
        # Numba asks for this folder when it meets a function: the drawing loops are imported after it is set.
        config.CACHE_DIR = str(settings.cache_dir / "numba")  # pyright: ignore[reportAttributeAccessIssue]

    def open(self, avatar: AvatarPackage, options: PortraitOptions) -> PortraitSession:
        """Starts a stream; see `mien.types.Engine`."""
        from mien.engines.portrait.renderer import Renderer

        picture, matte, landmarks = load(avatar)
        if options.frame == "head":
            scene = Scene.head(picture, matte, landmarks, options.size)
        else:
            scene = Scene.full(picture, matte, landmarks)
        performance = Performance(fps=options.fps, seed=options.seed, driver=options.driver)
        return PortraitSession(Renderer(scene), performance)


class PortraitSession(PerformedSession):
    """One stream; see `mien.types.RenderSession`."""

    def __init__(self, renderer: Renderer, performance: Performance) -> None:
        super().__init__(performance, renderer.size)
        self._renderer = renderer
        self._performance = performance

    def frames(self) -> Iterator[AvatarFrame]:
        for pose, audio in self._performance.frames():
            yield self._next_frame(self._renderer.draw(pose), audio)

    def idle_frame(self) -> AvatarFrame:
        return self._next_frame(self._renderer.draw(self._performance.idle()), None)
