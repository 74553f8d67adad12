"""Speech networks that the user has as ONNX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
)

from mien.errors import WeightsError
from mien.motion.features import spectra
from mien.motion.features.encoder import AROUND_ROWS, CORE_ROWS, HOP, Features
from mien.motion.features.folder import wants_unit_variance
from mien.types import Samples

_WINDOW_ROWS = 1500
"""What Whisper hears, where the file leaves it open."""
_REACH = 400
"""Samples that one row of wav2vec 2.0 and HuBERT is made of."""


class ExportedEncoder:
    """One output of an ONNX file: `logits` as log-probabilities, or `last_hidden_state`, or the first with three axes.

    Args:
        path: a network whose first input is samples (B, T), as wav2vec 2.0 and HuBERT have it, or log-mel (B, bands, columns), as
            Whisper's encoder has it. A further input can only be an attention mask.
        threads: processor cores it may use.

    Raises:
        WeightsError: the file is missing, damaged or no such network.
    """

    layers = 1

    def __init__(self, path: Path, threads: int = 1) -> None:
        if not path.is_file():
            raise WeightsError(f"There is no file {path}.", hint="Fetch it, or correct the path.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented) as error:
            raise WeightsError(f"{path} is no network: {error}.", hint="Fetch it again.") from error
        self._path = path
        heard, *masks = self._session.get_inputs()
        outputs = {output.name: output.shape for output in self._session.get_outputs() if len(output.shape) == 3}
        chosen = next((name for name in ("logits", "last_hidden_state", *outputs) if name in outputs), None)
        if chosen is None or len(heard.shape) not in (2, 3) or heard.type != "tensor(float)" or len(masks) > 1:
            raise WeightsError(
                f"{path} hears no speech: it takes {heard.name} {heard.shape}.",
                hint="Export wav2vec 2.0, HuBERT, or the encoder of Whisper with float32 inputs.",
            )
        if not isinstance(outputs[chosen][2], int):
            raise WeightsError(f"{path} does not say how wide {chosen!r} is.", hint="Export it with a fixed width.")
        self._input, self._mask, self._output = heard.name, masks[0].name if masks else None, chosen
        self.width: int = outputs[chosen][2]
        self._bands = heard.shape[1] if len(heard.shape) == 3 else None
        if self._bands is None:
            self.core_rows, self.around_rows, self.overhang = CORE_ROWS, AROUND_ROWS, _REACH - HOP
            self._normalise = wants_unit_variance(path.parent)
        else:
            columns = heard.shape[2]
            self.core_rows = columns // 2 if isinstance(columns, int) else _WINDOW_ROWS
            self.around_rows = self.overhang = 0

    def encode(self, samples: Samples) -> Features:
        """As `SpeechEncoder.encode`."""
        if self._bands is None and len(samples) < _REACH:
            return np.zeros((0, 1, self.width), np.float32)
        rows = self._run(self._given(samples))
        if self._output == "logits":
            top = rows.max(axis=-1, keepdims=True)
            rows = rows - top - np.log(np.exp(rows - top).sum(axis=-1, keepdims=True))
        return rows[: None if self._bands is None else len(samples) // HOP, None]

    def _given(self, samples: Samples) -> np.ndarray:
        if self._bands is None:
            return spectra.unit_variance(samples) if self._normalise else samples
        filled = np.pad(samples, (0, self.core_rows * HOP - len(samples)))
        return spectra.whisper_log_mel(filled, self._bands if isinstance(self._bands, int) else 80)

    def _run(self, given: np.ndarray) -> np.ndarray:
        feed = {self._input: given[None]}
        if self._mask is not None:
            feed[self._mask] = np.ones((1, given.shape[-1]), np.int64)
        try:
            (given_back,) = self._session.run([self._output], feed)
        except (Fail, InvalidArgument) as error:
            raise WeightsError(
                f"{self._path} cannot be run on speech: {error}.", hint="Export it for any length of sound."
            ) from error
        rows = np.asarray(given_back, np.float32)[0]
        if self._bands is None and len(rows) != (given.shape[-1] - _REACH) // HOP + 1:
            raise WeightsError(f"{self._path} does not give 50 rows per second.", hint="Use another model.")
        return rows
