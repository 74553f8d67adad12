"""What leaves the machine: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

RUN_A_NETWORK = """
import sys
import numpy as np
from pathlib import Path
from mien.face.session import Network
Network(Path(sys.argv[1]))(np.zeros((2, 2, 3), np.float32))
"""


def test_running_a_network_reports_to_nobody(tmp_path: Path) -> None:
    model, home = tmp_path / "same.onnx", tmp_path / "home"
    home.mkdir()
    picture, same = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2, 2, 3]) for name in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", [picture], [same])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
    # What else silences onnxruntime, as `CI` does, must not hide that Mien does.
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    environment = kept | {"HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(home)}
    subprocess.run([sys.executable, "-c", RUN_A_NETWORK, str(model)], env=environment, check=True, timeout=60)
    assert list(home.rglob("*")) == []
