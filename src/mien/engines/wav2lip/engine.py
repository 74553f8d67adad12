"""The Wav2Lip engines: sessions that draw the lower face that the network hears in the sound."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien.avatars import AvatarPackage
from mien.engines.wav2lip.checkpoint import network_file
from mien.engines.wav2lip.footage import Footage, load
from mien.engines.wav2lip.paste import FloatArray, Paste, Place, place_of
from mien.engines.wav2lip.sound import SILENT, Hearing, Mel
from mien.engines.wav2lip.spec import SPEC, SPEC_256, Wav2LipOptions
from mien.errors import WeightsError
from mien.face.session import PROCESSOR, open_session
from mien.motion.session import PerformedSession
from mien.settings import Settings
from mien.types import AvatarFrame, EngineSpec, Image
from mien.weights import WeightStore

_ACCELERATORS = ("CUDAExecutionProvider", "DmlExecutionProvider")
_PLACES = 256
_SILENT_BYTES = 48 << 20
"""What a session keeps: places, and silent mouths, of frames that a film shows again and again."""


class Network:
    """The network of one engine; it may be asked from several threads.

    Args:
        path: the ONNX file.
        threads: processor cores it may use.
        accelerated: run it on a GPU if the installed onnxruntime knows one.
    """

    def __init__(self, path: Path, threads: int, accelerated: bool) -> None:
        known = onnxruntime.get_available_providers() if accelerated else []
        providers = [provider for provider in _ACCELERATORS if provider in known]
        self._session = open_session(path, str(path), threads, [*providers, PROCESSOR])
        self.side = int(self._session.get_inputs()[1].shape[1])

    def draw(self, mel: Mel, face: NDArray[np.uint8]) -> FloatArray:
        """One face with the mouth of the sound: float32 BGR (side, side, 3), 0 … 255; what is not drawn is like the first row that is."""
        (drawn,) = self._session.run(["drawn"], {"mel": mel[None], "face": face[None]})
        rows = np.asarray(drawn, np.float32)[0]
        return np.pad(rows, ((self.side - len(rows), 0), (0, 0), (0, 0)), mode="edge")


class Wav2LipEngine:
    """Holds the network, which is loaded when the first stream starts; the whole one only for who wants the official paste.

    Args:
        settings: see `mien.settings`.
        checkpoint: the weights; None: those that were imported into the store.
        exports: the folder in which the network is kept that is run; None: that of the store.
    """

    spec: EngineSpec = SPEC
    network: ClassVar[Literal["wav2lip", "wav2lip256"]] = "wav2lip"
    weights: ClassVar[tuple[str, ...]] = ("wav2lip-gan", "wav2lip")
    """Names in the store; the first that is there is taken."""

    def __init__(self, settings: Settings, checkpoint: Path | None = None, exports: Path | None = None) -> None:
        self._settings = settings
        self._checkpoint, self._exports = checkpoint, exports
        self._lock = threading.Lock()
        self._loaded: dict[bool, Network] = {}

    def open(self, avatar: AvatarPackage, options: Wav2LipOptions) -> Wav2LipSession:
        """Starts a stream; see `mien.types.Engine`.

        Raises:
            WeightsError: there are no weights, or not those of this network.
        """
        footage = load(avatar, options)
        with self._lock:
            lower = options.paste == "blended"
            if lower not in self._loaded:
                self._loaded[lower] = self._load(lower)
            return Wav2LipSession(self._loaded[lower], footage, options)

    def _load(self, lower: bool) -> Network:
        store = WeightStore.from_settings(self._settings)
        checkpoint = self._checkpoint or self._imported(store)
        file = network_file(checkpoint, self.network, self._exports or store.folder / self.network, lower=lower)
        return Network(file, self._settings.threads, self._settings.device != "cpu")

    def _imported(self, store: WeightStore) -> Path:
        states = {status.name: status.state for status in store.list()}
        for name in self.weights:
            if states[name] == "ready":
                return store.path(name)
        wanted = " or ".join(self.weights)
        raise WeightsError(
            f"The engine {self.spec.name!r} needs weights that Mien may not bring along: {wanted}.",
            hint=f"mien weights pull {self.weights[-1]} tells where they are and on what terms.",
        )


class Wav2Lip256Engine(Wav2LipEngine):
    """The same with LiveTalking's larger network."""

    spec = SPEC_256
    network = "wav2lip256"
    weights = ("wav2lip256",)


class Wav2LipSession(PerformedSession):
    """One stream; see `mien.types.RenderSession`."""

    def __init__(self, network: Network, footage: Footage, options: Wav2LipOptions) -> None:
        self._hearing = Hearing(footage.frames.fps, options.shift)
        super().__init__(self._hearing, footage.frames.size)
        self._network, self._footage = network, footage
        self._paste: Paste = options.paste
        self._place = lru_cache(_PLACES)(self._placed)
        self._silent = lru_cache(_SILENT_BYTES // (12 * network.side**2))(self._drawn_silent)

    def frames(self) -> Iterator[AvatarFrame]:
        for mel, audio in self._hearing.frames():
            yield self._next_frame(self._shown(mel), audio)

    def idle_frame(self) -> AvatarFrame:
        return self._next_frame(self._shown(self._hearing.idle()), None)

    def _shown(self, mel: Mel) -> Image:
        number = self._footage.frames.order(self._index)
        image = self._footage.frames[number]
        if not self._footage.seen[number]:
            return image
        place = self._place(number)
        # Most of a conversation is silence, in which the same frames come again.
        if np.array_equal(mel, SILENT):
            return place.shown(image, self._silent(number), self._paste)
        return place.shown(image, self._network.draw(mel, place.face(image, self._network.side)), self._paste)

    def _placed(self, number: int) -> Place:
        return place_of(self._footage.landmarks[number], self.size)

    def _drawn_silent(self, number: int) -> FloatArray:
        face = self._place(number).face(self._footage.frames[number], self._network.side)
        return self._network.draw(SILENT, face)
