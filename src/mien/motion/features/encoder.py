"""One contract for all networks that hear speech, and how a sound that is too long for them is cut.

A transformer hears all of its window at once, so a long sound is heard in windows: of each, the rows in the middle are kept. Where
they are cut depends on the position in the sound alone; so pieces that come in one by one give what the whole gives at once.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.errors import MissingDependency, WeightsError
from mien.motion.features import spectra
from mien.motion.features.folder import read_config, wants_unit_variance
from mien.types import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from torch import Tensor

    from mien.motion.features.wav2vec2 import Wav2Vec2
    from mien.motion.features.whisper import WhisperEncoder

HOP = 320
"""Samples between rows: all these networks give 50 rows per second."""

Features: TypeAlias = NDArray[np.float32]
"""float32, shape (T, layers, width); row t is about the sound around `t * HOP` samples."""

CORE_ROWS, AROUND_ROWS = 1000, 100
"""20 s are kept of each window, and 2 s heard on either side: as long as the recordings that wav2vec 2.0 was trained on."""


class SpeechEncoder(Protocol):
    """Hears speech, window by window.

    core_rows: rows that are kept of each window of a long sound.
    around_rows: rows that are heard before and after them.
    overhang: samples beyond the last row's `HOP` that it is made of too.
    """

    layers: int
    width: int
    core_rows: int
    around_rows: int
    overhang: int

    def encode(self, samples: Samples) -> Features:
        """The rows of one window, which is at most `core_rows + 2 * around_rows` long; none if it is too short for one."""
        ...


class FeatureStream:
    """The rows of a sound that comes piece by piece; however it is cut, they are the same.

    Args:
        encoder: who hears it; several streams may share one.
    """

    def __init__(self, encoder: SpeechEncoder) -> None:
        self._encoder = encoder
        self._buffer = np.zeros(0, np.float32)
        self._first_row = 0
        """Row that the buffer begins with."""
        self._next_row = 0
        """Row that is given next."""

    def push(self, samples: Samples) -> Features:
        """The rows that have become final."""
        self._buffer = np.concatenate([self._buffer, samples])
        encoder = self._encoder
        given = [self._none()]
        while True:
            heard_to = self._next_row + encoder.core_rows + encoder.around_rows
            needed = (heard_to - self._first_row) * HOP + encoder.overhang
            if len(self._buffer) < needed:
                return np.concatenate(given)
            rows = encoder.encode(self._buffer[:needed])
            begin = self._next_row - self._first_row
            given.append(rows[begin : begin + encoder.core_rows])
            self._next_row += encoder.core_rows
            first = max(0, self._next_row - encoder.around_rows)
            self._buffer = self._buffer[(first - self._first_row) * HOP :]
            self._first_row = first

    def finish(self) -> Features:
        """The last rows; no more sound will come."""
        rows = self._encoder.encode(self._buffer) if len(self._buffer) else self._none()
        return rows[self._next_row - self._first_row :]

    def _none(self) -> Features:
        return np.zeros((0, self._encoder.layers, self._encoder.width), np.float32)


def features(encoder: SpeechEncoder, samples: Samples) -> Features:
    """All rows of a recording."""
    stream = FeatureStream(encoder)
    return np.concatenate([stream.push(samples), stream.finish()])


def require_torch(purpose: str) -> None:
    """Raises `MissingDependency` if PyTorch is not installed.

    Args:
        purpose: what cannot be done without it, as the beginning of a sentence.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingDependency(
            f"{purpose} needs torch, which is not installed.", hint="Run: pip install 'mien[train]'"
        )


def open_encoder(path: Path, keep: Sequence[int] = (-1,), device: str = "cpu") -> SpeechEncoder:
    """The encoder at a place that the user names.

    Args:
        path: the folder of a wav2vec 2.0, HuBERT or Whisper model as Hugging Face keeps it, or an ONNX file.
        keep: the hidden layers wanted: 0 stands before the first transformer layer, n after the n-th, -1 is the last.
            An ONNX file gives its one output, whatever is wanted.
        device: as PyTorch names it.

    Raises:
        WeightsError: no model, or one that is not known.
        MissingDependency: PyTorch is not installed, and the model is no ONNX file.
    """
    if path.suffix == ".onnx":
        from mien.motion.features.exported import ExportedEncoder

        return ExportedEncoder(path)
    require_torch("A folder of speech weights")
    from mien.motion.features import wav2vec2, whisper

    kind = read_config(path).get("model_type")
    if kind == "whisper":
        return _Whisper(whisper.load(path, device), keep)
    if kind in wav2vec2.MODEL_TYPES:
        return _Wav2Vec2(wav2vec2.load(path, device), keep, normalise=wants_unit_variance(path))
    raise WeightsError(
        f"{path} is a {kind!r} model; wav2vec2, hubert and whisper are known.", hint="Name another model's folder."
    )


def open_posteriors(folder: Path, device: str = "cpu") -> SpeechEncoder:
    """As `open_encoder`, for a model with a CTC layer: its one layer are the log-probabilities of the symbols.

    Raises:
        WeightsError: no model, or one without a CTC layer.
        MissingDependency: PyTorch is not installed.
    """
    require_torch("A recogniser's folder")
    from mien.motion.features import wav2vec2

    return _Posteriors(wav2vec2.load(folder, device), normalise=wants_unit_variance(folder))


class _Samples:
    """What the networks that hear samples have in common."""

    core_rows, around_rows = CORE_ROWS, AROUND_ROWS

    def __init__(self, network: Wav2Vec2, *, normalise: bool) -> None:
        if network.config.hop != HOP:
            rate = SAMPLE_RATE / network.config.hop
            raise WeightsError(f"The model gives {rate:g} rows per second instead of 50.", hint="Use another model.")
        self._network = network
        self._normalise = normalise
        self.overhang = max(0, network.config.reach - HOP)

    def _heard(self, samples: Samples) -> Samples | None:
        if len(samples) < self._network.config.reach:
            return None
        return spectra.unit_variance(samples) if self._normalise else samples


class _Wav2Vec2(_Samples):
    def __init__(self, network: Wav2Vec2, keep: Sequence[int], *, normalise: bool) -> None:
        super().__init__(network, normalise=normalise)
        self._keep = _checked(keep, network.config.layers)
        self.layers, self.width = len(keep), network.config.width

    def encode(self, samples: Samples) -> Features:
        import torch

        heard = self._heard(samples)
        if heard is None:
            return np.zeros((0, self.layers, self.width), np.float32)
        with torch.inference_mode():
            hidden = self._network(_on_device(heard, self._network))
            return torch.stack([hidden[index][0] for index in self._keep], dim=1).cpu().numpy()


class _Posteriors(_Samples):
    def __init__(self, network: Wav2Vec2, *, normalise: bool) -> None:
        super().__init__(network, normalise=normalise)
        if not network.config.symbols:
            raise WeightsError("The model recognises nothing: it has no CTC layer.", hint="Name a model for CTC.")
        self.layers, self.width = 1, network.config.symbols

    def encode(self, samples: Samples) -> Features:
        import torch

        heard = self._heard(samples)
        if heard is None:
            return np.zeros((0, 1, self.width), np.float32)
        with torch.inference_mode():
            return self._network.log_probabilities(_on_device(heard, self._network))[0, :, None].cpu().numpy()


class _Whisper:
    """Hears always the same length, the end filled with silence, and each window for itself, as Whisper itself does."""

    around_rows = overhang = 0

    def __init__(self, network: WhisperEncoder, keep: Sequence[int]) -> None:
        self._network = network
        self._keep = _checked(keep, network.config.layers)
        self.layers, self.width = len(keep), network.config.width
        self.core_rows = network.config.rows

    def encode(self, samples: Samples) -> Features:
        import torch

        filled = np.pad(samples, (0, self.core_rows * HOP - len(samples)))
        log_mel = spectra.whisper_log_mel(filled, self._network.config.bands)
        with torch.inference_mode():
            hidden = self._network(_on_device(log_mel, self._network))
            rows = torch.stack([hidden[index][0] for index in self._keep], dim=1)
            return rows[: len(samples) // HOP].cpu().numpy()


def _checked(keep: Sequence[int], layers: int) -> tuple[int, ...]:
    if not keep or any(not -1 <= index <= layers for index in keep):
        raise WeightsError(
            f"The model has the layers 0 … {layers}, not {list(keep)}.", hint="Ask for layers that it has."
        )
    return tuple(keep)


def _on_device(values: NDArray[np.float32], network: Wav2Vec2 | WhisperEncoder) -> Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(values))[None].to(next(network.parameters()).device)
