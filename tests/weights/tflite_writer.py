"""Writes small TensorFlow Lite models, so that each operator of the converter can be tried alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

PLACEHOLDER = tflite.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES
TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "float16": tflite.TensorType.FLOAT16,
    "int32": tflite.TensorType.INT32,
    "int8": tflite.TensorType.INT8,
}


@dataclass
class Op:
    """One operator: its code, or a custom name with its options' bytes; builtin options as a function that writes them."""

    code: int
    inputs: Sequence[int]
    output: int
    options: Callable[[flatbuffers.Builder], tuple[int, int]] | None = None
    custom: str = ""
    custom_options: bytes = b""
    version: int = 1


@dataclass
class Model:
    """Tensor 0 is the input, the last one the output; constants are given by their values, the others by their shape."""

    tensors: Sequence[NDArray[Any] | tuple[int, ...]]
    ops: Sequence[Op]
    inputs: Sequence[int] = (0,)
    outputs: Sequence[int] = field(default_factory=tuple)

    def write(self) -> bytes:
        build = flatbuffers.Builder(4096)
        buffers, tensors = [_buffer(build, b"")], []
        for index, tensor in enumerate(self.tensors):
            constant = isinstance(tensor, np.ndarray)
            if constant:
                buffers.append(_buffer(build, tensor.tobytes()))
            shape = tensor.shape if constant else tensor
            kind = TYPES[str(tensor.dtype) if constant else "float32"]
            tensors.append(_tensor(build, f"x{index}", shape, kind, len(buffers) - 1 if constant else 0))
        codes = [_code(build, op) for op in self.ops]
        ops = [_operator(build, index, op) for index, op in enumerate(self.ops)]
        graph = self._graph(build, tensors, ops)
        parts = {
            "Buffers": _tables(build, tflite.ModelStartBuffersVector, buffers),
            "OperatorCodes": _tables(build, tflite.ModelStartOperatorCodesVector, codes),
            "Subgraphs": _tables(build, tflite.ModelStartSubgraphsVector, [graph]),
        }
        tflite.ModelStart(build)
        tflite.ModelAddVersion(build, 3)
        for name, part in parts.items():
            getattr(tflite, f"ModelAdd{name}")(build, part)
        build.Finish(tflite.ModelEnd(build), file_identifier=b"TFL3")
        return bytes(build.Output())

    def _graph(self, build: flatbuffers.Builder, tensors: list[int], ops: list[int]) -> int:
        parts = {
            "Tensors": _tables(build, tflite.SubGraphStartTensorsVector, tensors),
            "Inputs": _ints(build, tflite.SubGraphStartInputsVector, self.inputs),
            "Outputs": _ints(build, tflite.SubGraphStartOutputsVector, self.outputs or [len(self.tensors) - 1]),
            "Operators": _tables(build, tflite.SubGraphStartOperatorsVector, ops),
        }
        tflite.SubGraphStart(build)
        for name, part in parts.items():
            getattr(tflite, f"SubGraphAdd{name}")(build, part)
        return tflite.SubGraphEnd(build)


def options(kind: str, **values: int) -> Callable[[flatbuffers.Builder], tuple[int, int]]:
    """Builtin options by the schema's names: `options("Conv2DOptions", StrideW=2)`."""

    def write(build: flatbuffers.Builder) -> tuple[int, int]:
        getattr(tflite, f"{kind}Start")(build)
        for name, value in values.items():
            getattr(tflite, f"{kind}Add{name}")(build, value)
        return getattr(tflite.BuiltinOptions, kind), getattr(tflite, f"{kind}End")(build)

    return write


def _buffer(build: flatbuffers.Builder, data: bytes) -> int:
    vector = build.CreateByteVector(data) if data else 0
    tflite.BufferStart(build)
    if data:
        tflite.BufferAddData(build, vector)
    return tflite.BufferEnd(build)


def _tensor(build: flatbuffers.Builder, name: str, shape: Sequence[int], kind: int, buffer: int) -> int:
    text, dimensions = build.CreateString(name), _ints(build, tflite.TensorStartShapeVector, shape)
    tflite.TensorStart(build)
    tflite.TensorAddShape(build, dimensions)
    tflite.TensorAddType(build, kind)
    tflite.TensorAddBuffer(build, buffer)
    tflite.TensorAddName(build, text)
    return tflite.TensorEnd(build)


def _code(build: flatbuffers.Builder, op: Op) -> int:
    name = build.CreateString(op.custom) if op.custom else 0
    tflite.OperatorCodeStart(build)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(build, min(op.code, PLACEHOLDER))
    tflite.OperatorCodeAddBuiltinCode(build, op.code)
    tflite.OperatorCodeAddVersion(build, op.version)
    if op.custom:
        tflite.OperatorCodeAddCustomCode(build, name)
    return tflite.OperatorCodeEnd(build)


def _operator(build: flatbuffers.Builder, index: int, op: Op) -> int:
    inputs = _ints(build, tflite.OperatorStartInputsVector, op.inputs)
    outputs = _ints(build, tflite.OperatorStartOutputsVector, [op.output])
    custom = build.CreateByteVector(op.custom_options) if op.custom_options else 0
    kind, table = op.options(build) if op.options else (0, 0)
    tflite.OperatorStart(build)
    tflite.OperatorAddOpcodeIndex(build, index)
    tflite.OperatorAddInputs(build, inputs)
    tflite.OperatorAddOutputs(build, outputs)
    if op.options:
        tflite.OperatorAddBuiltinOptionsType(build, kind)
        tflite.OperatorAddBuiltinOptions(build, table)
    if op.custom_options:
        tflite.OperatorAddCustomOptions(build, custom)
    return tflite.OperatorEnd(build)


def _ints(build: flatbuffers.Builder, start: Callable[..., Any], values: Sequence[int]) -> int:
    start(build, len(values))
    for value in reversed(values):
        build.PrependInt32(int(value))
    return build.EndVector()


def _tables(build: flatbuffers.Builder, start: Callable[..., Any], offsets: Sequence[int]) -> int:
    start(build, len(offsets))
    for offset in reversed(offsets):
        build.PrependUOffsetTRelative(offset)
    return build.EndVector()
