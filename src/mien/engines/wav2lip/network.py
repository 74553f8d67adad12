"""The two networks and how they become ONNX: a graph written down from a checkpoint's tensors, without PyTorch.

Both draw a face's lower half from the sound. An encoder brings the face down to one cell in steps, another one the sound; a decoder goes back up
from the cell of the sound, and on each step takes in what the face's encoder had there. Parts have the names that they have in the checkpoints.

Source: Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation in the Wild", 2020. The larger one is LiveTalking's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, checker, helper, numpy_helper

from mien.errors import WeightsError

MEL_BANDS, MEL_COLUMNS = 80, 16
"""What is heard at once: 0.2 s."""

LOWER_FROM = 5 / 12
"""Of a face's height: from there on its lower part is drawn where that is enough."""

VERSION = 1
"""Goes up when `exported` gives something else, so that kept files are made again."""

_WIDTH = 16
"""Channels of the first layer in the published networks; all others grow with it."""
_EPSILON = 1e-5
"""Of PyTorch's batch norm."""
_OPSET, _IR_VERSION = 17, 8


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution, batch norm, and ReLU.

    Args:
        name: before `.conv_block` in the checkpoint.
        before, after: channels.
        kernel: its side.
        stride: down and right; of a transposed one the same in both directions.
        transposed: it makes the picture larger.
        residual: what goes in is added before the ReLU.
    """

    name: str
    before: int
    after: int
    kernel: int = 3
    stride: tuple[int, int] = (1, 1)
    padding: int = 1
    transposed: bool = False
    residual: bool = False

    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Names and shapes of its tensors."""
        ends = (self.before, self.after) if self.transposed else (self.after, self.before)
        yield f"{self.name}.conv_block.0.weight", (*ends, self.kernel, self.kernel)
        yield f"{self.name}.conv_block.0.bias", (self.after,)
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            yield f"{self.name}.conv_block.1.{leaf}", (self.after,)
        yield f"{self.name}.conv_block.1.num_batches_tracked", ()


@dataclass(frozen=True, slots=True)
class Topology:
    """One of the networks.

    Args:
        name: the engine that runs it.
        side: of the faces, pixels.
        face_encoder, face_decoder: their blocks; after each block of the decoder comes what the encoder's block of the same size gave.
        audio_encoder: its layers.
        output: the layer before the last convolution.
    """

    name: Literal["wav2lip", "wav2lip256"]
    side: int
    face_encoder: tuple[tuple[Layer, ...], ...]
    audio_encoder: tuple[Layer, ...]
    face_decoder: tuple[tuple[Layer, ...], ...]
    output: Layer

    @classmethod
    def of(cls, name: Literal["wav2lip", "wav2lip256"], width: int = _WIDTH) -> Topology:
        """The published network; another `width` than 16 makes all layers narrower or wider."""
        large = name == "wav2lip256"
        down = [2, 4, 8, 16, 32, 32] if large else [2, 4, 8, 16, 32]
        residuals = [2, 3, 2, 2, 1, 1] if large else [2, 3, 2, 2, 1]
        encoder: list[tuple[Layer, ...]] = [(Layer("face_encoder_blocks.0.0", 6, width, 7, padding=3),)]
        for number, (factor, count) in enumerate(zip(down, residuals, strict=True), 1):
            before, after = encoder[-1][-1].after, factor * width
            encoder.append(_block(f"face_encoder_blocks.{number}", before, after, count, stride=(2, 2)))
        last, deepest = f"face_encoder_blocks.{len(encoder)}", 32 * width
        encoder.append(
            (
                Layer(f"{last}.0", deepest, deepest, 4 if large else 3, padding=0),
                Layer(f"{last}.1", deepest, deepest, 1, padding=0),
            )
        )
        up = [(32, 1), (32, 1), (32, 2), (24, 2), (16, 2), (8, 2), (4, 2)]
        up = up if large else [up[0], *up[2:]]
        decoder: list[tuple[Layer, ...]] = [(Layer("face_decoder_blocks.0.0", deepest, deepest, 1, padding=0),)]
        for number, (factor, count) in enumerate(up, 1):
            before = decoder[-1][-1].after + encoder[-number][-1].after
            first = number == 1
            decoder.append(
                _block(
                    f"face_decoder_blocks.{number}",
                    before,
                    factor * width,
                    count,
                    kernel=4 if first and large else 3,
                    stride=(1, 1) if first else (2, 2),
                    padding=0 if first else 1,
                    transposed=True,
                )
            )
        seen = decoder[-1][-1].after + encoder[0][-1].after
        return cls(
            name,
            256 if large else 96,
            tuple(encoder),
            _audio_encoder(width),
            tuple(decoder),
            Layer("output_block.0", seen, 2 * width),
        )

    def layers(self) -> Iterator[Layer]:
        """All of them but the last convolution."""
        for block in (*self.face_encoder, self.audio_encoder, *self.face_decoder):
            yield from block
        yield self.output

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all tensors of a checkpoint."""
        found = dict(shape for layer in self.layers() for shape in layer.shapes())
        return found | {"output_block.1.weight": (3, self.output.after, 1, 1), "output_block.1.bias": (3,)}


def _block(
    name: str,
    before: int,
    after: int,
    residuals: int,
    *,
    kernel: int = 3,
    stride: tuple[int, int],
    padding: int = 1,
    transposed: bool = False,
    first: int = 0,
) -> tuple[Layer, ...]:
    """A layer that changes the size, and residual ones; the first has the number `first`."""
    changing = Layer(f"{name}.{first}", before, after, kernel, stride, padding, transposed)
    kept = [Layer(f"{name}.{first + 1 + n}", after, after, residual=True) for n in range(residuals)]
    return (changing, *kept)


def _audio_encoder(width: int) -> tuple[Layer, ...]:
    name, layers = "audio_encoder", list[Layer]()
    steps = [(2, 2, (1, 1)), (4, 2, (3, 1)), (8, 2, (3, 3)), (16, 1, (3, 2))]
    for factor, count, stride in steps:
        before = layers[-1].after if layers else 1
        layers += _block(name, before, factor * width, count, stride=stride, first=len(layers))
    layers.append(Layer(f"{name}.{len(layers)}", 16 * width, 32 * width, padding=0))
    layers.append(Layer(f"{name}.{len(layers)}", 32 * width, 32 * width, 1, padding=0))
    return tuple(layers)


def recognised(tensors: Mapping[str, NDArray[Any]], source: object) -> Topology:
    """The network that a checkpoint holds.

    Args:
        tensors: by name.
        source: where they come from, for the error.

    Raises:
        WeightsError: tensors are missing, too many, or have other shapes.
    """
    first = tensors.get("face_encoder_blocks.0.0.conv_block.0.weight")
    width = 0 if first is None or not first.ndim else len(first)
    large = "face_encoder_blocks.7.0.conv_block.0.weight" in tensors
    topology = Topology.of("wav2lip256" if large else "wav2lip", width or _WIDTH)
    wanted = topology.shapes()
    for name, shape in wanted.items():
        if name not in tensors:
            if not name.endswith("num_batches_tracked"):  # which older versions of PyTorch did not count
                raise _another(source, f"it has no {name!r}")
        elif tensors[name].shape != shape:
            raise _another(source, f"{name!r} is {tensors[name].shape} instead of {shape}")
    unknown = [name for name in tensors if name not in wanted]
    if unknown:
        raise _another(source, f"it has {unknown[0]!r:.80}")
    return topology


def _another(source: object, why: str) -> WeightsError:
    return WeightsError(
        f"{source} holds no Wav2Lip: {why}.",
        hint="Bring wav2lip.pth, wav2lip_gan.pth, or LiveTalking's wav2lip256.pth.",
    )


@dataclass(slots=True)
class _Graph:
    tensors: Mapping[str, NDArray[Any]]
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def node(self, kind: str, *inputs: str, output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, values: NDArray[np.floating]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def rows(self, x: str, first: int, output: str) -> str:
        """`x` from a row on."""
        if first == 0:
            return x
        ends = (("low", first), ("high", np.iinfo(np.int64).max), ("axis", 2))
        names = [f"{output}.{name}" for name, _ in ends]
        self.constants += [
            numpy_helper.from_array(np.array([at]), name) for name, (_, at) in zip(names, ends, strict=True)
        ]
        return self.node("Slice", x, *names, output=output)

    def layer(self, x: str, layer: Layer) -> str:
        """A layer, its normalisation folded into the convolution."""
        name = layer.name
        weight, bias = (self.tensors[f"{name}.conv_block.0.{leaf}"].astype(np.float64) for leaf in ("weight", "bias"))
        gain, offset, mean, variance = (
            self.tensors[f"{name}.conv_block.1.{leaf}"].astype(np.float64)
            for leaf in ("weight", "bias", "running_mean", "running_var")
        )
        gain = gain / np.sqrt(variance + _EPSILON)
        along = (1, -1, 1, 1) if layer.transposed else (-1, 1, 1, 1)
        attributes: dict[str, Any] = {
            "kernel_shape": [layer.kernel] * 2,
            "strides": list(layer.stride),
            "pads": [layer.padding] * 4,
        }
        if layer.transposed and layer.stride != (1, 1):
            attributes["output_padding"] = [1, 1]
        made = self.node(
            "ConvTranspose" if layer.transposed else "Conv",
            x,
            self.constant(f"{name}.weight", weight * gain.reshape(along)),
            self.constant(f"{name}.bias", (bias - mean) * gain + offset),
            output=f"{name}.conv",
            **attributes,
        )
        if layer.residual:
            made = self.node("Add", made, x, output=f"{name}.sum")
        return self.node("Relu", made, output=name)


def exported(topology: Topology, tensors: Mapping[str, NDArray[Any]], lower: bool = False) -> bytes:
    """The network as an ONNX file.

    Its inputs are `mel` (B, 80, 16), `mien.motion.features.spectra.wav2lip_mel` of 0.2 s, and `face` (B, side, side, 3) uint8 BGR; its output `drawn`
    (B, rows, side, 3) float32 BGR, 0 … 255. The lower half of the face is hidden from one half of the network in here; B is free.

    Args:
        topology: as `recognised` gives it.
        tensors: of the checkpoint.
        lower: only the rows from `first_row` on are drawn, which are the same and cost a quarter less.
    """
    graph = _Graph(tensors)
    first = first_row(topology.side) if lower else 0
    x = _hiding(graph, topology.side)
    seen = []
    for block in topology.face_encoder:
        for layer in block:
            x = graph.layer(x, layer)
        seen.append(x)
    axis = numpy_helper.from_array(np.array([1]), "channel")
    graph.constants.append(axis)
    x = graph.node("Unsqueeze", "mel", "channel", output="heard")
    for layer in topology.audio_encoder:
        x = graph.layer(x, layer)
    had = 0
    for block, row in zip(topology.face_decoder, _needed(topology, first), strict=True):
        for layer in block:
            x = graph.layer(x, layer)
        had *= block[0].stride[0]
        name = block[0].name
        parts = graph.rows(x, row - had, f"{name}.lower"), graph.rows(seen.pop(), row, f"{name}.seen")
        x, had = graph.node("Concat", *parts, output=f"{name}.joined", axis=1), row
    x = graph.layer(x, topology.output)
    x = graph.rows(x, first - had, "lower")
    last = [graph.constant(name, tensors[name].astype(np.float32)) for name in _LAST]
    x = graph.node("Conv", x, *last, output="logits", kernel_shape=[1, 1])
    x = graph.node("Sigmoid", x, output="share")
    x = graph.node("Mul", x, graph.constant("white", np.array(255.0)), output="pixels")
    graph.node("Transpose", x, output="drawn", perm=[0, 2, 3, 1])
    return _model(graph, topology, first).SerializeToString()


def first_row(side: int) -> int:
    """The first of the rows that are drawn of a face's lower part."""
    return round(LOWER_FROM * side)


def _needed(topology: Topology, first: int) -> list[int]:
    """For each block of the decoder, the first row of what it gives that the rows from `first` on depend on.

    What is cut off counts as zero in a convolution of three rows, which makes one more row wrong each time. A transposed one gives the rows from
    twice the first of its rows on.
    """
    rows = [max(0, first - 1)]
    for block in reversed(topology.face_decoder[1:]):
        before = (rows[-1] - (len(block) - 1)) // 2
        rows.append(max(0, before) if block[0].stride == (2, 2) else 0)
    return rows[::-1]


_LAST = ("output_block.1.weight", "output_block.1.bias")


def _hiding(graph: _Graph, side: int) -> str:
    """The face twice, 0 … 1: without its lower half, and whole; (B, 6, side, side)."""
    x = graph.node("Cast", "face", output="bytes", to=TensorProto.FLOAT)
    x = graph.node("Transpose", x, output="planes", perm=[0, 3, 1, 2])
    x = graph.node("Mul", x, graph.constant("per_byte", np.array(1.0 / 255.0)), output="whole")
    upper = np.zeros((1, 1, side, 1))
    upper[:, :, : side // 2] = 1.0
    hidden = graph.node("Mul", x, graph.constant("upper_half", upper), output="hidden")
    return graph.node("Concat", hidden, x, output="both", axis=1)


def _model(graph: _Graph, topology: Topology, first: int) -> Any:
    picture = ["batch", topology.side, topology.side, 3]
    inputs = [
        helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["batch", MEL_BANDS, MEL_COLUMNS]),
        helper.make_tensor_value_info("face", TensorProto.UINT8, picture),
    ]
    drawn = ["batch", topology.side - first, topology.side, 3]
    outputs = [helper.make_tensor_value_info("drawn", TensorProto.FLOAT, drawn)]
    made = helper.make_graph(graph.nodes, topology.name, inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="mien")
    model.ir_version = _IR_VERSION
    checker.check_model(model)
    return model
