"""The real command with the real engine on a real picture; the file is read back and the face in it is tracked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.avatars import builtin_picture
from mien.cli import main
from mien.face import FaceTracker
from mien.media import VideoReader, read_audio, read_image, write_image, write_wav
from mien.settings import load
from mien.testing.utterances import sentence, silence
from mien.types import SAMPLE_RATE, Image, Sound
from mien.weights import WeightStore

PAUSE_S = 1.0
SIZE = 320


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path, np.ndarray]:
    """What the command told, the video, and the recording: silence, a sentence, silence."""
    folder = tmp_path_factory.mktemp("real")
    pause = silence(PAUSE_S)
    samples = np.concatenate([pause, sentence(load(), "Mama may bomb Papa's map.").samples, pause])
    write_wav(folder / "speech.wav", Sound(samples, SAMPLE_RATE))
    arguments = ["-a", "astronaut", "--audio", "speech.wav", "-o", "out.mp4", "--size", str(SIZE), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "mien", "speak", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["out.mp4", "speech.wav"]
    return json.loads(done.stdout), folder / "out.mp4", samples


@pytest.fixture(scope="module")
def pictures(made: tuple[dict, Path, np.ndarray]) -> list[Image]:
    with VideoReader(made[1]) as video:
        return list(video)


@pytest.fixture(scope="module")
def openings(pictures: list[Image]) -> np.ndarray:
    """The gap of the inner lips in every frame, of the distance between the eyes."""

    def gaps() -> Iterator[float]:
        for face in FaceTracker(WeightStore.from_settings(load())).track(pictures):
            assert face is not None
            points = face.landmarks
            yield float(np.linalg.norm(points[13] - points[14]) / np.linalg.norm(points[33] - points[263]))

    return np.array(list(gaps()))


def test_it_is_as_long_as_the_recording_and_starts_with_it(made: tuple[dict, Path, np.ndarray], pictures: list[Image]):
    told, path, samples = made
    assert told["engine"] == "portrait"
    assert abs(len(pictures) - round(len(samples) / SAMPLE_RATE * 25)) <= 1
    assert told["frames"] == len(pictures)
    assert pictures[0].shape == (SIZE, SIZE, 3)
    sound = read_audio(path)
    assert sound.seconds == pytest.approx(len(pictures) / 25, abs=0.03)
    loud = np.abs(sound.samples) > 0.02
    begins = np.abs(samples) > 0.02
    assert np.argmax(loud) / sound.sample_rate == pytest.approx(np.argmax(begins) / SAMPLE_RATE, abs=0.01)


def test_the_lips_move_when_the_voice_does_and_rest_in_silence(
    made: tuple[dict, Path, np.ndarray], openings: np.ndarray
):
    settled = round(0.34 * 25)
    pause = round(PAUSE_S * 25)
    silent = np.concatenate([openings[:pause][:-settled], openings[-pause:][settled:]])
    speaking = openings[pause:-pause]
    assert silent.max() - np.median(silent) < 0.03
    assert speaking.max() > np.median(silent) + 0.06
    assert speaking.std() > 4 * silent.std()


def test_the_face_is_alive_and_the_picture_is_hers(pictures: list[Image]):
    first = pictures[0].astype(int)
    changed = [np.abs(picture - first).max() for picture in pictures[1:]]
    assert max(changed) > 30, "nothing moves"
    assert all(np.abs(picture - first).mean() < 12 for picture in pictures), "the picture falls apart"


@pytest.fixture
def astronaut() -> Image:
    picture = builtin_picture("astronaut")
    assert picture is not None
    return read_image(picture)


def speak(picture: Image, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Lets a picture say a word; what is prepared is kept in a folder of its own."""
    monkeypatch.setenv("MIEN_DATA_DIR", str(folder / "data"))
    write_image(folder / "picture.png", picture)
    arguments = [
        "-a",
        folder / "picture.png",
        "-t",
        "Hi.",
        "-o",
        folder / "out.mp4",
        "--size",
        "128",
        "--engine",
        "portrait",
    ]
    return main(["speak", *map(str, arguments)])


def test_of_several_faces_the_largest_is_used_and_said_so(
    astronaut: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    smaller = np.pad(cv2.resize(astronaut, (400, 400)), ((112, 0), (0, 0), (0, 0)))
    assert speak(np.hstack([astronaut, smaller]).astype(np.uint8), tmp_path, monkeypatch) == 0
    assert "2 faces were found; the largest is used." in capsys.readouterr().err
    assert (tmp_path / "out.mp4").is_file()


def no_face(picture: Image) -> Image:
    return np.ascontiguousarray(picture[-100:, :100])


def tiny(picture: Image) -> Image:
    face = cv2.resize(picture, (56, 56), interpolation=cv2.INTER_AREA)
    return np.pad(face, ((100, 100), (100, 100), (0, 0)), mode="edge").astype(np.uint8)


@pytest.mark.parametrize(("spoil", "words"), [(no_face, "No face"), (tiny, "face")])
def test_pictures_without_a_usable_face(
    spoil: Callable[[Image], Image],
    words: str,
    astronaut: Image,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert speak(spoil(astronaut), tmp_path, monkeypatch) == 5
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("Error: ")
    assert words in error
    assert hint.startswith("Hint: ")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]
