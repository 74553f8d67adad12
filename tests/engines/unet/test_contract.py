"""The contract of all engines, with an avatar that was learnt from a video of the astronaut."""

from typing import ClassVar

import pytest

from mien.avatars import AvatarPackage
from mien.engines.unet.spec import SPEC
from mien.testing import EngineContract


class TestUnetEngine(EngineContract):
    spec = SPEC
    picture: ClassVar = None

    @pytest.fixture(scope="class")
    @classmethod
    def avatar(cls, package: AvatarPackage) -> AvatarPackage:
        return package
