"""A video of the astronaut speaking, made by the portrait engine: what engines for videos learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien import settings as settings_module
from mien.media import VideoWriter
from mien.studio import create, engines
from mien.testing.utterances import sentence
from mien.types import SAMPLE_RATE

SIZE = 320
SECONDS = 9.0


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = settings_module.load()
    package = create.open_avatar("astronaut", settings)
    engine = engines.load_engine(engines.engine_of_package(package), settings)
    session = engines.open_session(engine, package, engines.RenderOptions(size=SIZE))
    path = tmp_path_factory.mktemp("video") / "astronaut.mp4"
    utterance = sentence(settings)
    with VideoWriter(path, session.size, session.fps, SAMPLE_RATE) as writer:
        while writer.frames < SECONDS * session.fps:
            session.push_audio(utterance.samples, utterance.phonemes)
            session.end_segment()
            for frame in session.frames():
                writer.write(frame.image, frame.audio)
            for _ in range(6):
                frame = session.idle_frame()
                writer.write(frame.image, frame.audio)
    return path
