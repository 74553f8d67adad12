"""ONNX for MediaPipe's own operators (mediapipe/util/tflite/operations, Apache-2.0, their second versions).

The attention mesh looks again at the lips and the eyes: `Landmarks2TransformMatrix` lays a rotated rectangle around some
landmarks, `TransformTensorBilinear` cuts it out of a feature map, `TransformLandmarks` brings the finer landmarks back.
"""

from __future__ import annotations

import struct

import numpy as np

from mien.errors import WeightsError
from mien.weights.onnx_builder import OnnxBuilder
from mien.weights.tflite_ops import Emit
from mien.weights.tflite_reader import Operator


def landmarks_to_transform_matrix(build: OnnxBuilder, op: Operator) -> None:
    """The matrix (1, 4, 4) that maps the small map's coordinates to those of the landmarks (1, L, 3)."""
    _need_version(op, 2)
    options = op.options
    if options["target_rotation_radians"] != 0.0:
        raise WeightsError(f"{op.kind} with a target rotation of {options['target_rotation_radians']} is not handled.")
    size = (options["output_width"], options["output_height"])
    landmarks = build.activation(op.inputs[0])
    axes = _axes(build, landmarks, options["left_rotation_idx"], options["right_rotation_idx"])
    low, high = _extent(build, landmarks, options["subset_idxs"], axes)

    half = build.add_constant(0.5)
    centre = build.node("MatMul", build.node("Mul", build.node("Add", low, high), half), axes)  # (1, 1, 2)
    scale = build.add_constant([[[options["scale_x"] / size[0], options["scale_y"] / size[1]]]])
    steps = build.node("Mul", build.node("Sub", high, low), scale)  # (1, 1, 2)
    rows = build.node("Mul", axes, build.node("Transpose", steps, perm=[0, 2, 1]))  # (1, 2, 2), one output pixel
    middle = build.node("MatMul", build.add_constant([[[size[0] / 2, size[1] / 2]]]), rows)
    origin = build.node("Sub", centre, middle)

    columns = [build.node("Transpose", part, perm=[0, 2, 1]) for part in (rows, origin)]
    zeros = build.add_constant(np.zeros((1, 2, 1)))
    top = build.node("Concat", columns[0], zeros, columns[1], axis=2)  # (1, 2, 4)
    bottom = build.add_constant([[[0, 0, 1, 0], [0, 0, 0, 1]]])
    build.finish(op.outputs[0], "Concat", top, bottom, axis=1)


def _axes(build: OnnxBuilder, landmarks: str, left: int, right: int) -> str:
    """Unit vectors (1, 2, 2) along and across the line between two landmarks, as rows."""
    ends = [_points(build, landmarks, [index]) for index in (left, right)]
    delta = build.node("Sub", ends[1], ends[0])  # (1, 1, 2)
    length = build.node("ReduceL2", delta, build.add_constant([2], np.int64), keepdims=1)
    along = build.node("Div", delta, length)
    across = build.node("MatMul", along, build.add_constant([[[0, 1], [-1, 0]]]))
    return build.node("Concat", along, across, axis=1)


def _extent(build: OnnxBuilder, landmarks: str, subset: list[int], axes: str) -> tuple[str, str]:
    """The smallest and largest coordinates (1, 1, 2) of the subset in the turned axes."""
    turned = build.node("MatMul", _points(build, landmarks, subset), build.node("Transpose", axes, perm=[0, 2, 1]))
    over = build.add_constant([1], np.int64)
    return build.node("ReduceMin", turned, over, keepdims=1), build.node("ReduceMax", turned, over, keepdims=1)


def _points(build: OnnxBuilder, landmarks: str, indices: list[int]) -> str:
    """x and y of some landmarks, (1, n, 2)."""
    chosen = build.node("Gather", landmarks, build.add_constant(indices, np.int64), axis=1)
    bounds = [build.add_constant([value], np.int64) for value in (0, 2, 2)]
    return build.node("Slice", chosen, *bounds)


def transform_tensor_bilinear(build: OnnxBuilder, op: Operator) -> None:
    """Samples a feature map at pixel centres moved by the matrix; zeros outside."""
    _need_version(op, 2)
    data, matrix = op.inputs
    _, height, width, _ = build.shape(data)
    out_height, out_width = op.options["output_height"], op.options["output_width"]
    y, x = np.meshgrid(np.arange(out_height) + 0.5, np.arange(out_width) + 0.5, indexing="ij")
    centres = build.add_constant(np.stack([x, y], axis=-1).reshape(1, -1, 2))
    moved = _apply(build, centres, build.activation(matrix))
    # GridSample counts from -1 at the map's left or upper edge to 1 at the other.
    scaled = build.node("Mul", moved, build.add_constant([2 / width, 2 / height]))
    grid = build.node("Sub", scaled, build.add_constant(1.0))
    shape = build.add_constant([1, out_height, out_width, 2], np.int64)
    build.finish(
        op.outputs[0],
        "GridSample",
        build.activation(data),
        build.node("Reshape", grid, shape),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=0,
    )


def transform_landmarks(build: OnnxBuilder, op: Operator) -> None:
    """Moves landmarks (1, L, 2) by the matrix (1, 4, 4)."""
    _need_version(op, 2)
    points, matrix = op.inputs
    build.finish(op.outputs[0], "Identity", _apply(build, build.activation(points), build.activation(matrix)))


def _apply(build: OnnxBuilder, points: str, matrix: str) -> str:
    """`points` (1, n, 2) times the linear part of `matrix` (1, 4, 4), plus its translation."""

    def part(first: int, last: int) -> str:
        bounds = [build.add_constant(values, np.int64) for values in ([0, first], [2, last], [1, 2])]
        return build.node("Transpose", build.node("Slice", matrix, *bounds), perm=[0, 2, 1])

    return build.node("Add", build.node("MatMul", points, part(0, 2)), part(3, 4))


def convolution_2d_transpose_bias(build: OnnxBuilder, op: Operator) -> None:
    """A transposed convolution whose kernel is as large as its stride, so that nothing overlaps."""
    data, weights, bias = op.inputs
    _, stride_width, stride_height = struct.unpack("<3i", op.options["raw"])
    kernel = build.constant(weights).transpose(3, 0, 1, 2)  # (out, kh, kw, in) -> (in, out, kh, kw)
    if kernel.shape[2:] != (stride_height, stride_width):
        raise WeightsError(f"{op.kind} with kernel {kernel.shape[2:]} and stride {stride_height, stride_width}.")
    build.finish(
        op.outputs[0],
        "ConvTranspose",
        build.activation(data),
        build.add_constant(kernel),
        build.add_constant(build.constant(bias)),
        kernel_shape=list(kernel.shape[2:]),
        strides=[stride_height, stride_width],
    )


def _need_version(op: Operator, version: int) -> None:
    if op.version != version:
        raise WeightsError(f"Version {op.version} of the operator {op.kind} is not handled, only {version}.")


CUSTOM: dict[str, Emit] = {
    "Convolution2DTransposeBias": convolution_2d_transpose_bias,
    "Landmarks2TransformMatrix": landmarks_to_transform_matrix,
    "TransformLandmarks": transform_landmarks,
    "TransformTensorBilinear": transform_tensor_bilinear,
}
