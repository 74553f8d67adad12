from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.settings import Settings
from mien.speech.voices.espeak.voice import EspeakVoice


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")


@pytest.fixture(scope="module")
def espeak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EspeakVoice]:
    voice = EspeakVoice(Settings(data_dir=tmp_path_factory.mktemp("data")))
    yield voice
    voice.close()
