"""Settings with folders of their own and two avatars of the sketch engine, one red and one blue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.media import write_image
from mien.settings import Settings
from mien.studio import create_avatar

COLOURS = {"ruby": (180, 20, 20), "sapphire": (20, 20, 180)}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("render")
    made = Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True, log_level="error")
    for name, colour in COLOURS.items():
        write_image(folder / f"{name}.png", _noisy(colour))
        create_avatar(name, folder / f"{name}.png", made, engine="sketch")
    return made


def _noisy(colour: tuple[int, int, int]) -> np.ndarray:
    noise = np.random.default_rng(0).integers(-20, 20, (96, 96, 3))
    return (np.array(colour) + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture
def picture(settings: Settings) -> Path:
    return settings.data_dir.parent / "ruby.png"
