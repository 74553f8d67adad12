"""The Wav2Lip engine keeps the contract of all engines, with a small network that darkens the mouth with the sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from mien.avatars import AvatarPackage
from mien.engines.wav2lip.engine import Wav2LipEngine
from mien.engines.wav2lip.footage import load
from mien.engines.wav2lip.spec import SPEC, Wav2LipOptions
from mien.settings import Settings
from mien.testing import EngineContract
from mien.testing.utterances import Utterance, sentence
from mien.types import Image

SIZE = 192


class TestWav2LipEngine(EngineContract):
    spec = SPEC
    options = {"size": SIZE}  # noqa: RUF012
    mouth: ClassVar[tuple[slice, slice]]

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, settings: Settings, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Wav2LipEngine:
        return Wav2LipEngine(settings, checkpoint, tmp_path_factory.mktemp("onnx"))

    @pytest.fixture(scope="class")
    @classmethod
    def utterance(cls, settings: Settings) -> Utterance:
        """Shorter than the others': each frame costs this engine 20 ms."""
        return sentence(settings, "Bob may help.")

    @pytest.fixture(autouse=True)
    def _mouth(self, avatar: AvatarPackage) -> None:
        points = load(avatar, Wav2LipOptions(size=SIZE)).landmarks[0]
        x, y = np.rint(points[[13, 14]].mean(axis=0)).astype(int)
        type(self).mouth = slice(y - 4, y + 5), slice(x - 6, x + 7)

    def mouth_openings(self, images: Sequence[Image], settings: Settings) -> list[float]:
        """How dark the mouth is: this network opens none."""
        return [1.0 - float(image[self.mouth].mean()) / 255.0 for image in images]
