"""The networks against what the official ones answered, and checkpoints that hold something else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnx.utils
import pytest
from numpy.typing import NDArray

from mien.engines.wav2lip.network import Topology, exported, first_row, recognised
from mien.errors import WeightsError
from mien.face.session import open_session

from .conftest import Tensors, by_rule, rng, speaking

DATA = Path(__file__).parent / "data"
TOLERANCE = 1e-4
"""Of float32; that of another order of adding was 3e-7."""


def run(data: bytes, inputs: dict[str, NDArray], output: str) -> NDArray:
    """A part of the network, from any of its tensors to any other."""
    model = onnx.load_from_string(data)
    both = onnx.helper.make_tensor_value_info("both", onnx.TensorProto.FLOAT, [None, 6, None, None])
    model.graph.value_info.append(both)
    part = onnx.utils.Extractor(model).extract_model(list(inputs), [output])
    return np.asarray(open_session(part.SerializeToString(), "part").run([output], inputs)[0])


@pytest.mark.parametrize(("name", "batch"), [("wav2lip", 2), pytest.param("wav2lip256", 1, marks=pytest.mark.slow)])
def test_the_network_answers_as_the_official_one(name, batch: int) -> None:
    topology = Topology.of(name)
    mel = np.clip(rng(f"input:{name}.mel").standard_normal((batch, 1, 80, 16)), -4, 4).astype(np.float32)
    both = rng(f"input:{name}.face").random((batch, 6, topology.side, topology.side)).astype(np.float32)
    both[:, :3, topology.side // 2 :] = 0
    drawn = run(exported(topology, by_rule(topology)), {"mel": mel[:, 0], "both": both}, "drawn")
    expected = np.load(DATA / f"{name}.npz")["out_stride4"]
    got = drawn.transpose(0, 3, 1, 2)[..., ::4, ::4] / 255
    np.testing.assert_allclose(got, expected, atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("name", ["wav2lip", "wav2lip256"])
def test_the_lower_part_alone_is_the_same(name) -> None:
    topology = Topology.of(name, 2)
    tensors = by_rule(topology)
    inputs = {
        "mel": np.clip(rng("mel").standard_normal((1, 80, 16)), -4, 4).astype(np.float32),
        "face": rng("face").integers(0, 256, (1, topology.side, topology.side, 3), np.uint8),
    }
    whole = run(exported(topology, tensors), inputs, "drawn")
    lower = run(exported(topology, tensors, lower=True), inputs, "drawn")
    assert lower.shape == (1, topology.side - first_row(topology.side), topology.side, 3)
    np.testing.assert_allclose(lower, whole[:, first_row(topology.side) :], atol=1e-2)  # of 255


@pytest.mark.parametrize("name", ["wav2lip", "wav2lip256"])
def test_the_tensors_are_those_of_the_official_checkpoint(name) -> None:
    told = [each.partition(" ")[::2] for each in np.load(DATA / f"{name}.npz")["keys"].tolist()]
    assert list(Topology.of(name).shapes().items()) == [(key, tuple(json.loads(shape))) for key, shape in told]


def test_the_lower_half_is_hidden_from_the_first_three_channels() -> None:
    topology = Topology.of("wav2lip", 4)
    face = rng("face").integers(0, 256, (1, 96, 96, 3), np.uint8)
    both = run(exported(topology, speaking(topology)), {"face": face}, "both")
    planes = face[0].transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_allclose(both[0, 3:], planes, rtol=1e-6)
    np.testing.assert_allclose(both[0, :3, :48], planes[:, :48], rtol=1e-6)
    assert not both[0, :3, 48:].any()


@pytest.fixture
def tensors() -> Tensors:
    return speaking(Topology.of("wav2lip", 4))


@pytest.mark.parametrize(("name", "width"), [("wav2lip", 4), ("wav2lip256", 3), ("wav2lip", 16)])
def test_a_checkpoint_is_recognised_by_its_tensors(name, width: int) -> None:
    shapes = Topology.of(name, width).shapes()
    empty = {key: np.broadcast_to(np.float32(0), shape) for key, shape in shapes.items()}
    assert recognised(empty, "x") == Topology.of(name, width)


def test_counters_that_old_checkpoints_lack_are_no_matter(tensors: Tensors) -> None:
    old = {name: values for name, values in tensors.items() if not name.endswith("num_batches_tracked")}
    assert recognised(old, "x").name == "wav2lip"


def test_another_model_is_told(tensors: Tensors) -> None:
    wrong = tensors | {"output_block.1.weight": np.zeros((1, 8, 1, 1), np.float32)}
    with pytest.raises(WeightsError, match=r"x holds no Wav2Lip: 'output_block\.1\.weight' is \(1, 8, 1, 1\)"):
        recognised(wrong, "x")
    with pytest.raises(WeightsError, match=r"it has 'judge\.weight'"):
        recognised(tensors | {"judge.weight": np.zeros(1)}, "x")
    for other in ({}, {"conv.weight": np.zeros(3)}, {"face_encoder_blocks.0.0.conv_block.0.weight": np.array(1.0)}):
        with pytest.raises(WeightsError, match="holds no Wav2Lip"):
            recognised(other, "x")
