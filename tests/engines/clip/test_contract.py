"""The clip engine keeps the contract of all engines."""

from __future__ import annotations

import pytest

from mien.avatars import AvatarPackage
from mien.engines.clip.spec import SPEC
from mien.testing import EngineContract


class TestClipEngine(EngineContract):
    spec = SPEC
    picture = None

    @pytest.fixture(scope="class")
    @classmethod
    def avatar(cls, package: AvatarPackage) -> AvatarPackage:
        return package
