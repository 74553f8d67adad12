"""The clip engine: sessions that show a film with the mouth that the sound asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np
from numba.core import config
from numpy.typing import NDArray

from mien.avatars import AvatarPackage
from mien.engines.clip.choice import LOOKAHEAD_FRAMES
from mien.engines.clip.spec import SPEC, ClipOptions
from mien.motion.personal import PersonalPerformance
from mien.motion.session import PerformedSession
from mien.motion.visemes import CLOSURE
from mien.settings import Settings
from mien.types import AvatarFrame, Image

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


class ClipSession(PerformedSession):
    """One stream; see `mien.types.RenderSession`."""

    def __init__(self, avatar: Avatar, options: ClipOptions) -> None:
        from mien.engines.clip.mouth import Mouth

        self._performance = PersonalPerformance(avatar.calibration, avatar.film.fps, options.seed, options.driver)
        super().__init__(self._performance, avatar.film.size)
        self._mouth = Mouth(avatar)

    def frames(self) -> Iterator[AvatarFrame]:
        for coefficients, mouth, audio in self._performance.frames():
            yield self._next_frame(self._drawn(coefficients, float(mouth[CLOSURE])), audio)

    def idle_frame(self) -> AvatarFrame:
        return self._next_frame(self._drawn(self._performance.idle(), 0.0), None)

    def _drawn(self, coefficients: NDArray[np.float32], closure: float) -> Image:
        mouths = np.concatenate([coefficients[None], self._performance.ahead(LOOKAHEAD_FRAMES)])
        return self._mouth.draw(mouths, closure)
