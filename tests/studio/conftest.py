"""Settings with folders of their own, and an avatar of the sketch engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.avatars import AvatarPackage
from mien.media import write_image
from mien.settings import Settings, load
from mien.studio import open_avatar


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", offline=True)


def settings_in(folder: Path) -> Settings:
    """Folders of one's own, but this machine's networks."""
    cache = folder / "cache"
    cache.mkdir()
    (cache / "weights").symlink_to(load().cache_dir / "weights")
    return Settings(data_dir=folder / "data", cache_dir=cache, offline=True)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, np.random.default_rng(0).integers(0, 200, (96, 96, 3), dtype=np.uint8))
    return path


@pytest.fixture
def avatar(photo: Path, settings: Settings) -> AvatarPackage:
    return open_avatar(photo, settings, engine="sketch")
