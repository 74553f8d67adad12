from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mien.weights import derive
from mien.weights.catalog import Catalog, OutputPrint
from mien.weights.fingerprint import TOLERANCE, as_toml, difference, measure, probe
from mien.weights.tflite_to_onnx import convert

from .conftest import converted
from .tiny_model import sigmoid

PRINT = OutputPrint(name="y", shape=(1, 3), mean=100.0, std=2.0, values=(99.0, 100.0, 101.0))


def changed(**values: object) -> tuple[OutputPrint, ...]:
    return (PRINT.model_copy(update=values),)


@pytest.mark.parametrize("shape", [(1, 192, 192, 3), (1, 4, 5, 3), (2, 8), (7,)])
def test_the_probe_is_the_same_every_time_and_within_its_range(shape: tuple[int, ...]) -> None:
    first = probe(shape)
    assert first.shape == shape
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 1
    assert (first == probe(shape)).all()


def test_the_probe_shows_swapped_axes_and_channels() -> None:
    picture = probe((1, 64, 64, 3))
    assert np.abs(picture - picture.swapaxes(1, 2)).max() > 0.1
    assert np.abs(picture - picture[..., ::-1]).max() > 0.1
    assert np.abs(picture - picture[:, ::-1]).max() > 0.1
    assert np.abs(picture - picture[:, :, ::-1]).max() > 0.1


def test_measure_describes_what_the_network_answers() -> None:
    (output,) = measure(convert(sigmoid()))
    expected = 1 / (1 + np.exp(-probe((1, 4, 5, 3)).astype(np.float64)))
    assert (output.name, output.shape) == ("y", (1, 4, 5, 3))
    # Written with six digits.
    assert_allclose([output.mean, output.std], [expected.mean(), expected.std()], atol=1e-6)
    assert_allclose([output.values[0], output.values[-1]], [expected.ravel()[0], expected.ravel()[-1]], atol=1e-6)


def test_differences_are_relative_to_the_largest_value() -> None:
    assert difference((PRINT,), changed(mean=100.0 + 100 * TOLERANCE)) is None
    assert difference((PRINT,), changed(mean=100.2)) == "its output 'y' is off by 0.2"
    assert difference((PRINT,), changed(values=(99.0, 100.0, 101.3))) == "its output 'y' is off by 0.3"


def test_other_names_shapes_and_nan_are_differences() -> None:
    assert difference((PRINT,), changed(name="z")) == "its outputs are ['z'] instead of ['y']"
    assert difference((PRINT,), ()) == "its outputs are [] instead of ['y']"
    assert difference((PRINT,), changed(shape=(3, 1))) == "its output 'y' has the shape (3, 1) instead of (1, 3)"
    assert difference((PRINT,), changed(std=float("nan"))) is not None


def test_the_written_file_reads_back() -> None:
    document = converted("https://host.invalid/net")
    prints = Catalog.parse(document).fingerprint
    assert Catalog.parse(document | tomllib.loads(as_toml(7, prints))).fingerprint == prints
    assert tomllib.loads(as_toml(7, prints))["converter"] == 7


@pytest.mark.parametrize("content", [b"", b"not onnx", b"\x08\x0a" + bytes(50)])
def test_a_file_that_does_not_run_is_said_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    problem = derive.check(tmp_path / "net.onnx", (PRINT,))
    assert problem is not None
    assert problem.startswith("it cannot be run")
