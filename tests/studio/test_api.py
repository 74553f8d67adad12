from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import Cancelled, MediaError, NotFoundError, UsageError
from mien.media import VideoReader, write_wav
from mien.settings import Settings
from mien.types import Progress, Sound


@pytest.fixture
def face(photo: Path, settings: Settings) -> mien.Avatar:
    return mien.open(photo, engine="sketch", settings=settings)


def tone(seconds: float, sample_rate: int = 16_000) -> Sound:
    samples = np.sin(np.arange(round(seconds * sample_rate)) / sample_rate * 1500).astype(np.float32) * 0.5
    return Sound(samples, sample_rate)


def test_open_and_save(face: mien.Avatar, tmp_path: Path):
    result = face.speak("Hello.", size=128).save(tmp_path / "out.mp4", subtitles=True)
    assert result.output == tmp_path / "out.mp4"
    with VideoReader(result.output) as video:
        assert sum(1 for _ in video) == result.frames
    assert (tmp_path / "out.srt").read_text().startswith("1\n")
    assert face.name == "photo"
    assert face.remarks == ("The mouth was guessed.",)


def test_frames_of_a_file_of_samples_and_of_a_text(face: mien.Avatar, tmp_path: Path):
    sound = tone(0.5)
    path = tmp_path / "speech.wav"
    write_wav(path, sound)
    for source in (path, str(path), path.read_bytes(), sound):
        frames = list(face.render(source, size=64))
        assert len(frames) == 13
        assert frames[0].image.shape == (64, 64, 3)
        heard = np.concatenate([frame.audio for frame in frames])[: len(sound.samples)]
        np.testing.assert_allclose(heard, sound.samples, atol=1e-4)
    assert len(list(face.render(text="Hello.", size=64))) > 5


def test_a_speech_may_be_used_again(face: mien.Avatar, tmp_path: Path):
    speech = face.speak("Hello.", size=64)
    first, second = list(speech), list(speech)
    assert all((one.image == other.image).all() for one, other in zip(first, second, strict=True))
    assert speech.save(tmp_path / "x.mp4").frames == len(first)


def test_exactly_one_source(face: mien.Avatar):
    for arguments in ({}, {"text": "Hi.", "audio": tone(1)}):
        with pytest.raises(UsageError, match="Exactly one"):
            face.speak(**arguments)


@pytest.mark.parametrize(
    "samples",
    [np.zeros((100, 2), np.float32), np.zeros(100), np.full(100, np.nan, np.float32), np.zeros(0, np.float32)],
)
def test_samples_of_another_kind(face: mien.Avatar, samples: np.ndarray):
    with pytest.raises(MediaError):
        list(face.render(Sound(samples, 16_000)))


@pytest.mark.parametrize("sample_rate", [0, -16_000, 10, 10_000_000])
def test_an_impossible_sample_rate(face: mien.Avatar, sample_rate: int):
    with pytest.raises(MediaError, match=f"{sample_rate} Hz"):
        face.render(Sound(tone(1).samples, sample_rate))


def test_silent_samples(face: mien.Avatar):
    with pytest.raises(MediaError, match="silent"):
        list(face.render(Sound(np.zeros(16_000, np.float32), 16_000)))


def test_a_report_can_stop_it_and_nothing_is_left(face: mien.Avatar, tmp_path: Path):
    seen: list[Progress] = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "render" and progress.done >= 5:
            raise Cancelled("Enough.")

    before = set(tmp_path.iterdir())
    with pytest.raises(Cancelled):
        face.speak(audio=tone(10), size=64).save(tmp_path / "out.mp4", report=stop)
    assert set(tmp_path.iterdir()) == before
    assert seen[-1] == Progress("render", 5, 250, "frames")


def test_progress_of_a_text_ends_at_its_end(face: mien.Avatar, tmp_path: Path):
    seen: list[Progress] = []
    result = face.speak("One. Two. Three.", size=64).save(tmp_path / "out.mp4", report=seen.append)
    drawn = [progress for progress in seen if progress.stage == "render"]
    assert [progress.done for progress in drawn] == list(range(1, result.frames + 1))
    assert all(progress.total is not None and progress.total >= progress.done for progress in drawn)
    assert drawn[-1].total == pytest.approx(result.frames, abs=2)


def test_an_avatar_that_is_not_there(settings: Settings):
    with pytest.raises(NotFoundError):
        mien.open("nobody", settings=settings)


def test_a_name_that_mien_does_not_have():
    with pytest.raises(AttributeError, match="sing"):
        _ = mien.sing  # type: ignore[attr-defined]
