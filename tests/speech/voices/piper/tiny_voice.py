"""Makes a real, very small Piper voice: every sound is a tone, as long as its number says.

It has the inputs and outputs of Piper's VITS export (input, input_lengths, scales -> audio) and the `Ceil` node from which
piper reads the alignments. The sound with id `i` lasts `(2 + i mod 5) * length_scale` hops, rounded up.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

HOP = 256


def durations(ids: list[int], length_scale: float) -> list[int]:
    """Samples of each sound."""
    return [int(np.ceil(np.float32(2 + index % 5) * np.float32(length_scale))) * HOP for index in ids]


def write_voice(folder: Path, name: str, language: str, espeak_voice: str, sample_rate: int = 22_050) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(_model(), str(folder / f"{name}.onnx"))
    config = {
        "audio": {"sample_rate": sample_rate},
        "espeak": {"voice": espeak_voice},
        "language": {"code": language},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": 256,
        "num_speakers": 1,
        "hop_length": HOP,
    }
    (folder / f"{name}.onnx.json").write_text(json.dumps(config), "utf-8")


def _model() -> onnx.ModelProto:
    constants = {
        "five": np.array(5, np.int64),
        "two": np.array(2, np.float32),
        "which_scale": np.array(1, np.int64),
        "hop": np.array(HOP, np.float32),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "step": np.array(0.1, np.float32),
        "shape": np.array([1, 1, 1, -1], np.int64),
        "axes": np.array([0, 1], np.int64),
    }
    nodes = [
        helper.make_node("Mod", ["input", "five"], ["kind"]),
        helper.make_node("Cast", ["kind"], ["kind_float"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["kind_float", "two"], ["length"]),
        helper.make_node("Gather", ["scales", "which_scale"], ["length_scale"]),
        helper.make_node("Mul", ["length", "length_scale"], ["scaled"]),
        helper.make_node("Ceil", ["scaled"], ["w_ceil"]),
        helper.make_node("ReduceSum", ["w_ceil", "axes"], ["hops"], keepdims=0),
        helper.make_node("Mul", ["hops", "hop"], ["samples_float"]),
        helper.make_node("Cast", ["samples_float"], ["samples"], to=TensorProto.INT64),
        helper.make_node("Range", ["zero", "samples", "one"], ["index"]),
        helper.make_node("Cast", ["index"], ["index_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["index_float", "step"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["sound"]),
        helper.make_node("Reshape", ["sound", "shape"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny_voice",
        [
            helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    return model
