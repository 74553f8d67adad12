"""Weights and inputs that any program can make again from names alone; the rule is that of ../shared/parity/README.md."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def numbers(tag: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(tag.encode()))


def weight(name: str, shape: Sequence[int]) -> np.ndarray:
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return np.zeros((), np.int64)
    normal = numbers(name).standard_normal(tuple(shape))
    if leaf == "running_mean":
        normal *= 0.1
    elif leaf == "running_var":
        normal = 1.0 + 0.1 * np.abs(normal)
    elif len(shape) >= 2:
        normal /= math.sqrt(math.prod(shape[1:]))
    elif leaf == "weight":
        normal = 1.0 + 0.1 * normal
    else:
        normal *= 0.05
    return normal.astype(np.float32)


def weights(shapes: Mapping[str, Sequence[int]]) -> Arrays:
    return {name: weight(name, shape) for name, shape in shapes.items()}


def wave(seconds: float = 1.0) -> np.ndarray:
    """A tone in noise; its first second is `wave` of ../shared/parity/speech_frontends.npz."""
    count = round(16000 * seconds)
    noise = numbers("input:wave1s").standard_normal(count)
    return (0.3 * np.sin(2 * np.pi * 220.0 * np.arange(count) / 16000.0) + 0.05 * noise).astype(np.float32)


def write_safetensors(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    names = {"float32": "F32", "float16": "F16", "int64": "I64"}
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, array in arrays.items():
        header[name] = {
            "dtype": names[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in arrays.values()))
