"""The network as an ONNX file: the crop of a frame and features in, the crop with the mouth out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from mien.engines.unet.crop import SIZE

_OPSET, _IR_VERSION = 17, 8


class _Graph:
    def __init__(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        self.arrays = arrays
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def learnt(self, name: str) -> str:
        """A learnt array; kept with 11 bits of precision, worked with in float32."""
        half = self.constant(f"{name}_half", self.arrays[name].astype(np.float16))
        return self.node("Cast", half, output=name, to=TensorProto.FLOAT)

    def conv(self, layer: str, x: str, stride: int = 1) -> str:
        weight, bias = self.learnt(f"{layer}.weight"), self.learnt(f"{layer}.bias")
        return self.node("Conv", x, weight, bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[stride, stride])

    def linear(self, layer: str, x: str) -> str:
        return self.node("Gemm", x, self.learnt(f"{layer}.weight"), self.learnt(f"{layer}.bias"), transB=1)

    def twice(self, x: str) -> str:
        return self.node("Resize", x, "", "doubled", mode="nearest", coordinate_transformation_mode="asymmetric")


def exported(arrays: Mapping[str, NDArray[np.float32]], known: NDArray[np.bool_], widths: tuple[int, ...]) -> bytes:
    """The file.

    Args:
        arrays: what `MouthUnet` has learnt, by its names.
        known: (SIZE, SIZE), the pixels that the network sees.
        widths: `MouthUnet.filmed()`.
    """
    graph = _Graph(arrays)
    half = SIZE // 2
    graph.constant("doubled", np.array([1, 1, 2, 2], np.float32))
    graph.constant("known", (known / 255.0).astype(np.float32)[None, None])
    graph.constant("known_grey", (known * 0.5).astype(np.float32)[None, None])
    graph.constant("one", np.array(1, np.float32))
    film = graph.node("Cast", graph.node("Transpose", "crop", perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
    rim = graph.node("Sub", graph.node("Mul", film, "known"), "known_grey")
    features = "features"
    basic = graph.linear("linear", features)
    basic = graph.node("Reshape", basic, graph.constant("basic_shape", np.array([-1, 3, half, half])))
    changes = graph.linear("film", graph.node("Relu", graph.linear("hear", features)))
    columns = graph.constant("columns", np.array([2, 3]))
    changes = graph.node("Unsqueeze", changes, columns)
    pieces = [f"piece_{number}" for number in range(2 * len(widths))]
    sizes = graph.constant("piece_sizes", np.array([*widths, *widths]))
    graph.nodes.append(helper.make_node("Split", [changes, sizes], pieces, axis=1))

    def follow(x: str, layer: int) -> str:
        scaled = graph.node("Mul", x, graph.node("Add", pieces[layer], "one"))
        return graph.node("Relu", graph.node("Add", scaled, pieces[len(widths) + layer]))

    def relu(x: str) -> str:
        return graph.node("Relu", x)

    spread = _unshuffled(graph, rim)
    fine = relu(graph.conv("take", graph.node("Concat", spread, basic, axis=1)))
    fine = relu(graph.conv("fine_in", fine))
    middle = relu(graph.conv("middle_in", relu(graph.conv("down", fine, 2))))
    coarse = follow(graph.node("Add", graph.conv("deep", middle, 2), graph.learnt("own_coarse")), 0)
    coarse = graph.node("Add", coarse, follow(graph.conv("first", coarse), 1))
    coarse = graph.node("Add", coarse, follow(graph.conv("second", coarse), 2))
    middle = graph.node("Add", middle, graph.twice(graph.conv("up", coarse)))
    middle = relu(graph.node("Add", middle, graph.learnt("own_middle")))
    middle = follow(graph.conv("middle_out", middle), 3)
    fine = graph.node("Add", fine, graph.twice(graph.conv("top", middle)))
    fine = relu(graph.node("Add", fine, graph.learnt("own_fine")))
    fine = follow(graph.conv("fine_out", fine), 4)
    drawn = graph.node("DepthToSpace", graph.conv("give", fine), blocksize=2, mode="CRD")
    drawn = graph.node("Add", drawn, graph.twice(basic))
    graph.constant("whole", np.array(255, np.float32))
    graph.constant("rounding", np.array(128, np.float32))
    graph.constant("least", np.array(0, np.float32))
    drawn = graph.node("Add", graph.node("Mul", drawn, "whole"), "rounding")
    drawn = graph.node("Clip", drawn, "least", "whole")
    graph.node("Cast", graph.node("Transpose", drawn, perm=[0, 2, 3, 1]), output="mouth", to=TensorProto.UINT8)
    return _model(graph, arrays["linear.weight"].shape[1]).SerializeToString()


def _unshuffled(graph: _Graph, x: str) -> str:
    """As torch's pixel_unshuffle: channel c · 4 + 2 · row + column."""
    half = SIZE // 2
    parted = graph.node("Reshape", x, graph.constant("parted", np.array([-1, 3, half, 2, half, 2])))
    turned = graph.node("Transpose", parted, perm=[0, 1, 3, 5, 2, 4])
    return graph.node("Reshape", turned, graph.constant("spread", np.array([-1, 12, half, half])))


def _model(graph: _Graph, features: int) -> ModelProto:
    picture = ["N", SIZE, SIZE, 3]
    inputs = [
        helper.make_tensor_value_info("crop", TensorProto.UINT8, picture),
        helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", features]),
    ]
    outputs = [helper.make_tensor_value_info("mouth", TensorProto.UINT8, picture)]
    made = helper.make_graph(graph.nodes, "mouth", inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    checker.check_model(model)
    return model
