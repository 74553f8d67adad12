"""A TensorFlow Lite model of one operator, y = sigmoid(x), made here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flatbuffers
import tflite


def sigmoid(shape: tuple[int, ...] = (1, 4, 5, 3)) -> bytes:
    build = flatbuffers.Builder(1024)
    buffers = _table_vector(build, tflite.ModelStartBuffersVector, [_empty_buffer(build)])
    code = _operator_code(build)
    codes = _table_vector(build, tflite.ModelStartOperatorCodesVector, [code])
    tensors = [_tensor(build, name, shape) for name in ("x", "y")]
    graph = _graph(build, tensors)
    graphs = _table_vector(build, tflite.ModelStartSubgraphsVector, [graph])
    tflite.ModelStart(build)
    tflite.ModelAddVersion(build, 3)
    tflite.ModelAddOperatorCodes(build, codes)
    tflite.ModelAddSubgraphs(build, graphs)
    tflite.ModelAddBuffers(build, buffers)
    build.Finish(tflite.ModelEnd(build), file_identifier=b"TFL3")
    return bytes(build.Output())


def _empty_buffer(build: flatbuffers.Builder) -> int:
    tflite.BufferStart(build)
    return tflite.BufferEnd(build)


def _operator_code(build: flatbuffers.Builder) -> int:
    tflite.OperatorCodeStart(build)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(build, tflite.BuiltinOperator.LOGISTIC)
    tflite.OperatorCodeAddBuiltinCode(build, tflite.BuiltinOperator.LOGISTIC)
    return tflite.OperatorCodeEnd(build)


def _tensor(build: flatbuffers.Builder, name: str, shape: tuple[int, ...]) -> int:
    text, dimensions = build.CreateString(name), _int_vector(build, tflite.TensorStartShapeVector, shape)
    tflite.TensorStart(build)
    tflite.TensorAddShape(build, dimensions)
    tflite.TensorAddType(build, tflite.TensorType.FLOAT32)
    tflite.TensorAddBuffer(build, 0)
    tflite.TensorAddName(build, text)
    return tflite.TensorEnd(build)


def _graph(build: flatbuffers.Builder, tensors: list[int]) -> int:
    inputs = _int_vector(build, tflite.OperatorStartInputsVector, (0,))
    outputs = _int_vector(build, tflite.OperatorStartOutputsVector, (1,))
    tflite.OperatorStart(build)
    tflite.OperatorAddOpcodeIndex(build, 0)
    tflite.OperatorAddInputs(build, inputs)
    tflite.OperatorAddOutputs(build, outputs)
    operators = _table_vector(build, tflite.SubGraphStartOperatorsVector, [tflite.OperatorEnd(build)])
    tensor_vector = _table_vector(build, tflite.SubGraphStartTensorsVector, tensors)
    tflite.SubGraphStart(build)
    tflite.SubGraphAddTensors(build, tensor_vector)
    tflite.SubGraphAddInputs(build, inputs)
    tflite.SubGraphAddOutputs(build, outputs)
    tflite.SubGraphAddOperators(build, operators)
    return tflite.SubGraphEnd(build)


def _int_vector(build: flatbuffers.Builder, start: Callable[..., Any], values: tuple[int, ...]) -> int:
    start(build, len(values))
    for value in reversed(values):
        build.PrependInt32(value)
    return build.EndVector()


def _table_vector(build: flatbuffers.Builder, start: Callable[..., Any], offsets: list[int]) -> int:
    start(build, len(offsets))
    for offset in reversed(offsets):
        build.PrependUOffsetTRelative(offset)
    return build.EndVector()
