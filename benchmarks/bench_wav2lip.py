"""Milliseconds of processor time for a mouth of Wav2Lip, on one core: onnxruntime as Mien runs it, and PyTorch in the official way.

    python -m benchmarks.bench_wav2lip [--network wav2lip]

Random weights, which cost the same as the published ones. `limit_ms` is what the multiply-adds of one mouth would take at the speed of a large
product of matrices on the same core, measured just before; `share` is how much of that speed onnxruntime reaches. A convolution computed in a
cleverer way than by its definition may go beyond 1. `fps` is what one core could draw, were there nothing else to do. "lower" is the network that
draws the lower part of a face alone, which is enough for the blended paste; "whole" is what the official program does.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
from torch.nn import functional

from mien.engines.wav2lip.network import Layer, Topology, exported
from mien.face.session import open_session

WARM_UP, REPEATS = 2, 9
BATCHES = (1, 4)
SIDE = 2048
"""Of the matrices whose product tells how fast the core is."""

Tensors = dict[str, np.ndarray]


def random_weights(topology: Topology) -> Tensors:
    random = np.random.default_rng(0)
    tensors: Tensors = {}
    for name, shape in topology.shapes().items():
        if len(shape) > 1:
            tensors[name] = (random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        else:
            tensors[name] = np.full(shape, 0.0 if name.endswith(("bias", "mean", "tracked")) else 1.0, np.float32)
    return tensors


class Eager:
    """The network as a PyTorch module would run it, convolution, batch norm and ReLU each by itself.

    Args:
        topology: of the network.
        tensors: its weights.
    """

    def __init__(self, topology: Topology, tensors: Tensors) -> None:
        self._topology = topology
        self._tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in tensors.items()}

    def __call__(self, mel: torch.Tensor, both: torch.Tensor) -> torch.Tensor:
        x, seen = both, []
        for block in self._topology.face_encoder:
            for layer in block:
                x = self._layer(x, layer)
            seen.append(x)
        x = mel[:, None]
        for layer in self._topology.audio_encoder:
            x = self._layer(x, layer)
        for block in self._topology.face_decoder:
            for layer in block:
                x = self._layer(x, layer)
            x = torch.cat([x, seen.pop()], 1)
        x = self._layer(x, self._topology.output)
        weight, bias = (self._tensors[f"output_block.1.{leaf}"] for leaf in ("weight", "bias"))
        return torch.sigmoid(functional.conv2d(x, weight, bias))

    def _layer(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        weight, bias = (self._tensors[f"{layer.name}.conv_block.0.{leaf}"] for leaf in ("weight", "bias"))
        if layer.transposed:
            more = 0 if layer.stride == (1, 1) else 1
            made = functional.conv_transpose2d(x, weight, bias, layer.stride, layer.padding, more)
        else:
            made = functional.conv2d(x, weight, bias, layer.stride, layer.padding)
        mean, variance, gain, offset = (
            self._tensors[f"{layer.name}.conv_block.1.{leaf}"]
            for leaf in ("running_mean", "running_var", "weight", "bias")
        )
        made = functional.batch_norm(made, mean, variance, gain, offset)
        return functional.relu(made + x if layer.residual else made)


def multiply_adds(network: bytes) -> int:
    """Of all convolutions for one face."""
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(network)).graph
    weights = {constant.name: int(np.prod(constant.dims)) for constant in graph.initializer}
    places = {
        info.name: int(np.prod([side.dim_value for side in info.type.tensor_type.shape.dim[2:]]))
        for info in (*graph.value_info, *graph.input)
    }
    at = {"Conv": lambda node: node.output[0], "ConvTranspose": lambda node: node.input[0]}
    return sum(weights[node.input[1]] * places[at[node.op_type](node)] for node in graph.node if node.op_type in at)


def gflops() -> float:
    """Of the core, multiply-adds counted as two."""
    one = torch.ones(SIDE, SIDE)
    return 2 * SIDE**3 / timed(lambda: one @ one)["least"] / 1e6


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """The least, which other work on the machine disturbs least, and the median; ms."""
    spent = []
    for _ in range(WARM_UP + REPEATS):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1000)
    return {"least": round(min(spent[WARM_UP:]), 2), "median": round(float(np.median(spent[WARM_UP:])), 2)}


def measure(name: Any) -> dict[str, Any]:
    topology = Topology.of(name)
    tensors = random_weights(topology)
    speed = gflops()
    figures: dict[str, Any] = {
        "gflops": round(speed, 1),
        "torch_ms": per_batch(topology, torch_runner(topology, tensors)),
    }
    for part in ("whole", "lower"):
        network = exported(topology, tensors, lower=part == "lower")
        session = open_session(network, name)
        spent = per_batch(topology, lambda mel, face, s=session: s.run(["drawn"], {"mel": mel, "face": face}))
        count = multiply_adds(network)
        limit, each = 2 * count / speed / 1e6, spent["batch 1"]["least"]
        figures[part] = {
            "gmac": round(count / 1e9, 2),
            "limit_ms": round(limit, 1),
            "onnxruntime_ms": spent,
            "share": round(limit / each, 2),
            "fps": round(1000 / each, 1),
        }
    return figures


def torch_runner(topology: Topology, tensors: Tensors) -> Callable[[np.ndarray, np.ndarray], Any]:
    eager = Eager(topology, tensors)

    def run(mel: np.ndarray, face: np.ndarray) -> Any:
        planes = torch.from_numpy(face).permute(0, 3, 1, 2) / 255
        with torch.inference_mode():
            return eager(torch.from_numpy(mel), torch.cat([planes, planes], 1))

    return run


def per_batch(topology: Topology, run: Callable[[np.ndarray, np.ndarray], Any]) -> dict[str, dict[str, float]]:
    """Milliseconds for each face of a batch."""
    random = np.random.default_rng(1)
    found = {}
    for batch in BATCHES:
        mel = random.uniform(-4, 4, (batch, 80, 16)).astype(np.float32)
        face = random.integers(0, 256, (batch, topology.side, topology.side, 3), np.uint8)
        spent = timed(lambda mel=mel, face=face: run(mel, face))
        found[f"batch {batch}"] = {kind: round(value / batch, 2) for kind, value in spent.items()}
    return found


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description="Times for drawing a mouth with Wav2Lip on one core.")
    parser.add_argument("--network", choices=("wav2lip", "wav2lip256"), action="append")
    torch.set_num_threads(1)
    names = parser.parse_args().network or ["wav2lip", "wav2lip256"]
    figures = {name: measure(name) for name in names}
    print(json.dumps(figures, indent=1))
    return figures


if __name__ == "__main__":
    main()
