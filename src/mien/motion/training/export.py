"""From what was learnt to the ONNX file that Mien runs: one block of sound in, answers and the next state out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper
from torch import nn

from mien.errors import WeightsError
from mien.face.session import open_session
from mien.motion.ear import BEHIND, BLOCK, CUES, SOUNDS
from mien.motion.network import AHEAD, FRAMES_PER_STEP, MOUTH, OUTPUTS, STEPS, Stream
from mien.motion.phones import BILABIAL
from mien.motion.training.features import Features
from mien.motion.training.fit import Scale
from mien.motion.training.network import KERNEL, STEM_KERNEL, Layer, MouthNetwork
from mien.motion.training.reading import CHANNELS, MOVED, Reading, evidence_kernels, movement_kernels
from mien.motion.visemes import CLOSURE

Array = NDArray[np.float32]

LARGEST = 3_000_000
"""Bytes."""
_CLOSE = 2e-3
"""Torch and onnxruntime add in another order; the answers are of the order of 1."""

_TIMID_LIMIT, _TIMID_SHARE = 1.6, 0.7

_OPSET, _IR_VERSION = 17, 8


_BELIEVED = 0.3
"""Share of the reading in the movement that both of them know; the network has the rest."""
_FIRM = 2.5
"""Closures are so many times the sum of what both think of p, b and m: each is sure of but half of those that real people speak."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """All that the file is made of.

    Args:
        network: what was learnt.
        reading: what need not be learnt.
        scale: of the mouth channels that the network has learnt with.
        gains: float32 (MOUTH,), by which the movement about the mean is made larger.
    """

    network: MouthNetwork
    reading: Reading
    scale: Scale
    gains: Array

    @staticmethod
    def of(network: MouthNetwork, scale: Scale, data: Features) -> Learnt:
        """Reading and gains as they fit the right answers of `data`: clean speech of other voices than those learnt from.

        The mean of all that is possible is too timid: part of the spread of the right answers is given back.
        """
        cues = data.cues.astype(np.float32)
        with torch.no_grad():
            read = Reading()(torch.from_numpy(cues[None]))["far"][0].numpy()
        read = read[:, : len(MOVED)]
        reading = Reading(read.mean(axis=0), read.std(axis=0) + 1e-4)
        timid = Learnt(network, reading, scale, np.ones_like(scale.mean))
        given = answers(timid, cues)["far"][:, :MOUTH].std(axis=0)
        spread = data.mouth.astype(np.float32).std(axis=0) / np.maximum(given, 1e-4)
        gains = np.clip(spread, 1.0, _TIMID_LIMIT) ** _TIMID_SHARE
        return Learnt(network, reading, scale, gains.astype(np.float32))

    def mix(self) -> tuple[Array, Array]:
        """How the mouth comes of both.

        Returns:
            Weights (MOUTH, MOUTH + len(CHANNELS) + 1) of the network's channels, the reading's, and the network's probability of p, b
            and m; and what is added, (MOUTH,).
        """
        own, added = self.scale.spread * self.gains, self.scale.mean.copy()
        weights = np.concatenate([np.diag(own), np.zeros((MOUTH, len(CHANNELS) + 1), np.float32)], axis=1)
        for column, channel in enumerate(MOVED):
            weights[channel, [channel, MOUTH + column]] = (1.0 - _BELIEVED) * own[channel], _BELIEVED * own[channel]
        weights[CLOSURE], added[CLOSURE] = 0.0, 0.0
        weights[CLOSURE, [MOUTH + CHANNELS.index(CLOSURE), -1]] = _FIRM
        return weights.astype(np.float32), added


@dataclass(slots=True)
class _Graph:
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)
    inputs: list[ValueInfoProto] = field(default_factory=list)
    outputs: list[ValueInfoProto] = field(default_factory=list)

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *inputs: str, output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def slice(self, x: str, low: int, high: int, output: str, axis: int = 2) -> str:
        """[low, high) of the columns, or along another axis."""
        ends = [self.constant(f"{output}_{end}", np.array([at])) for end, at in (("low", low), ("high", high))]
        return self.node("Slice", x, *ends, self.constant(f"{output}_axis", np.array([axis])), output=output)

    def state(self, name: str, channels: int, past: int, following: Sequence[str]) -> None:
        """An input that keeps what `following` (one after another) gave in the run before."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, past]))
        self.outputs.append(helper.make_tensor_value_info(f"next_{name}", TensorProto.FLOAT, [1, channels, past]))
        self.node("Concat", *following, output=f"next_{name}", axis=2)

    def remembering(self, x: str, before: str, past: int, length: int) -> tuple[str, str]:
        """`x` (`length` columns) with the last `past` columns of before in front of it, and what is then last."""
        whole = self.node("Concat", before, x, output=f"{before}_whole", axis=2)
        return whole, self.slice(whole, length, length + past, f"{before}_next")


def exported(learnt: Learnt, recipe: Mapping[str, str]) -> bytes:
    """The ONNX file.

    Args:
        learnt: what it shall answer.
        recipe: how it was made; kept in the file.

    Raises:
        WeightsError: the file is too large.
    """
    graph = _Graph()
    network = learnt.network
    cues = helper.make_tensor_value_info("cues", TensorProto.FLOAT, [1, BLOCK, CUES])
    heard = graph.node("Transpose", "cues", output="cues_first", perm=[0, 2, 1])
    x, last = graph.remembering(heard, "state_stem", STEM_KERNEL - FRAMES_PER_STEP, BLOCK)
    graph.state("state_stem", CUES, STEM_KERNEL - FRAMES_PER_STEP, [last])
    x = _conv(graph, x, "stem", _array(network.stem.weight), _array(network.stem.bias), strides=[FRAMES_PER_STEP])
    x = graph.node("Relu", x, output="stem_relu")
    x = _layers(graph, x, [cast(Layer, layer) for layer in network.layers])
    x = graph.node("Relu", x, output="trunk")
    behind = graph.slice(heard, SOUNDS, 2 * SOUNDS, "behind", axis=1)
    for name in AHEAD:
        _head(graph, x, name, learnt, _reading(graph, behind, name, learnt.reading))
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, STEPS, OUTPUTS]) for name in AHEAD]
    model = _model(graph, [cues, *graph.inputs], [*answers, *graph.outputs], recipe)
    data = model.SerializeToString()
    if len(data) > LARGEST:
        raise WeightsError(f"The network has {len(data)} bytes; {LARGEST} are allowed.", hint="Make it smaller.")
    return data


def _model(
    graph: _Graph, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto], recipe: Mapping[str, str]
) -> ModelProto:
    made = helper.make_graph(graph.nodes, "mouth", inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="mien")
    model.ir_version = _IR_VERSION
    helper.set_model_props(model, dict(recipe))
    checker.check_model(model)
    return model


def _array(tensor: Any) -> Array:
    return tensor.detach().cpu().numpy().astype(np.float32)


def _conv(graph: _Graph, x: str, name: str, weight: Array, bias: Array, **attributes: Any) -> str:
    parameters = graph.constant(f"{name}_weight", weight), graph.constant(f"{name}_bias", bias)
    return graph.node("Conv", x, *parameters, output=name, kernel_shape=[weight.shape[2]], **attributes)


def _layers(graph: _Graph, x: str, layers: Sequence[Layer]) -> str:
    """All of them; what they remember is one tensor, because every tensor that goes in or out costs time."""
    pasts = [layer.past for layer in layers]
    names = [f"past_{index}" for index in range(len(layers))]
    graph.nodes.append(
        helper.make_node("Split", ["state_layers", graph.constant("pasts", np.array(pasts))], names, axis=2)
    )
    following: list[str] = []
    for index, layer in enumerate(layers):
        y, last = graph.remembering(x, names[index], layer.past, STEPS)
        following.append(last)
        x = _layer(graph, x, y, f"layer_{index}", layer)
    graph.state("state_layers", layers[0].mix.out_channels, sum(pasts), following)
    return x


def _layer(graph: _Graph, x: str, remembered: str, name: str, layer: Layer) -> str:
    """A layer, its normalisation folded into the convolution."""
    norm = layer.norm
    factor = (_array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)).astype(np.float32)
    weight = _array(layer.conv.weight) * factor[:, None, None]
    bias = (_array(norm.bias) - _array(norm.running_mean) * factor).astype(np.float32)
    y = _conv(graph, remembered, f"{name}_conv", weight, bias, dilations=[layer.past // (KERNEL - 1)])
    y = graph.node("Relu", y, output=f"{name}_relu")
    y = _conv(graph, y, f"{name}_mix", _array(layer.mix.weight), _array(layer.mix.bias))
    return graph.node("Add", x, y, output=name)


def _reading(graph: _Graph, behind: str, name: str, reading: Reading) -> str:
    """What is read of the cues, (1, len(CHANNELS), STEPS)."""
    evidence = _mean(graph, behind, f"{name}_evidence", _array(evidence_kernels(name)) / np.float32(BEHIND))
    likely = graph.node("Softmax", evidence, output=f"{name}_likely", axis=1)
    table = _array(reading.table)
    weighed = _conv(graph, likely, f"{name}_mouths", table, np.zeros(len(table), np.float32))
    kernels = _array(movement_kernels(name))
    mean = _mean(graph, weighed, f"{name}_movement", kernels, strides=[FRAMES_PER_STEP])
    ends = (0, len(MOVED), len(CHANNELS), len(table))
    moved, shut, insisted = (graph.slice(mean, low, high, f"{name}_part_{low}", axis=1) for low, high in pairwise(ends))
    moved = graph.node("Div", moved, insisted, output=f"{name}_moved")
    mouth = graph.node("Concat", moved, shut, output=f"{name}_read", axis=1)
    for kind, values in (("Sub", reading.mean), ("Div", reading.spread)):
        by = graph.constant(f"{name}_read_by_{kind}", _array(values)[None, :, None])
        mouth = graph.node(kind, mouth, by, output=f"{name}_read_{kind}")
    return mouth


def _mean(graph: _Graph, x: str, name: str, kernels: Array, **attributes: Any) -> str:
    """Every channel's mean over its newest frames, as its kernel says."""
    channels, _, frames = kernels.shape
    whole, last = graph.remembering(x, f"state_{name}", frames - 1, BLOCK)
    graph.state(f"state_{name}", channels, frames - 1, [last])
    return _conv(graph, whole, name, kernels, np.zeros(channels, np.float32), group=channels, **attributes)


def _head(graph: _Graph, x: str, name: str, learnt: Learnt, read: str) -> None:
    """Mouth in its own units, speech as a probability, phones as logarithms of probabilities."""
    head = cast(nn.Conv1d, learnt.network.heads[name])
    y = _conv(graph, x, f"{name}_head", _array(head.weight), _array(head.bias))
    sizes = graph.constant(f"{name}_sizes", np.array([MOUTH, 1, OUTPUTS - MOUTH - 1]))
    mouth, speech, phones = (f"{name}_{part}" for part in ("mouth", "speech", "phones"))
    graph.nodes.append(helper.make_node("Split", [y, sizes], [mouth, speech, phones], axis=1))
    speech = graph.node("Sigmoid", speech, output=f"{speech}_p")
    phones = graph.node("LogSoftmax", phones, output=f"{phones}_p", axis=1)
    numbers = graph.constant(f"{name}_bilabial", np.array(BILABIAL))
    shut = graph.node(
        "Exp", graph.node("Gather", phones, numbers, output=f"{name}_p_b_m", axis=1), output=f"{name}_shut"
    )
    axis = graph.constant(f"{name}_shut_axis", np.array([1]))
    shut = graph.node("ReduceSum", shut, axis, output=f"{name}_shut_p", keepdims=1)
    weights, added = learnt.mix()
    whole = graph.node("Concat", mouth, read, shut, output=f"{mouth}_and_read", axis=1)
    mouth = _conv(graph, whole, f"{mouth}_of_both", weights[:, :, None], added)
    y = graph.node("Concat", mouth, speech, phones, output=f"{name}_first", axis=1)
    graph.node("Transpose", y, output=name, perm=[0, 2, 1])


def answers(learnt: Learnt, cues: Array) -> dict[str, Array]:
    """What the exported file must answer to cues (T, CUES), computed by torch in one piece: (T / 2, OUTPUTS) by lookahead."""
    weights, added = learnt.mix()
    with torch.no_grad():
        given = learnt.network(torch.from_numpy(cues[None]))
        read = learnt.reading(torch.from_numpy(cues[None]))
    result: dict[str, Array] = {}
    for name, values in given.items():
        speech = torch.sigmoid(values[0, :, MOUTH : MOUTH + 1]).numpy()
        phones = torch.log_softmax(values[0, :, MOUTH + 1 :], dim=1).numpy()
        shut = np.exp(phones[:, BILABIAL]).sum(axis=1, keepdims=True)
        mouth = np.concatenate([values[0, :, :MOUTH].numpy(), read[name][0].numpy(), shut], axis=1) @ weights.T + added
        result[name] = np.concatenate([mouth, speech, phones], axis=1).astype(np.float32)
    return result


def check(model: bytes, learnt: Learnt) -> float:
    """Runs the file block by block against torch in one piece.

    Returns:
        The largest difference.

    Raises:
        WeightsError: they do not answer the same.
    """
    cues = np.random.default_rng(0).standard_normal((60 * BLOCK, CUES)).astype(np.float32)
    wanted = answers(learnt, cues)
    worst = 0.0
    for name, late in AHEAD.items():
        stream = Stream(name, open_session(model, "The exported network"))
        given = np.concatenate([stream.step(cues[at : at + BLOCK]) for at in range(0, len(cues), BLOCK)])
        worst = max(worst, float(np.abs(given - wanted[name][late:]).max()))
    if not worst < _CLOSE:
        raise WeightsError(
            f"The exported network answers otherwise than what was learnt: by {worst:.4f}.",
            hint="Try other versions of onnx and onnxruntime.",
        )
    return worst
