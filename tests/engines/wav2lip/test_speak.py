"""A whole video with the engine, as a user makes it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import soundfile

from mien import settings as settings_module
from mien.engines.wav2lip.engine import Wav2LipEngine
from mien.engines.wav2lip.spec import SPEC
from mien.studio import RenderOptions, SpeakOptions, open_avatar, speak


def test_a_video_says_what_its_weights_allow(checkpoint: Path, tmp_path: Path) -> None:
    settings = settings_module.load()
    avatar = open_avatar("astronaut", settings, engine="wav2lip")
    sound = (np.random.default_rng(0).standard_normal(4800) * 0.1).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", sound, 16000)
    result = speak(
        avatar,
        tmp_path / "out.mp4",
        settings,
        sound=tmp_path / "noise.wav",
        options=SpeakOptions(engine="wav2lip", render=RenderOptions(size=128)),
        loaded=Wav2LipEngine(settings, checkpoint, tmp_path),
    )
    assert (result.engine, result.frames, result.size) == ("wav2lip", 8, (128, 128))
    assert SPEC.terms in result.remarks
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["copyright"] == SPEC.terms
