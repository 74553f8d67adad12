"""The portrait engine: sessions that turn sound into frames of one speaking picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba.core import config

from mien.avatars import AvatarPackage
from mien.engines.portrait.prepare import load
from mien.engines.portrait.scene import Scene
from mien.engines.portrait.spec import SPEC, PortraitOptions
from mien.motion import Performance
from mien.settings import Settings
from mien.types import AvatarFrame, Phoneme, Samples, frame_bounds

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
        return PortraitSession(Renderer(scene), performance, options.fps)


class PortraitSession:
    """One stream; see `mien.types.RenderSession`."""

    def __init__(self, renderer: Renderer, performance: Performance, fps: float) -> None:
        self.fps = fps
        self.size = renderer.size
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
        for pose, audio in self._performance.frames():
            frame = AvatarFrame(self._index, self._renderer.draw(pose), audio)
            self._index += 1
            yield frame

    def idle_frame(self) -> AvatarFrame:
        first, end = frame_bounds(self._index, self.fps)
        image = self._renderer.draw(self._performance.idle())
        frame = AvatarFrame(self._index, image, np.zeros(end - first, np.float32), idle=True)
        self._index += 1
        return frame
