"""The portrait keeps the contract of all engines."""

from __future__ import annotations

from mien.engines.portrait.spec import SPEC
from mien.testing import EngineContract


class TestPortraitEngine(EngineContract):
    spec = SPEC
    options = {"size": 320}  # noqa: RUF012
