"""Converts the float TensorFlow Lite networks of MediaPipe to ONNX."""

from __future__ import annotations

import onnx
from onnx import TensorProto, ValueInfoProto, helper

from mien.errors import WeightsError
from mien.weights.onnx_builder import TO_CHANNELS_FIRST, TO_CHANNELS_LAST, OnnxBuilder
from mien.weights.tflite_custom_ops import CUSTOM
from mien.weights.tflite_ops import BUILTIN
from mien.weights.tflite_reader import read_tflite

VERSION = 3
"""Goes up when the result changes, so that cached results are made again."""

_OPSET = 18
# onnxruntime 1.20, the oldest that is allowed, reads this version of the file format.
_IR_VERSION = 10
_HANDLERS = {**BUILTIN, **CUSTOM}


def convert(tflite: bytes) -> bytes:
    """Makes an ONNX model with the same input and output names, shapes (channels last) and numbers.

    The same bytes always give the same result.

    Raises:
        WeightsError: not a TensorFlow Lite model, or it has an operator that is not handled.
    """
    graph = read_tflite(tflite)
    build = OnnxBuilder(graph)
    inputs = [_open_input(build, index) for index in graph.inputs]
    for op in graph.operators:
        handler = _HANDLERS.get(op.kind)
        if handler is None:
            raise WeightsError(
                f"The TensorFlow Lite operator {op.kind!r} is not handled.",
                hint=f"Known: {', '.join(sorted(_HANDLERS))}.",
            )
        handler(build, op)
    outputs = [_close_output(build, index) for index in graph.outputs]
    model = helper.make_model(
        helper.make_graph(build.nodes, "tflite", inputs, outputs, build.initializers),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="mien",
    )
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _open_input(build: OnnxBuilder, index: int) -> ValueInfoProto:
    name = build.graph.tensors[index].name
    if build.rank(index) == 4:
        build.node("Transpose", name, output=f"t{index}", perm=TO_CHANNELS_FIRST)
    else:
        build.node("Identity", name, output=f"t{index}")
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, build.shape(index))


def _close_output(build: OnnxBuilder, index: int) -> ValueInfoProto:
    name = build.graph.tensors[index].name
    if build.rank(index) == 4:
        build.node("Transpose", build.activation(index), output=name, perm=TO_CHANNELS_LAST)
    else:
        build.node("Identity", build.activation(index), output=name)
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, build.shape(index))
