"""The avatars and settings of the render process's tests, for all that stands on it."""

from pathlib import Path

import pytest

from live.render.conftest import settings

__all__ = ["settings"]


@pytest.fixture(autouse=True)
def plugins_for_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recogniser's process finds the test plug-in too."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "plugin"))
