"""Numeric fingerprints: what a converted network answers to one fixed input.

A hash of the ONNX file would change with every version of `onnx`; the numbers do not. `python -m mien.weights.fingerprint`
fetches and converts every network and prints the `fingerprints.toml` that belongs to the present converter.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien.weights.catalog import OutputPrint

TOLERANCE = 1e-3
"""Relative to the largest value of the output, at least 1: float32 kernels of other processors differ by about 1e-5."""
_SAMPLES = 12


def probe(shape: Sequence[int]) -> NDArray[np.float32]:
    """A smooth picture in [0, 1] of the given shape (..., H, W, C), made without random numbers: waves that differ by
    channel, so that a swap of axes, of channels or of rows shows."""
    *_, height, width, channels = (1, 1, 1, *shape)
    y, x, c = np.meshgrid(
        np.linspace(0, 1, height), np.linspace(0, 1, width), np.arange(channels, dtype=np.float64), indexing="ij"
    )
    wave = 0.5 + 0.25 * np.sin(2 * np.pi * (3 * x + c / 3)) + 0.25 * np.cos(2 * np.pi * (2 * y + x * c))
    return np.broadcast_to(wave, (1, 1, 1, *shape)[-max(len(shape), 3) :]).reshape(shape).astype(np.float32)


def measure(model: bytes) -> tuple[OutputPrint, ...]:
    """Runs an ONNX model on `probe` and describes each output."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds = {node.name: probe(node.shape) for node in session.get_inputs()}
    results = session.run(None, feeds)
    return tuple(
        _describe(node.name, np.asarray(result)) for node, result in zip(session.get_outputs(), results, strict=True)
    )


def _describe(name: str, output: NDArray[np.float32]) -> OutputPrint:
    flat = output.astype(np.float64).ravel()
    picked = flat[np.unique(np.linspace(0, flat.size - 1, _SAMPLES).round().astype(int))]
    return OutputPrint(
        name=name,
        shape=output.shape,
        mean=round(float(flat.mean()), 6),
        std=round(float(flat.std()), 6),
        values=tuple(round(float(value), 6) for value in picked),
    )


def difference(expected: Sequence[OutputPrint], got: Sequence[OutputPrint]) -> str | None:
    """What differs first, in words; None if nothing does."""
    names, got_names = [item.name for item in expected], [item.name for item in got]
    if names != got_names:
        return f"its outputs are {got_names} instead of {names}"
    for want, have in zip(expected, got, strict=True):
        if want.shape != have.shape:
            return f"its output {want.name!r} has the shape {have.shape} instead of {want.shape}"
        numbers = np.array([want.mean, want.std, *want.values])
        away = np.abs(np.array([have.mean, have.std, *have.values]) - numbers)
        # Written so that a NaN counts as different.
        if not float(away.max()) <= TOLERANCE * max(1.0, float(np.abs(numbers).max())):
            return f"its output {want.name!r} is off by {away.max():.2g}"
    return None


def as_toml(converter: int, prints: dict[str, tuple[OutputPrint, ...]]) -> str:
    """The text of `fingerprints.toml`."""
    lines = [
        "# Made by `python -m mien.weights.fingerprint`; made again whenever the converter's VERSION goes up.",
        f"converter = {converter}",
    ]
    for name, outputs in prints.items():
        for output in outputs:
            lines += [
                f"\n[[fingerprint.{name}]]",
                f'name = "{output.name}"',
                f"shape = {list(output.shape)}",
                f"mean = {output.mean}",
                f"std = {output.std}",
                f"values = {list(output.values)}",
            ]
    return "\n".join(lines) + "\n"


def main() -> None:
    from mien.settings import load
    from mien.weights.store import WeightStore
    from mien.weights.tflite_to_onnx import VERSION, convert

    store = WeightStore.from_settings(load())
    prints = {
        entry.name: measure(convert(store.original(entry.name).read_bytes()))
        for entry in store.catalog.entry
        if entry.convert
    }
    sys.stdout.write(as_toml(VERSION, prints))


if __name__ == "__main__":
    main()
