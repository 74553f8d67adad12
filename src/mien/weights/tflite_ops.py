"""ONNX for the builtin TensorFlow Lite operators that the face networks use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mien.errors import WeightsError
from mien.weights.onnx_builder import TO_CHANNELS_FIRST, OnnxBuilder
from mien.weights.tflite_reader import Constant, Operator

Emit = Callable[[OnnxBuilder, Operator], None]


def _pads(
    padding: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...] = (1, 1),
) -> list[int]:
    """ONNX pads (top, left, bottom, right); TensorFlow's SAME puts the odd pixel at the end."""
    if padding == "VALID":
        return [0, 0, 0, 0]
    total = [
        max((-(-length // stride) - 1) * stride + (extent - 1) * dilation + 1 - length, 0)
        for length, extent, stride, dilation in zip(size, kernel, strides, dilations, strict=True)
    ]
    return [total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2]


def _convolution(build: OnnxBuilder, op: Operator, weights: Any, group: int) -> None:
    data, _, bias = op.inputs
    kernel = weights.shape[2:]
    options = op.options
    build.finish(
        op.outputs[0],
        "Conv",
        build.activation(data),
        build.add_constant(weights),
        build.add_constant(build.constant(bias)),
        activation=options["activation"],
        kernel_shape=list(kernel),
        strides=list(options["strides"]),
        dilations=list(options["dilations"]),
        pads=_pads(options["padding"], build.shape(data)[1:3], kernel, options["strides"], options["dilations"]),
        group=group,
    )


def conv_2d(build: OnnxBuilder, op: Operator) -> None:
    # (out, kh, kw, in) -> (out, in, kh, kw)
    _convolution(build, op, build.constant(op.inputs[1]).transpose(0, 3, 1, 2), group=1)


def depthwise_conv_2d(build: OnnxBuilder, op: Operator) -> None:
    # (1, kh, kw, out) -> (out, 1, kh, kw)
    _convolution(build, op, build.constant(op.inputs[1]).transpose(3, 0, 1, 2), group=build.shape(op.inputs[0])[3])


def _pool(build: OnnxBuilder, op: Operator, op_type: str) -> None:
    options = op.options
    build.finish(
        op.outputs[0],
        op_type,
        build.activation(op.inputs[0]),
        activation=options["activation"],
        kernel_shape=list(options["kernel"]),
        strides=list(options["strides"]),
        pads=_pads(options["padding"], build.shape(op.inputs[0])[1:3], options["kernel"], options["strides"]),
    )


def max_pool_2d(build: OnnxBuilder, op: Operator) -> None:
    _pool(build, op, "MaxPool")


def average_pool_2d(build: OnnxBuilder, op: Operator) -> None:
    if op.options["kernel"] == build.shape(op.inputs[0])[1:3]:
        build.finish(op.outputs[0], "GlobalAveragePool", build.activation(op.inputs[0]))
    else:
        _pool(build, op, "AveragePool")


def _binary(build: OnnxBuilder, op: Operator, op_type: str) -> None:
    rank = build.rank(op.outputs[0])
    inputs = [build.operand(index, rank) for index in op.inputs]
    build.finish(op.outputs[0], op_type, *inputs, activation=op.options["activation"])


def add(build: OnnxBuilder, op: Operator) -> None:
    _binary(build, op, "Add")


def mul(build: OnnxBuilder, op: Operator) -> None:
    _binary(build, op, "Mul")


def _unary(op_type: str) -> Emit:
    def emit(build: OnnxBuilder, op: Operator) -> None:
        build.finish(op.outputs[0], op_type, build.activation(op.inputs[0]))

    return emit


def prelu(build: OnnxBuilder, op: Operator) -> None:
    """slope · x + (1 - slope) · relu(x), the products as 1 × 1 depthwise convolutions.

    onnxruntime has no PRelu for its blocked layout: a plain one makes it rearrange the data before and after, which
    takes half of the attention mesh's time.
    """
    data = build.activation(op.inputs[0])
    slope = build.constant(op.inputs[1]).reshape(-1, 1, 1, 1)  # (1, 1, C) -> (C, 1, 1, 1)

    def scaled(name: str, factors: Constant) -> str:
        return build.node("Conv", name, build.add_constant(factors), kernel_shape=[1, 1], group=len(slope))

    build.finish(op.outputs[0], "Add", scaled(data, slope), scaled(build.node("Relu", data), 1 - slope))


def dequantize(build: OnnxBuilder, op: Operator) -> None:
    """Only weights that are stored as float16."""
    stored = build.constant(op.inputs[0])
    if stored.dtype != np.float16:
        raise WeightsError(f"DEQUANTIZE of {stored.dtype} is not handled.")
    build.constants[op.outputs[0]] = stored.astype(np.float32)


def reshape(build: OnnxBuilder, op: Operator) -> None:
    data, output = op.inputs[0], op.outputs[0]
    shape = build.add_constant(build.shape(output), np.int64)
    if build.rank(output) == 4:
        flat = build.node("Reshape", build.channels_last(data), shape)
        build.finish(output, "Transpose", flat, perm=TO_CHANNELS_FIRST)
    else:
        build.finish(output, "Reshape", build.channels_last(data), shape)


def concatenation(build: OnnxBuilder, op: Operator) -> None:
    axis = build.axis(op.options["axis"], build.rank(op.outputs[0]))
    inputs = [build.activation(index) for index in op.inputs]
    build.finish(op.outputs[0], "Concat", *inputs, activation=op.options["activation"], axis=axis)


def pad(build: OnnxBuilder, op: Operator) -> None:
    data, amounts = op.inputs
    pads = build.constant(amounts)  # (rank, 2): before, after
    if build.rank(data) == 4 and not pads[:3].any() and not pads[3, 0]:
        return _more_channels(build, op, int(pads[3, 1]))
    if build.rank(data) == 4:
        pads = pads[list(TO_CHANNELS_FIRST)]
    build.finish(op.outputs[0], "Pad", build.activation(data), build.add_constant(pads.T.ravel(), np.int64))


def _more_channels(build: OnnxBuilder, op: Operator, more: int) -> None:
    """Appends channels of zeros by a convolution, which stays in onnxruntime's blocked layout (see `prelu`)."""
    channels = build.shape(op.inputs[0])[3]
    identity = build.add_constant(np.eye(channels + more, channels)[..., None, None])
    build.finish(op.outputs[0], "Conv", build.activation(op.inputs[0]), identity, kernel_shape=[1, 1])


def resize_bilinear(build: OnnxBuilder, op: Operator) -> None:
    data, output = op.inputs[0], op.outputs[0]
    if op.options["align_corners"]:
        mode = "align_corners"
    else:
        mode = "half_pixel" if op.options["half_pixel_centers"] else "asymmetric"
    batch, height, width, channels = build.shape(output)
    sizes = build.add_constant((batch, channels, height, width), np.int64)
    build.finish(
        output, "Resize", build.activation(data), "", "", sizes, mode="linear", coordinate_transformation_mode=mode
    )


def strided_slice(build: OnnxBuilder, op: Operator) -> None:
    data, begin, end, strides = op.inputs
    rank = build.rank(data)
    starts, ends = build.constant(begin).astype(np.int64), build.constant(end).astype(np.int64)
    for axis in range(rank):
        if op.options["begin_mask"] >> axis & 1:
            starts[axis] = 0
        if op.options["end_mask"] >> axis & 1:
            ends[axis] = build.shape(data)[axis]
    axes = [build.axis(axis, rank) for axis in range(rank)]
    numbers = [build.add_constant(values, np.int64) for values in (starts, ends, axes, build.constant(strides))]
    build.finish(op.outputs[0], "Slice", build.activation(data), *numbers)


BUILTIN: dict[str, Emit] = {
    "ADD": add,
    "AVERAGE_POOL_2D": average_pool_2d,
    "CONCATENATION": concatenation,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEQUANTIZE": dequantize,
    "HARD_SWISH": _unary("HardSwish"),
    "LOGISTIC": _unary("Sigmoid"),
    "MAX_POOL_2D": max_pool_2d,
    "MUL": mul,
    "PAD": pad,
    "PRELU": prelu,
    "RELU": _unary("Relu"),
    "RESHAPE": reshape,
    "RESIZE_BILINEAR": resize_bilinear,
    "STRIDED_SLICE": strided_slice,
}
