"""Collects ONNX nodes for the tensors of a TensorFlow Lite graph, turning channels-last into channels-first.

Convention: an activation of rank 4 is (N, C, H, W) inside the ONNX graph and (N, H, W, C) at its inputs and outputs;
every other rank is left as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from mien.errors import WeightsError
from mien.weights.tflite_reader import Constant, TfliteGraph

TO_CHANNELS_FIRST = (0, 3, 1, 2)
TO_CHANNELS_LAST = (0, 2, 3, 1)


class OnnxBuilder:
    """The ONNX graph in the making. Names of activations are `t<index of the TensorFlow Lite tensor>`."""

    def __init__(self, graph: TfliteGraph) -> None:
        self.graph = graph
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self.constants: dict[int, Constant] = {
            index: tensor.constant for index, tensor in enumerate(graph.tensors) if tensor.constant is not None
        }
        self._fresh = 0

    def shape(self, index: int) -> tuple[int, ...]:
        """As TensorFlow Lite has it: channels last."""
        return self.graph.tensors[index].shape

    def rank(self, index: int) -> int:
        return len(self.shape(index))

    def constant(self, index: int) -> Constant:
        if index not in self.constants:
            raise WeightsError(f"The tensor {self.graph.tensors[index].name!r} should be a constant and is not.")
        return self.constants[index]

    def add_constant(self, values: Any, dtype: type[np.generic] = np.float32) -> str:
        array = np.ascontiguousarray(np.asarray(values, dtype=dtype))
        name = self._name("c")
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op_type: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds a node with one output and returns the output's name."""
        output = output or self._name("n")
        self.nodes.append(helper.make_node(op_type, list(inputs), [output], name=output, **attributes))
        return output

    def finish(self, index: int, op_type: str, *inputs: str, activation: str | None = None, **attributes: Any) -> None:
        """Adds the node that computes tensor `index`, followed by its fused activation."""
        name = f"t{index}"
        if activation is None:
            self.node(op_type, *inputs, output=name, **attributes)
        else:
            self.node(activation, self.node(op_type, *inputs, **attributes), output=name)

    def activation(self, index: int) -> str:
        """The computed tensor, channels first."""
        if index in self.constants:
            raise WeightsError(f"The tensor {self.graph.tensors[index].name!r} should be computed and is a constant.")
        return f"t{index}"

    def operand(self, index: int, rank: int) -> str:
        """A tensor that takes part in broadcasting with channels-first ones of this rank; it may be a constant."""
        if index not in self.constants:
            return self.activation(index)
        array: NDArray[Any] = self.constants[index]
        if rank == 4:
            array = array.reshape((1,) * (4 - array.ndim) + array.shape).transpose(TO_CHANNELS_FIRST)
        return self.add_constant(array)

    def channels_last(self, index: int) -> str:
        name = self.activation(index)
        return self.node("Transpose", name, perm=TO_CHANNELS_LAST) if self.rank(index) == 4 else name

    def axis(self, axis: int, rank: int) -> int:
        """A channels-last axis as it is numbered channels first."""
        axis %= rank
        return TO_CHANNELS_FIRST.index(axis) if rank == 4 else axis

    def _name(self, prefix: str) -> str:
        self._fresh += 1
        return f"{prefix}{self._fresh}"
