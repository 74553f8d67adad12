"""Weights for networks of the official make: by a rule, as the official networks were once filled, or such that they visibly speak."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.motion.features.official import write_safetensors

from mien.engines.wav2lip.network import Layer, Topology

Tensors = dict[str, NDArray[Any]]

WIDTH = 4
"""Of the network that speaks: a quarter of the official one, which costs a sixteenth."""


def rng(tag: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(tag.encode()))


def by_rule(topology: Topology) -> Tensors:
    """Every tensor has a random stream of its own, named like it."""
    return {name: _filled(name, shape) for name, shape in topology.shapes().items()}


def _filled(name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    leaf = name.rpartition(".")[2]
    if leaf == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    values = rng(name).standard_normal(shape)
    if leaf == "running_mean":
        values = 0.1 * values
    elif leaf == "running_var":
        values = 1 + 0.1 * np.abs(values)
    elif len(shape) >= 2:
        values = values / np.sqrt(np.prod(shape[1:]))
    elif leaf == "weight":
        values = 1 + 0.1 * values
    else:
        values = 0.05 * values
    return values.astype(np.float32)


def speaking(topology: Topology) -> Tensors:
    """It gives back the face that it sees, darker at the middle of its lower third the louder it is."""
    tensors = {name: np.zeros(shape, np.float32) for name, shape in topology.shapes().items()}
    for layer in topology.layers():
        for leaf in ("weight", "running_var"):
            tensors[f"{layer.name}.conv_block.1.{leaf}"][:] = 1

    def kernel(layer: Layer) -> NDArray[np.float32]:
        return tensors[f"{layer.name}.conv_block.0.weight"]

    for colour in range(3):
        kernel(topology.face_encoder[0][0])[colour, 3 + colour, 3, 3] = 1
    first, *others = (layer for layer in topology.audio_encoder if not layer.residual)
    kernel(first)[0, 0, 1, 1] = 1
    tensors[f"{first.name}.conv_block.0.bias"][0] = 2  # silence is -4
    for layer in others:
        kernel(layer)[0, 0] = 1 / layer.kernel**2
    kernel(topology.face_decoder[0][0])[0, 0] = 1
    kernel(topology.face_decoder[1][0])[0, 0, -1, 1] = 1
    for block in topology.face_decoder[2:]:
        kernel(block[0])[0, 0] = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    for colour in range(3):
        kernel(topology.output)[colour, topology.face_decoder[-1][-1].after + colour, 1, 1] = 1
        kernel(topology.output)[colour, 0, 1, 1] = -0.4
        tensors["output_block.1.weight"][colour, colour] = 5
    tensors["output_block.1.bias"][:] = -2.5
    return tensors


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that speaks."""
    path = tmp_path_factory.mktemp("wav2lip") / "small.safetensors"
    write_safetensors(path, speaking(Topology.of("wav2lip", WIDTH)))
    return path
