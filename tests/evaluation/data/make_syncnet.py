"""Remakes syncnet_v2.json and syncnet_v2.npz: what the official network gives for the weights and inputs of `tests.motion.features.official`.

Run from the repository's root, with a clone of https://github.com/joonson/syncnet_python (MIT) at hand:

    python -m tests.evaluation.data.make_syncnet PATH/TO/syncnet_python

None of its code is here, only the names and shapes of its weights and numbers that it computed.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from tests.motion.features.official import numbers, weights

HERE = Path(__file__).parent


def faces() -> np.ndarray:
    return np.floor(256 * numbers("input:syncnet_v2.face").random((2, 5, 224, 224, 3))).astype(np.uint8)


def cepstra() -> np.ndarray:
    return (4.0 * numbers("input:syncnet_v2.mfcc").standard_normal((2, 13, 20))).astype(np.float32)


def main(clone: str) -> None:
    sys.path.insert(0, clone)
    model = importlib.import_module("SyncNetModel").S().eval()
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights(shapes).items()})
    blue_first = torch.from_numpy(faces()[..., ::-1].transpose(0, 4, 1, 2, 3).astype(np.float32))
    with torch.no_grad():
        seen, heard = model.forward_lip(blue_first), model.forward_aud(torch.from_numpy(cepstra())[:, None])
    (HERE / "syncnet_v2.json").write_text(json.dumps(shapes) + "\n")
    np.savez_compressed(HERE / "syncnet_v2.npz", seen=seen[:, ::8].numpy(), heard=heard[:, ::8].numpy())


if __name__ == "__main__":
    main(sys.argv[1])
