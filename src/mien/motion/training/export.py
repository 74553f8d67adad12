"""From what was learnt to the ONNX file that Mien runs: one block of sound in, answers and the next state out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

    def split(self, x: str, sizes: Sequence[int], outputs: Sequence[str], axis: int) -> list[str]:
        """Pieces of such sizes along an axis."""
        given = [x, self.constant(f"{outputs[0]}_sizes", np.array(sizes))]
        self.nodes.append(helper.make_node("Split", given, list(outputs), axis=axis))
        return list(outputs)

    def shaped(self, x: str, shape: Sequence[int], output: str) -> str:
        return self.node("Reshape", x, self.constant(f"{output}_shape", np.array(shape)), output=output)

    def remembering(self, x: str, name: str, channels: int, past: int, length: int) -> str:
        """`x` (`length` columns) with the last `past` columns of the runs before in front of it.

        The whole of it is what goes into the next run: to leave out there what is too old costs less than to cut it off here.
        """
        shape = [1, channels, length + past]
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        self.outputs.append(helper.make_tensor_value_info(f"next_{name}", TensorProto.FLOAT, shape))
        ends = [
            self.constant(f"{name}_{end}", np.array([at])) for end, at in (("low", length), ("high", length + past))
        ]
        before = self.node("Slice", name, *ends, self.constant(f"{name}_axis", np.array([2])), output=f"{name}_before")
        return self.node("Concat", before, x, output=f"next_{name}", axis=2)


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
    x = graph.remembering(heard, "state_stem", CUES, STEM_KERNEL - FRAMES_PER_STEP, BLOCK)
    x = _conv(graph, x, "stem", _array(network.stem.weight), _array(network.stem.bias), strides=[FRAMES_PER_STEP])
    x = graph.node("Relu", x, output="stem_relu")
    x = _layers(graph, x, [cast(Layer, layer) for layer in network.layers])
    x = graph.node("Relu", x, output="trunk")
    _, behind, _ = graph.split(heard, [SOUNDS, SOUNDS, CUES - 2 * SOUNDS], ["likely", "behind", "loudness"], axis=1)
    _heads(graph, x, learnt, _reading(graph, behind, learnt.reading))
    answers = helper.make_tensor_value_info("answers", TensorProto.FLOAT, [1, len(AHEAD), STEPS, OUTPUTS])
    model = _model(graph, [cues, *graph.inputs], [answers, *graph.outputs], recipe)
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
    sizes = [size for layer in layers for size in (STEPS, layer.past)]
    names = [f"{what}_{index}" for index in range(len(layers)) for what in ("old", "past")]
    pasts = graph.split("state_layers", sizes, names, axis=2)[1::2]
    following: list[str] = []
    for index, layer in enumerate(layers):
        following.append(graph.node("Concat", pasts[index], x, output=f"whole_{index}", axis=2))
        x = _layer(graph, x, following[-1], f"layer_{index}", layer)
    shape = [1, layers[0].mix.out_channels, sum(sizes)]
    graph.inputs.append(helper.make_tensor_value_info("state_layers", TensorProto.FLOAT, shape))
    graph.outputs.append(helper.make_tensor_value_info("next_state_layers", TensorProto.FLOAT, shape))
    graph.node("Concat", *following, output="next_state_layers", axis=2)
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


def _reading(graph: _Graph, behind: str, reading: Reading) -> str:
    """What is read of the cues, (1, len(CHANNELS), len(AHEAD), STEPS), but for `reading.mean` and `reading.spread`."""
    evidence = _means(
        graph, behind, "evidence", SOUNDS, [_array(evidence_kernels(name)) / np.float32(BEHIND) for name in AHEAD]
    )
    evidence = graph.shaped(evidence, [1, SOUNDS, len(AHEAD) * BLOCK], "evidence_flat")
    likely = graph.node("Softmax", evidence, output="likely_flat", axis=1)
    table = _array(reading.table)
    weighed = _conv(graph, likely, "mouths", table, np.zeros(len(table), np.float32))
    channels = len(table) * len(AHEAD)
    weighed = graph.shaped(weighed, [1, channels, BLOCK], "mouths_apart")
    kernels = [_array(movement_kernels(name)) for name in AHEAD]
    mean = _means(graph, weighed, "movement", channels, kernels, strides=[FRAMES_PER_STEP])
    mean = graph.shaped(mean, [1, len(table), len(AHEAD), STEPS], "movement_apart")
    sizes = [len(MOVED), len(CHANNELS) - len(MOVED), 1]
    moved, shut, insisted = graph.split(mean, sizes, ["moved", "shut", "insisted"], axis=1)
    moved = graph.node("Div", moved, insisted, output="moved_alike")
    return graph.node("Concat", moved, shut, output="read", axis=1)


def _means(graph: _Graph, x: str, name: str, channels: int, kernels: Sequence[Array], **attributes: Any) -> str:
    """Means over the newest frames, as kernels (C, 1, frames) say, one for each lookahead: (1, C * len(AHEAD), …), the lookaheads inside.

    Args:
        graph, name, attributes: of the convolution.
        x: (1, channels, BLOCK), the same for all lookaheads or each one's own.
        channels: C or C * len(AHEAD).
        kernels: by lookahead.
    """
    frames = max(kernel.shape[2] for kernel in kernels)
    longest = [np.pad(kernel, ((0, 0), (0, 0), (frames - kernel.shape[2], 0))) for kernel in kernels]
    weights = np.stack(longest, axis=1).reshape(-1, 1, frames)
    whole = graph.remembering(x, f"state_{name}", channels, frames - 1, BLOCK)
    return _conv(graph, whole, name, weights, np.zeros(len(weights), np.float32), group=channels, **attributes)


def _heads(graph: _Graph, x: str, learnt: Learnt, read: str) -> None:
    """Mouth in its own units, speech as a probability, phones as logarithms of probabilities; in the order of `AHEAD`."""
    heads = [cast(nn.Conv1d, learnt.network.heads[name]) for name in AHEAD]
    weight = np.stack([_array(head.weight) for head in heads], axis=1).reshape(-1, heads[0].in_channels, 1)
    bias = np.stack([_array(head.bias) for head in heads], axis=1).reshape(-1)
    y = graph.shaped(_conv(graph, x, "head", weight, bias), [1, OUTPUTS, len(AHEAD), STEPS], "head_apart")
    sizes = [MOUTH, 1, OUTPUTS - MOUTH - 1]
    mouth, speech, phones = graph.split(y, sizes, ["mouth", "speech", "phones"], axis=1)
    speech = graph.node("Sigmoid", speech, output="speech_p")
    phones = graph.node("LogSoftmax", phones, output="phones_p", axis=1)
    shut = graph.node("Gather", phones, graph.constant("bilabial", np.array(BILABIAL)), output="bilabial_p", axis=1)
    shut = graph.node("ReduceLogSumExp", shut, output="shut_p", axes=[1], keepdims=1)
    shut = graph.node("Exp", shut, output="shut_sum")
    whole = graph.node("Concat", mouth, read, shut, output="mouth_and_read", axis=1)
    weights, added = learnt.mix()
    columns = slice(MOUTH, MOUTH + len(CHANNELS))
    added = added - weights[:, columns] @ (_array(learnt.reading.mean) / _array(learnt.reading.spread))
    weights[:, columns] /= _array(learnt.reading.spread)
    parameters = graph.constant("mix_weight", weights[:, :, None, None]), graph.constant("mix_bias", added)
    mouth = graph.node("Conv", whole, *parameters, output="mouth_of_both", kernel_shape=[1, 1])
    y = graph.node("Concat", mouth, speech, phones, output="answers_first", axis=1)
    graph.node("Transpose", y, output="answers", perm=[0, 2, 3, 1])


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
