"""The contract of all engines, with an avatar that was learnt from a video of the astronaut."""

from typing import ClassVar

import pytest

from mien.avatars import AvatarPackage
from mien.engines.gaussian.spec import SPEC
from mien.testing import EngineContract

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a face is learnt first


class TestGaussianEngine(EngineContract):
    spec = SPEC
    picture: ClassVar = None

    @pytest.fixture(scope="class")
    @classmethod
    def avatar(cls, package: AvatarPackage) -> AvatarPackage:
        return package
