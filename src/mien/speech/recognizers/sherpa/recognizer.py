"""Streaming transducer models (https://k2-fsa.github.io/sherpa/onnx/pretrained_models/online-transducer/index.html)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import sherpa_onnx  # pyright: ignore[reportMissingImports]  # an extra

from mien.errors import WeightsError
from mien.settings import Settings
from mien.speech.recognizers.models import find_model, models_folder
from mien.types import SAMPLE_RATE, Samples

_PARTS = ("encoder", "decoder", "joiner")
_NEEDED = ("tokens.txt", *(f"{part}*.onnx" for part in _PARTS))
_TAIL = np.zeros(round(0.66 * SAMPLE_RATE), np.float32)
"""The encoder looks this far ahead before it gives the last word; as in sherpa-onnx's own examples."""

_EXAMPLE = "sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20"
_RELEASES = "https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models"


class SherpaRecognizer:
    """See `mien.speech.recognizer.Recognizer`. A folder of `recognizer_dir` with `tokens.txt` and the three parts of a transducer."""

    def __init__(self, settings: Settings, model: str) -> None:
        folder = find_model(settings, "sherpa-onnx", model, _NEEDED, _how_to_get(models_folder(settings)))
        parts = {part: str(_part(folder, part)) for part in _PARTS}
        try:
            self.model = sherpa_onnx.OnlineRecognizer.from_transducer(
                tokens=str(folder / "tokens.txt"), num_threads=settings.threads, sample_rate=SAMPLE_RATE, **parts
            )
        except (RuntimeError, ValueError) as error:
            raise WeightsError(
                f"The model in {folder} cannot be used: {str(error).rstrip('.')}.",
                hint=_how_to_get(models_folder(settings)),
            ) from error

    def recognize(self, language: str = "") -> _Utterance:
        del language  # a model has its own
        return _Utterance(self.model)


class _Utterance:
    """See `mien.speech.recognizer.Recognition`."""

    def __init__(self, model: sherpa_onnx.OnlineRecognizer) -> None:
        self._model = model
        self._stream = model.create_stream()

    def push(self, samples: Samples) -> str:
        self._stream.accept_waveform(SAMPLE_RATE, samples)
        while self._model.is_ready(self._stream):
            self._model.decode_stream(self._stream)
        return self._model.get_result(self._stream).strip()

    def finish(self) -> str:
        self._stream.accept_waveform(SAMPLE_RATE, _TAIL)
        self._stream.input_finished()
        while self._model.is_ready(self._stream):
            self._model.decode_stream(self._stream)
        return self._model.get_result(self._stream).strip()

    def cancel(self) -> None:
        """The stream frees itself."""


def _part(folder: Path, name: str) -> Path:
    """The file of a part: the 8-bit one of the encoder and joiner if there is one, as sherpa-onnx advises for a CPU."""
    found = sorted(folder.glob(f"{name}*.onnx"))
    small = [path for path in found if ".int8." in path.name]
    return small[0] if small and name != "decoder" else next((path for path in found if path not in small), found[0])


def _how_to_get(folder: Path) -> str:
    return f"Fetch one, such as {_RELEASES}/{_EXAMPLE}.tar.bz2, and unpack it in {folder}."
