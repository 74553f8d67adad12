"""A recogniser made by hand: an ONNX network that hears two tones, with rows like those of wav2vec 2.0."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TONES_HZ = {"m": 400.0, "a": 1200.0}
VOCABULARY = {"<pad>": 0, "<s>": 1, "m": 2, "a": 3, "ə5": 4}
REACH, HOP = 400, 320


def tone(name: str, seconds: float) -> np.ndarray:
    time = np.arange(round(16000 * seconds)) / 16000
    hz = TONES_HZ.get(name)
    return (0.3 * np.sin(2 * np.pi * hz * time) if hz else 0.0 * time).astype(np.float32)


def write(path: Path, *, mask: bool = False, hop: int = HOP) -> Path:
    """The loudness of both tones as logits against that of blank, which is always the same."""
    time = np.arange(REACH) / 16000
    waves = [wave(2 * np.pi * hz * time) / REACH for hz in TONES_HZ.values() for wave in (np.cos, np.sin)]
    mixing = np.zeros((len(VOCABULARY), 4, 1), np.float32)
    mixing[2, :2] = mixing[3, 2:] = 2000.0
    constants = {
        "channel": np.array([1], np.int64),
        "waves": np.array(waves, np.float32)[:, None],
        "mixing": mixing,
        "level": np.array([10.0, 0, 0, 0, 0], np.float32),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["input_values", "channel"], ["one"]),
        helper.make_node("Conv", ["one", "waves"], ["heard"], strides=[hop]),
        helper.make_node("Mul", ["heard", "heard"], ["power"]),
        helper.make_node("Conv", ["power", "mixing", "level"], ["columns"]),
        helper.make_node("Transpose", ["columns"], ["logits"], perm=[0, 2, 1]),
    ]
    inputs = [helper.make_tensor_value_info("input_values", TensorProto.FLOAT, ["batch", "samples"])]
    if mask:
        inputs.append(helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "samples"]))
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "rows", len(VOCABULARY)])]
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tones", inputs, outputs, initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    (path.parent / "vocab.json").write_text(json.dumps(VOCABULARY))
    (path.parent / "preprocessor_config.json").write_text('{"do_normalize": false}')
    return path


def write_log_mel(path: Path, columns: int | str = "columns") -> Path:
    """A network that hears log-mel: every second column of two bands."""
    kernel = np.zeros((2, 80, 1), np.float32)
    kernel[0, 3] = kernel[1, 40] = 1.0
    nodes = [
        helper.make_node("Conv", ["input_features", "kernel"], ["heard"], strides=[2]),
        helper.make_node("Transpose", ["heard"], ["last_hidden_state"], perm=[0, 2, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "bands",
        [helper.make_tensor_value_info("input_features", TensorProto.FLOAT, ["batch", 80, columns])],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "rows", 2])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path
