"""Reads a TensorFlow Lite flatbuffer into plain data: tensors with their constants, operators with their options."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite
from flatbuffers import flexbuffers
from numpy.typing import NDArray

from mien.errors import WeightsError

Constant = NDArray[Any]

_DTYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_PADDING = {tflite.Padding.SAME: "SAME", tflite.Padding.VALID: "VALID"}
_ACTIVATION = {
    tflite.ActivationFunctionType.NONE: None,
    tflite.ActivationFunctionType.RELU: "Relu",
}
_OPCODE_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the graph; `constant` is None for what is computed."""

    name: str
    shape: tuple[int, ...]
    constant: Constant | None


@dataclass(frozen=True, slots=True)
class Operator:
    """One step.

    Args:
        kind: TensorFlow Lite's name of the builtin operator, or the custom one's own.
        version: matters for the custom operators, whose meaning changed with it.
        inputs: indices of tensors.
        outputs: indices of tensors.
        options: builtin options by name; a custom operator's flexbuffer as a dictionary, or its bytes under `raw`.
    """

    kind: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TfliteGraph:
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(data: bytes) -> TfliteGraph:
    """Reads the only subgraph of a model.

    Raises:
        WeightsError: the bytes are not such a model, or hold a type that is not handled.
    """
    if len(data) < 8 or data[4:8] != b"TFL3":
        raise WeightsError(
            f"These {len(data)} bytes are not a TensorFlow Lite model (no TFL3 mark).", hint="Fetch the file again."
        )
    try:
        return _read(data)
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"The TensorFlow Lite model is broken: {error}.", hint="Fetch the file again.") from error


def _read(data: bytes) -> TfliteGraph:
    model = tflite.Model.GetRootAs(data, 0)
    if model.SubgraphsLength() != 1:
        raise WeightsError(f"A TensorFlow Lite model with {model.SubgraphsLength()} subgraphs is not handled.")
    graph: Any = model.Subgraphs(0)
    return TfliteGraph(
        tensors=tuple(_tensor(model, graph.Tensors(index)) for index in range(graph.TensorsLength())),
        operators=tuple(_operator(model, graph.Operators(index)) for index in range(graph.OperatorsLength())),
        inputs=tuple(int(index) for index in graph.InputsAsNumpy()),
        outputs=tuple(int(index) for index in graph.OutputsAsNumpy()),
    )


def _tensor(model: Any, tensor: Any) -> Tensor:
    shape = tuple(int(tensor.Shape(axis)) for axis in range(tensor.ShapeLength()))
    buffer = model.Buffers(tensor.Buffer())
    constant = None
    if buffer.DataLength():
        dtype = _DTYPES.get(tensor.Type())
        if dtype is None:
            raise WeightsError(f"The tensor type {tensor.Type()} of a TensorFlow Lite constant is not handled.")
        constant = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype).reshape(shape)
    return Tensor(tensor.Name().decode(), shape, constant)


def _operator(model: Any, operator: Any) -> Operator:
    opcode = model.OperatorCodes(operator.OpcodeIndex())
    code = opcode.BuiltinCode()
    if code == tflite.BuiltinOperator.CUSTOM:
        kind, options = opcode.CustomCode().decode(), _custom_options(operator)
    else:
        kind, options = _OPCODE_NAMES[code], _builtin_options(_OPCODE_NAMES[code], operator)
    return Operator(
        kind=kind,
        version=opcode.Version(),
        inputs=tuple(int(index) for index in operator.InputsAsNumpy()),
        outputs=tuple(int(index) for index in operator.OutputsAsNumpy()),
        options=options,
    )


def _custom_options(operator: Any) -> dict[str, Any]:
    if not operator.CustomOptionsLength():
        return {}
    raw = operator.CustomOptionsAsNumpy().tobytes()
    # A flexbuffer map ends with its type (9 << 2 | width) and width; MediaPipe's transposed convolution has a C struct.
    if len(raw) >= 3 and raw[-2] >> 2 == flexbuffers.Type.MAP:
        options: Any = flexbuffers.Loads(raw)
        return dict(options)
    return {"raw": raw}


def _conv(options: Any) -> dict[str, Any]:
    return {
        "padding": _PADDING[options.Padding()],
        "strides": (options.StrideH(), options.StrideW()),
        "dilations": (options.DilationHFactor(), options.DilationWFactor()),
        "activation": _activation(options),
    }


def _pool(options: Any) -> dict[str, Any]:
    return {
        "padding": _PADDING[options.Padding()],
        "strides": (options.StrideH(), options.StrideW()),
        "kernel": (options.FilterHeight(), options.FilterWidth()),
        "activation": _activation(options),
    }


def _activation(options: Any) -> str | None:
    code = options.FusedActivationFunction()
    if code not in _ACTIVATION:
        raise WeightsError(f"The fused activation {code} of a TensorFlow Lite model is not handled.")
    return _ACTIVATION[code]


def _resize(options: Any) -> dict[str, Any]:
    return {"align_corners": options.AlignCorners(), "half_pixel_centers": options.HalfPixelCenters()}


def _strided_slice(options: Any) -> dict[str, Any]:
    masks = (options.EllipsisMask(), options.NewAxisMask(), options.ShrinkAxisMask())
    if any(masks):
        raise WeightsError(f"STRIDED_SLICE with the masks {masks} is not handled.")
    return {"begin_mask": options.BeginMask(), "end_mask": options.EndMask()}


_OPTIONS: dict[str, tuple[type[Any], Callable[[Any], dict[str, Any]]]] = {
    "CONV_2D": (tflite.Conv2DOptions, _conv),
    "DEPTHWISE_CONV_2D": (tflite.DepthwiseConv2DOptions, _conv),
    "MAX_POOL_2D": (tflite.Pool2DOptions, _pool),
    "AVERAGE_POOL_2D": (tflite.Pool2DOptions, _pool),
    "ADD": (tflite.AddOptions, lambda options: {"activation": _activation(options)}),
    "MUL": (tflite.MulOptions, lambda options: {"activation": _activation(options)}),
    "CONCATENATION": (
        tflite.ConcatenationOptions,
        lambda options: {"axis": options.Axis(), "activation": _activation(options)},
    ),
    "RESIZE_BILINEAR": (tflite.ResizeBilinearOptions, _resize),
    "STRIDED_SLICE": (tflite.StridedSliceOptions, _strided_slice),
}


def _builtin_options(kind: str, operator: Any) -> dict[str, Any]:
    if kind not in _OPTIONS:
        return {}
    table_class, read = _OPTIONS[kind]
    table = operator.BuiltinOptions()
    if table is None:
        raise WeightsError(f"The TensorFlow Lite operator {kind} has no options.")
    options = table_class()
    options.Init(table.Bytes, table.Pos)
    return read(options)
