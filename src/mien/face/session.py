"""How small networks are run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    NotImplemented,
)

from mien.errors import WeightsError

Tensor: TypeAlias = NDArray[np.float32]


PROCESSOR = "CPUExecutionProvider"


def open_session(
    model: Path | bytes, name: str, threads: int = 1, providers: Sequence[str] = (PROCESSOR,)
) -> onnxruntime.InferenceSession:
    """An ONNX network.

    Args:
        model: the ONNX file, or what is in it.
        name: what to call it in an error.
        threads: processor cores it may use; they sleep between calls.
        providers: what runs it, as onnxruntime names them, best first.

    Raises:
        WeightsError: it is no network.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=list(providers))
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile, NotImplemented) as error:
        raise WeightsError(
            f"{name} is damaged: {str(error).rstrip('.')}.", hint="Have it made anew: mien weights verify"
        ) from error


class Network:
    """One ONNX network with one picture-shaped input, on the processor.

    Args:
        path: the ONNX file.
        threads: processor cores it may use; they sleep between calls.

    Raises:
        WeightsError: the file is no network.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._session = open_session(path, str(path), threads)
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, picture: Tensor) -> dict[str, Tensor]:
        """Outputs by name.

        Args:
            picture: float32 (H, W, 3) in the range that the network wants.
        """
        outputs = self._session.run(self._outputs, {self._input: picture[None]})
        return {name: np.asarray(value) for name, value in zip(self._outputs, outputs, strict=True)}
