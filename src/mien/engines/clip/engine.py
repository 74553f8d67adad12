"""The clip engine: sessions that show a film with the mouth that the sound asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np
from numba.core import config
from numpy.typing import NDArray

from mien.avatars import AvatarPackage
from mien.engines.clip.choice import LOOKAHEAD_FRAMES
from mien.engines.clip.spec import SPEC, ClipOptions
from mien.motion.personal import PersonalPerformance
from mien.motion.visemes import CLOSURE
from mien.settings import Settings
from mien.types import AvatarFrame, Phoneme, Samples, frame_bounds

if TYPE_CHECKING:
    from mien.engines.clip.library import Avatar


class ClipEngine:
    """Holds the avatars that sessions use just now."""

    spec = SPEC

    def __init__(self, settings: Settings) -> None:
        # Numba asks for this folder when it meets a function: the drawing loops are imported after it is set.
        config.CACHE_DIR = str(settings.cache_dir / "numba")  # pyright: ignore[reportAttributeAccessIssue]
        self._avatars: WeakValueDictionary[str, Avatar] = WeakValueDictionary()

    def open(self, avatar: AvatarPackage, options: ClipOptions) -> ClipSession:
        """Starts a stream; see `mien.types.Engine`."""
        from mien.engines.clip.library import load

        key = " ".join(entry.sha256 for _, entry in sorted(avatar.manifest.files.items()))
        loaded = self._avatars.get(key)
        if loaded is None:
            loaded = load(avatar)
            self._avatars[key] = loaded
        return ClipSession(loaded, options)


class ClipSession:
    """One stream; see `mien.types.RenderSession`."""

    def __init__(self, avatar: Avatar, options: ClipOptions) -> None:
        from mien.engines.clip.mouth import Mouth

        self.fps = avatar.film.fps
        self.size = avatar.film.size
        self._performance = PersonalPerformance(avatar.calibration, self.fps, options.seed, options.driver)
        self.latency_frames = self._performance.latency_frames
        self.actions = self._performance.actions
        self._mouth = Mouth(avatar)
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
        for coefficients, mouth, audio in self._performance.frames():
            yield self._frame(coefficients, float(mouth[CLOSURE]), audio, idle=False)

    def idle_frame(self) -> AvatarFrame:
        first, end = frame_bounds(self._index, self.fps)
        return self._frame(self._performance.idle(), 0.0, np.zeros(end - first, np.float32), idle=True)

    def _frame(self, coefficients: NDArray[np.float32], closure: float, audio: Samples, idle: bool) -> AvatarFrame:
        mouths = np.concatenate([coefficients[None], self._performance.ahead(LOOKAHEAD_FRAMES)])
        frame = AvatarFrame(self._index, self._mouth.draw(mouths, closure), audio, idle)
        self._index += 1
        return frame
