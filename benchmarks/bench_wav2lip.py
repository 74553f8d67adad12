"""Milliseconds of processor time for a mouth of Wav2Lip, on one core: onnxruntime as Mien runs it, and PyTorch in the official way.

    python -m benchmarks.bench_wav2lip [--network wav2lip]

Random weights, which cost the same as the published ones. `limit_ms` is what the multiply-adds of one mouth would take at the speed of a large
product of matrices on the same core, measured just before; `share` is how much of that speed onnxruntime reaches. A convolution computed in a
cleverer way than by its definition may go beyond 1. `fps` is what one core could draw, were there nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
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
    """The network as a PyTorch module would run it, convolution, batch norm and ReLU each by itself; counts multiply-adds.

    Args:
        topology: of the network.
        tensors: its weights.
    """

    def __init__(self, topology: Topology, tensors: Tensors) -> None:
        self._topology = topology
        self._tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in tensors.items()}
        self.multiply_adds = 0

    def __call__(self, mel: torch.Tensor, both: torch.Tensor) -> torch.Tensor:
        self.multiply_adds = 0
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
        self.multiply_adds += weight.numel() * x.shape[2] * x.shape[3]
        return torch.sigmoid(functional.conv2d(x, weight, bias))

    def _layer(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        weight, bias = (self._tensors[f"{layer.name}.conv_block.0.{leaf}"] for leaf in ("weight", "bias"))
        if layer.transposed:
            more = 0 if layer.stride == (1, 1) else 1
            made = functional.conv_transpose2d(x, weight, bias, layer.stride, layer.padding, more)
            at = x
        else:
            at = made = functional.conv2d(x, weight, bias, layer.stride, layer.padding)
        self.multiply_adds += weight.numel() * at.shape[2] * at.shape[3]
        mean, variance, gain, offset = (
            self._tensors[f"{layer.name}.conv_block.1.{leaf}"]
            for leaf in ("running_mean", "running_var", "weight", "bias")
        )
        made = functional.batch_norm(made, mean, variance, gain, offset)
        return functional.relu(made + x if layer.residual else made)


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
    session = open_session(exported(topology, tensors), name)
    eager = Eager(topology, tensors)
    speed = gflops()
    figures: dict[str, Any] = {"gflops": round(speed, 1)}
    random = np.random.default_rng(1)
    for batch in BATCHES:
        mel = random.uniform(-4, 4, (batch, 80, 16)).astype(np.float32)
        face = random.integers(0, 256, (batch, topology.side, topology.side, 3), np.uint8)
        both = torch.rand(batch, 6, topology.side, topology.side)
        ours = timed(lambda mel=mel, face=face: session.run(["drawn"], {"mel": mel, "face": face}))
        with torch.inference_mode():
            theirs = timed(lambda mel=mel, both=both: eager(torch.from_numpy(mel), both))
        limit = 2 * eager.multiply_adds / speed / 1e6
        each = ours["least"] / batch
        figures |= {"gmac": round(eager.multiply_adds / 1e9, 2), "limit_ms": round(limit, 1)}
        figures[f"batch {batch}"] = {
            "onnxruntime_ms": {kind: round(value / batch, 2) for kind, value in ours.items()},
            "torch_ms": {kind: round(value / batch, 2) for kind, value in theirs.items()},
            "share": round(limit / each, 2),
            "fps": round(1000 / each, 1),
        }
    return figures


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
