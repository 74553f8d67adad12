from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.errors import WeightsError
from mien.evaluation.identity import FaceRecognizer
from mien.types import Image, Landmarks


def recognizer(path: Path, shape: tuple[int | str, ...] = ("n", 3, 112, 112), side: int = 112) -> Path:
    """A network that recognises by what is seen in 64 random places."""
    values = np.random.default_rng(0).standard_normal((3 * side * side, 64)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["face"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["embedding"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 64])],
        [numpy_helper.from_array(values, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> FaceRecognizer:
    return FaceRecognizer(recognizer(tmp_path_factory.mktemp("identity") / "tiny.onnx"))


def test_a_face_elsewhere_in_the_picture_is_the_same(judge: FaceRecognizer, picture: Image, landmarks: Landmarks):
    here = judge.embedding(picture, landmarks)
    moved = np.roll(picture, (7, -5), (0, 1))
    there = judge.embedding(moved, landmarks + np.array([-5, 7, 0], np.float32))
    assert np.linalg.norm(here) == pytest.approx(1, abs=1e-5)
    assert float(here @ there) > 0.999


def test_another_face_is_another(judge: FaceRecognizer, picture: Image, landmarks: Landmarks):
    mirrored = np.ascontiguousarray(255 - picture[:, ::-1])
    assert float(judge.embedding(picture, landmarks) @ judge.embedding(mirrored, landmarks)) < 0.9


def test_what_is_no_such_network_is_refused(tmp_path: Path):
    with pytest.raises(WeightsError, match="no file"):
        FaceRecognizer(tmp_path / "missing.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="damaged"):
        FaceRecognizer(tmp_path / "broken.onnx")
    with pytest.raises(WeightsError, match="not a face"):
        FaceRecognizer(recognizer(tmp_path / "small.onnx", (1, 3, 64, 64), 64))
    with pytest.raises(WeightsError, match="not a face"):
        FaceRecognizer(recognizer(tmp_path / "last.onnx", (1, 112, 112, 3)))
