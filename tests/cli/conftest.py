"""The command run in this process, with folders of its own and the sketch engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.cli import main
from mien.media import write_image, write_wav
from mien.types import Sound


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out.count("\n") == 1, f"not one line: {self.out!r}"
        return json.loads(self.out)


Mien = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; Mien's own folders lie beside it."""
    monkeypatch.setenv("MIEN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MIEN_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "mien.toml").touch()
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(tmp_path / "mien.toml"))
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    monkeypatch.setenv("COLUMNS", "200")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def mien(home: Path, capsys: pytest.CaptureFixture[str]) -> Mien:
    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def photo(home: Path) -> Path:
    path = home.parent / "photo.png"
    write_image(path, np.random.default_rng(0).integers(0, 200, (96, 96, 3), dtype=np.uint8))
    return path


@pytest.fixture
def voice_wav(home: Path) -> Path:
    """0.6 s of a tone, 8 kHz."""
    path = home.parent / "voice.wav"
    tone = np.sin(np.arange(4800) / 8000 * 2 * np.pi * 220).astype(np.float32) * 0.4
    write_wav(path, Sound(tone, 8000))
    return path
