"""Conversion of fetched files to what the engines run, checked by numbers before anything is kept."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path

from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
    RuntimeException,
)

from mien.errors import WeightsError
from mien.weights import disk, fingerprint
from mien.weights.catalog import OutputPrint
from mien.weights.tflite_to_onnx import convert

logger = logging.getLogger(__name__)


def derive(raw: Path, target: Path, expected: tuple[OutputPrint, ...]) -> None:
    """Converts `raw` to ONNX at `target`.

    Raises:
        WeightsError: the file cannot be converted, or the result answers with other numbers than `expected`.
        OutputError: the result cannot be written.
    """
    model = convert(raw.read_bytes())
    difference = fingerprint.difference(expected, fingerprint.measure(model))
    if difference:
        raise WeightsError(
            f"The conversion of {raw.name} is wrong: {difference}.",
            hint=f"onnx {version('onnx')} and onnxruntime {version('onnxruntime')} were used; try other versions of them.",
        )
    disk.place([model], target)
    logger.info("converted", extra={"file": target.name})


def check(derived: Path, expected: tuple[OutputPrint, ...]) -> str | None:
    """What is wrong with a converted file, in words; None if it is as it should be."""
    try:
        return fingerprint.difference(expected, fingerprint.measure(derived.read_bytes()))
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException) as error:
        return f"it cannot be run: {error}"
