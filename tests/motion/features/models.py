"""Tiny models that the official networks were run with."""

from __future__ import annotations

import json
from pathlib import Path

from tests.motion.features.official import weights, write_safetensors

DATA = Path(__file__).parent / "data"
DESCRIBED = json.loads((DATA / "speech.json").read_text())
"""Configuration and shapes of the weights, as `data/make.py` wrote them."""


def folder_of(name: str, folder: Path) -> Path:
    """A model of `DESCRIBED` as Hugging Face keeps it, its weights by the rule."""
    described = DESCRIBED[name]
    (folder / "config.json").write_text(json.dumps(described["config"]))
    write_safetensors(folder / "model.safetensors", weights(described["shapes"]))
    return folder
