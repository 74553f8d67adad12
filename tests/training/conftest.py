"""A drawn person who speaks for nine seconds, and what bad cameras make of her."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

import mien
from mien.settings import Settings, load
from mien.training import Dataset, prepare
from mien.types import SAMPLE_RATE, Image, Samples

MEDIA = Path(__file__).parents[3] / "shared" / "media"
SIDE = 192
TEXT = (
    "My mama may buy me a blue boat. Papa bought a big map for Bob and me, and we looked at it all day. "
    "Five brown boats will move along the river, and nobody knows why."
)


@dataclass(frozen=True)
class Person:
    """Args:
    images: at 25 frames per second.
    samples: 16 kHz, as long.
    """

    images: list[Image]
    samples: Samples


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load()


@pytest.fixture(scope="session")
def person() -> Person:
    frames = list(mien.open("astronaut").render(text=TEXT, size=SIDE))[:225]
    assert len(frames) == 225, "the text is too short for nine seconds"
    return Person([frame.image for frame in frames], np.concatenate([frame.audio for frame in frames]))


@pytest.fixture(scope="session")
def video(person: Person, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good one, but for its length."""
    return film(tmp_path_factory.mktemp("video") / "person.mp4", person.images, person.samples)


@pytest.fixture(scope="session")
def dataset(video: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepare(video, tmp_path_factory.mktemp("dataset"), settings, size=SIDE)


@pytest.fixture
def media() -> Path:
    if not MEDIA.is_dir():
        pytest.skip("needs ../shared/media")
    return MEDIA


def film(
    path: Path,
    images: Sequence[Image],
    samples: Samples | None,
    fps: float = 25.0,
    *,
    times_s: Sequence[float] | None = None,
    rotation: float = 0,
) -> Path:
    """A video file.

    Args:
        path: of the file.
        images: of one size.
        samples: 16 kHz; None: no sound track.
        fps: of the images.
        times_s: when each is shown, if not at `fps`.
        rotation: degrees by which a player shall turn it.
    """
    ticks = Fraction(1, 90_000)
    times = [index / fps for index in range(len(images))] if times_s is None else times_s
    with av.open(str(path), "w") as container:
        pictures: Any = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        pictures.height, pictures.width = images[0].shape[:2]
        pictures.pix_fmt = "yuv420p"
        pictures.codec_context.time_base = ticks
        pictures.options = {"crf": "16", "preset": "ultrafast", "g": "50"}
        if rotation:
            pictures.set_display_rotation(rotation)
        sound: Any = None if samples is None else container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        for image, time_s in zip(images, times, strict=True):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(time_s / ticks), ticks
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if samples is not None:
            block = AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            block.sample_rate, block.pts = SAMPLE_RATE, 0
            container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    return path
