from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import MediaError, NotFoundError
from mien.evaluation.footage import Footage, found_shift, thumbnail
from mien.types import Image

from .conftest import noise, write_video


def swaying(frames: int, fps: float = 25.0, seed: int = 0) -> list[Image]:
    """A bright square that wanders before a still background."""
    rng = np.random.default_rng(seed)
    steps = np.convolve(rng.standard_normal((frames + 40) * 2), np.hanning(int(fps / 2)), "same").reshape(-1, 2)
    places = 40 + 18 * steps / np.abs(steps).max()
    background = np.random.default_rng(9).integers(0, 120, (96, 96, 3), np.uint8)
    images = []
    for y, x in places[20 : 20 + frames].round().astype(int):
        image = background.copy()
        image[y : y + 24, x : x + 24] = 230
        images.append(image)
    return images


def thumbnails(images: list[Image]) -> NDArray[np.uint8]:
    return np.stack([thumbnail(image) for image in images])


@pytest.mark.parametrize("shift", [-30, -1, 0, 3, 45])
def test_a_constant_shift_is_found(shift: int):
    images = swaying(200)
    late, real = images[max(0, -shift) :], images[max(0, shift) :]
    rng = np.random.default_rng(1)
    spoilt = [np.clip(image * 0.8 + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8) for image in late]
    assert found_shift(thumbnails(spoilt), thumbnails(real), 25) == shift


def test_videos_that_move_otherwise_are_not_shifted():
    assert found_shift(thumbnails(swaying(200)), thumbnails(swaying(200, seed=5)), 25) == 0


def test_still_and_very_short_videos_are_not_shifted():
    still = thumbnails([swaying(1)[0]] * 60)
    assert found_shift(still, still, 25) == 0
    assert found_shift(still[:4], still[:2], 25) == 0


def test_a_file_gives_frames_and_sound_from_any_frame_on(tmp_path: Path):
    samples = noise(2)
    images = swaying(50)
    footage = Footage.of_file(write_video(tmp_path / "sway.mp4", images, samples))
    assert (footage.fps, footage.size) == (25, (96, 96))
    later = footage.starting(10)
    first = next(later.frames())
    distances = np.abs(thumbnails(images).astype(int) - thumbnail(first)).sum(axis=1)
    assert distances.argmin() == 10
    assert len(list(later.frames())) == 40
    assert len(footage.sound()) - len(later.sound()) == 10 * 640
    assert len(list(Footage.of_file(tmp_path / "sway.mp4", 12.5).frames())) == 25


def test_frames_are_scaled_if_they_show_the_same(tmp_path: Path):
    footage = Footage.of_file(write_video(tmp_path / "sway.mp4", swaying(30), None))
    smaller = footage.scaled((48, 48))
    assert next(smaller.frames()).shape == (48, 48, 3)
    assert smaller.size == (48, 48)
    assert next(footage.scaled((200, 199)).frames()).shape == (199, 200, 3)
    with pytest.raises(MediaError, match="96 × 96") as caught:
        footage.scaled((96, 54))
    assert "--frame" in caught.value.hint


def test_files_that_are_none_are_refused(tmp_path: Path):
    with pytest.raises(NotFoundError):
        Footage.of_file(tmp_path / "missing.mp4")
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(MediaError):
        Footage.of_file(tmp_path / "text.mp4")
    mute = Footage.of_file(write_video(tmp_path / "mute.mp4", swaying(30), None))
    with pytest.raises(MediaError):
        mute.sound()
