"""Each operator alone, against what TensorFlow Lite's documentation says of it, written out in NumPy."""

from __future__ import annotations

import struct

import numpy as np
import onnxruntime
import pytest
import tflite
from flatbuffers import flexbuffers
from numpy.typing import NDArray
from tflite import BuiltinOperator as Code

from mien.errors import WeightsError
from mien.weights.tflite_to_onnx import convert

from .tflite_writer import Model, Op, options

Array = NDArray[np.float32]
SAME, VALID = tflite.Padding.SAME, tflite.Padding.VALID
RELU = tflite.ActivationFunctionType.RELU


def noise(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def run(model: Model, *inputs: Array) -> Array:
    session = onnxruntime.InferenceSession(convert(model.write()), providers=["CPUExecutionProvider"])
    feeds = {node.name: value for node, value in zip(session.get_inputs(), inputs, strict=True)}
    return np.asarray(session.run(None, feeds)[0])


def windows(picture: Array, kernel: tuple[int, int], stride: int, padding: int, fill: float) -> Array:
    """(N, h, w, kh, kw, C): TensorFlow pads SAME by ceil(size / stride) windows, the odd pixel at the end."""
    pads = []
    for size, extent in zip(picture.shape[1:3], kernel, strict=True):
        total = max((-(-size // stride) - 1) * stride + extent - size, 0) if padding == SAME else 0
        pads.append((total // 2, total - total // 2))
    padded = np.pad(picture, ((0, 0), *pads, (0, 0)), constant_values=fill)
    every = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))[:, ::stride, ::stride]
    return np.moveaxis(every, 3, -1)


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize(("size", "stride"), [((8, 8), 2), ((7, 10), 2), ((6, 5), 1)])
def test_conv_pads_as_tensorflow_does(size: tuple[int, int], stride: int, padding: int) -> None:
    picture, weights, bias = noise(1, *size, 3), noise(4, 3, 5, 3), noise(4)
    seen = windows(picture, (3, 5), stride, padding, 0)
    expected = np.maximum(np.einsum("nhwklc,oklc->nhwo", seen, weights) + bias, 0)
    settings = options("Conv2DOptions", Padding=padding, StrideW=stride, StrideH=stride, FusedActivationFunction=RELU,
                       DilationWFactor=1, DilationHFactor=1)  # fmt: skip
    got = run(
        Model([picture.shape, weights, bias, expected.shape], [Op(Code.CONV_2D, (0, 1, 2), 3, settings)]), picture
    )
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_depthwise_conv_keeps_channels_apart() -> None:
    picture, weights, bias = noise(1, 9, 8, 5), noise(1, 3, 3, 5), noise(5)
    seen = windows(picture, (3, 3), 2, SAME, 0)
    expected = np.einsum("nhwklc,klc->nhwc", seen, weights[0]) + bias
    settings = options("DepthwiseConv2DOptions", Padding=SAME, StrideW=2, StrideH=2, DepthMultiplier=1,
                       DilationWFactor=1, DilationHFactor=1)  # fmt: skip
    op = Op(Code.DEPTHWISE_CONV_2D, (0, 1, 2), 3, settings)
    np.testing.assert_allclose(
        run(Model([picture.shape, weights, bias, expected.shape], [op]), picture), expected, atol=1e-4
    )


def test_half_precision_weights_are_widened() -> None:
    picture, weights, bias = noise(1, 4, 4, 2), noise(3, 1, 1, 2).astype(np.float16), np.zeros(3, np.float32)
    settings = options("Conv2DOptions", Padding=SAME, StrideW=1, StrideH=1, DilationWFactor=1, DilationHFactor=1)
    ops = [Op(Code.DEQUANTIZE, (1,), 2), Op(Code.CONV_2D, (0, 2, 3), 4, settings)]
    got = run(Model([picture.shape, weights, weights.shape, bias, (1, 4, 4, 3)], ops), picture)
    np.testing.assert_allclose(got, picture @ weights[:, 0, 0].T.astype(np.float32), atol=1e-5)


@pytest.mark.parametrize(
    ("code", "reduce", "fill"), [(Code.MAX_POOL_2D, np.max, -np.inf), (Code.AVERAGE_POOL_2D, np.nanmean, np.nan)]
)
def test_pools_do_not_count_the_padding(code: int, reduce: np.ufunc, fill: float) -> None:
    picture = noise(1, 7, 6, 3)
    expected = reduce(windows(picture, (3, 3), 2, SAME, fill), axis=(3, 4))
    settings = options("Pool2DOptions", Padding=SAME, StrideW=2, StrideH=2, FilterWidth=3, FilterHeight=3)
    got = run(Model([picture.shape, expected.shape], [Op(code, (0,), 1, settings)]), picture)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_average_pool_of_the_whole_picture() -> None:
    picture = noise(1, 6, 4, 3)
    settings = options("Pool2DOptions", Padding=VALID, StrideW=4, StrideH=6, FilterWidth=4, FilterHeight=6)
    got = run(Model([picture.shape, (1, 1, 1, 3)], [Op(Code.AVERAGE_POOL_2D, (0,), 1, settings)]), picture)
    np.testing.assert_allclose(got, picture.mean(axis=(1, 2), keepdims=True), atol=1e-6)


def test_prelu_has_a_slope_for_each_channel() -> None:
    picture, slope = noise(1, 5, 4, 3), np.array([[[-0.5, 0.25, 4.0]]], np.float32)
    got = run(Model([picture.shape, slope, picture.shape], [Op(Code.PRELU, (0, 1), 2)]), picture)
    np.testing.assert_allclose(got, np.where(picture < 0, picture * slope, picture), atol=1e-6)


@pytest.mark.parametrize(
    ("code", "function"),
    [
        (Code.RELU, lambda x: np.maximum(x, 0)),
        (Code.LOGISTIC, lambda x: 1 / (1 + np.exp(-x))),
        (Code.HARD_SWISH, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    ],
)
def test_elementwise(code: int, function: np.ufunc) -> None:
    picture = 3 * noise(1, 5, 4, 3)
    got = run(Model([picture.shape, picture.shape], [Op(code, (0,), 1)]), picture)
    np.testing.assert_allclose(got, function(picture), atol=1e-6)


@pytest.mark.parametrize("constant", [noise(3), noise(1, 1, 3), noise(4, 3), noise(1)])
def test_constants_broadcast_as_channels_last(constant: Array) -> None:
    picture = noise(1, 5, 4, 3)
    op = Op(Code.MUL, (0, 1), 2, options("MulOptions", FusedActivationFunction=RELU))
    got = run(Model([picture.shape, constant, picture.shape], [op]), picture)
    np.testing.assert_allclose(got, np.maximum(picture * constant, 0), atol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_concatenation_along_any_axis(axis: int) -> None:
    one = noise(1, 4, 4, 4)
    expected = np.concatenate([one, one], axis=axis)
    op = Op(Code.CONCATENATION, (0, 0), 1, options("ConcatenationOptions", Axis=axis))
    np.testing.assert_array_equal(run(Model([one.shape, expected.shape], [op]), one), expected)


def test_reshape_reads_channels_last() -> None:
    picture = noise(1, 4, 5, 6)
    flat = run(Model([picture.shape, (1, 40, 3)], [Op(Code.RESHAPE, (0,), 1)]), picture)
    np.testing.assert_array_equal(flat, picture.reshape(1, 40, 3))
    back = run(Model([(1, 40, 3), (1, 4, 5, 6)], [Op(Code.RESHAPE, (0,), 1)]), flat)
    np.testing.assert_array_equal(back, picture)


@pytest.mark.parametrize("pads", [[[0, 0], [1, 0], [0, 2], [0, 3]], [[0, 0], [0, 0], [0, 0], [0, 3]]])
def test_pad_of_rows_and_channels(pads: list[list[int]]) -> None:
    picture, amounts = noise(1, 3, 4, 2), np.array(pads, np.int32)
    expected = np.pad(picture, amounts)
    np.testing.assert_array_equal(
        run(Model([picture.shape, amounts, expected.shape], [Op(Code.PAD, (0, 1), 2)]), picture), expected
    )


def test_strided_slice() -> None:
    picture = noise(1, 6, 7, 8)
    limits = [np.array(values, np.int32) for values in ([0, 1, 0, 2], [1, 5, 7, 3], [1, 2, 3, 1])]
    expected = picture[:, 1:5:2, ::3, 2:]
    settings = options("StridedSliceOptions", BeginMask=0b0100, EndMask=0b1000)
    model = Model([picture.shape, *limits, expected.shape], [Op(Code.STRIDED_SLICE, (0, 1, 2, 3), 4, settings)])
    np.testing.assert_array_equal(run(model, picture), expected)


def test_resize_with_half_pixel_centres_doubles_evenly() -> None:
    picture = noise(1, 3, 4, 2)
    settings = options("ResizeBilinearOptions", AlignCorners=False, HalfPixelCenters=True)
    op = Op(Code.RESIZE_BILINEAR, (0, 1), 2, settings)
    got = run(Model([picture.shape, np.array([6, 8], np.int32), (1, 6, 8, 2)], [op]), picture)
    np.testing.assert_allclose(got[:, 1, 1], 0.75 * (0.75 * picture[:, 0, 0] + 0.25 * picture[:, 0, 1])
                               + 0.25 * (0.75 * picture[:, 1, 0] + 0.25 * picture[:, 1, 1]), atol=1e-6)  # fmt: skip
    np.testing.assert_allclose(got[:, 0, 0], picture[:, 0, 0], atol=1e-6)


def custom(name: str, inputs: tuple[int, ...], output: int, raw: bytes = b"", version: int = 2) -> Op:
    return Op(Code.CUSTOM, inputs, output, custom=name, custom_options=raw, version=version)


def test_transposed_convolution_paints_its_kernel() -> None:
    picture, weights, bias = noise(1, 3, 4, 5), noise(2, 2, 2, 5), noise(2)
    expected = np.einsum("nhwc,oklc->nhkwlo", picture, weights).reshape(1, 6, 8, 2) + bias
    op = custom("Convolution2DTransposeBias", (0, 1, 2), 3, struct.pack("<3i", 1, 2, 2), version=1)
    got = run(Model([picture.shape, weights, bias, expected.shape], [op]), picture)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def matrix_options(**changed: object) -> bytes:
    values: dict[str, object] = {
        "left_rotation_idx": 0, "right_rotation_idx": 1, "target_rotation_radians": 0.0, "subset_idxs": [0, 1, 2, 3],
        "output_width": 16, "output_height": 8, "scale_x": 1.5, "scale_y": 2.0,
    }  # fmt: skip
    return bytes(flexbuffers.Dumps(values | changed))


@pytest.mark.parametrize("degrees", [0, 30, 135, -90])
def test_transform_matrix_lays_a_turned_rectangle_around_landmarks(degrees: float) -> None:
    turn = np.radians(degrees)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array([20.0, 30.0])
    upright = np.array([[-4, 0], [4, 0], [0, -3], [0, 3], [90, 90]])  # the last one is not in the subset
    landmarks = np.zeros((1, 5, 3), np.float32)
    landmarks[0, :, :2] = upright @ rotation.T + centre
    op = custom("Landmarks2TransformMatrix", (0,), 1, matrix_options())
    (matrix,) = run(Model([landmarks.shape, (1, 4, 4)], [op]), landmarks)
    corners = np.array([[0, 0, 0, 1], [16, 0, 0, 1], [8, 4, 0, 1], [16, 8, 0, 1]])
    expected = np.array([[-6, -6], [6, -6], [0, 0], [6, 6]]) @ rotation.T + centre
    np.testing.assert_allclose((corners @ matrix.T)[:, :2], expected, atol=1e-4)


def test_bilinear_crop_reads_pixel_centres_and_zeros_outside() -> None:
    y, x = np.mgrid[:6, :6].astype(np.float32)
    picture = np.stack([x, y], axis=-1)[None]
    matrix = np.eye(4, dtype=np.float32)[None]
    matrix[0, :2, 3] = (1.25, 2.0)
    op = custom("TransformTensorBilinear", (0, 1), 2, bytes(flexbuffers.Dumps({"output_height": 3, "output_width": 6})))
    (got,) = run(Model([picture.shape, (1, 4, 4), (1, 3, 6, 2)], [op], inputs=(0, 1)), picture, matrix)
    np.testing.assert_allclose(got[..., :4, 0], np.broadcast_to(np.arange(4) + 1.25, (3, 4)), atol=1e-5)
    np.testing.assert_allclose(got[..., :4, 1], np.broadcast_to(np.arange(3)[:, None] + 2, (3, 4)), atol=1e-5)
    np.testing.assert_array_equal(got[:, 5], 0)


def test_transform_landmarks_applies_the_matrix() -> None:
    points, matrix = noise(1, 7, 2), noise(1, 4, 4)
    op = custom("TransformLandmarks", (0, 1), 2)
    got = run(Model([points.shape, (1, 4, 4), points.shape], [op], inputs=(0, 1)), points, matrix)
    np.testing.assert_allclose(got[0], points[0] @ matrix[0, :2, :2].T + matrix[0, :2, 3], atol=1e-5)


def test_the_same_model_gives_the_same_bytes() -> None:
    model = Model([(1, 4, 5, 3), (1, 4, 5, 3)], [Op(Code.RELU, (0,), 1)]).write()
    assert convert(model) == convert(model)


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"\x1c\x00\x00\x00TFL3" + b"\xff" * 64])
def test_what_is_no_model_is_a_clear_error(data: bytes) -> None:
    with pytest.raises(WeightsError, match="TensorFlow Lite"):
        convert(data)


def test_a_model_cut_off_is_a_clear_error() -> None:
    model = Model([(1, 4, 5, 3), (1, 4, 5, 3)], [Op(Code.RELU, (0,), 1)]).write()
    for length in range(8, len(model) - 8, 7):
        with pytest.raises(WeightsError):
            convert(model[:length])


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Op(Code.COS, (0,), 1), "'COS' is not handled"),
        (custom("Surprise", (0,), 1), "'Surprise' is not handled"),
        (custom("Landmarks2TransformMatrix", (0,), 1, matrix_options(), version=1), "Version 1"),
        (custom("Landmarks2TransformMatrix", (0,), 1, matrix_options(target_rotation_radians=1.0)), "target rotation"),
        (Op(Code.MUL, (0, 0), 1, options("MulOptions", FusedActivationFunction=RELU + 1)), "activation"),
        (Op(Code.PRELU, (0, 0), 1), "should be a constant"),
    ],
)
def test_what_is_not_handled_is_named(op: Op, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        convert(Model([(1, 5, 3), (1, 5, 3)], [op]).write())
