"""Remakes lpips.json: what the official networks give for the weights of `tests.motion.features.official` and two pictures.

Run from the repository's root, with the packages lpips 0.1.4 (BSD-2) and torchvision at hand:

    python -m tests.evaluation.data.make_lpips

None of their code is here, only the names and shapes of the weights and numbers that it computed.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import torch
from tests.motion.features.official import numbers, weights

HERE = Path(__file__).parent
NETWORKS = ("alex", "vgg")


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Two uint8 RGB pictures of 80 × 96, the second one the first with noise and another colour."""
    one = numbers("input:lpips").random((10, 12, 3)).repeat(8, 0).repeat(8, 1)
    other = np.clip(one + 0.1 * numbers("input:lpips.noise").standard_normal(one.shape), 0, 1) * (1.0, 0.8, 0.9)
    return np.floor(255.99 * one).astype(np.uint8), np.floor(255.99 * other).astype(np.uint8)


def given(shapes: dict[str, list[int]]) -> dict[str, torch.Tensor]:
    """Weights by the rule; the heads' are not negative, as those that were taught."""
    values = weights(shapes)
    return {name: torch.from_numpy(np.abs(v) if name.startswith("lin") else v) for name, v in values.items()}


def main() -> None:
    lpips = importlib.import_module("lpips")
    one, other = (torch.from_numpy(each.transpose(2, 0, 1)[None] / 127.5 - 1).float() for each in pictures())
    found = {}
    for network in NETWORKS:
        model = lpips.LPIPS(net=network, pretrained=False, pnet_rand=True, verbose=False).eval()
        shapes = {name: list(value.shape) for name, value in model.state_dict().items() if name[:3] in ("net", "lin")}
        shapes = {name: shape for name, shape in shapes.items() if not name.startswith("lins.")}
        model.load_state_dict(given(shapes), strict=False)
        with torch.no_grad():
            found[network] = {"shapes": shapes, "distance": float(model(one, other))}
    (HERE / "lpips.json").write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
