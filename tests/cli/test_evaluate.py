from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mien as package
from mien.media import VideoWriter, read_image
from mien.settings import load
from mien.types import SAMPLE_RATE, frame_bounds
from mien.weights import WeightStore

from .conftest import Mien

ASTRONAUT = Path(package.__file__).parent / "avatars/builtin/astronaut.jpg"


@pytest.fixture(scope="module")
def weights() -> Path:
    """The folder of the face networks; found before Mien's folders are others."""
    return WeightStore.from_settings(load()).path("face-detector").parents[1]


@pytest.fixture
def video(weights: Path, home: Path) -> Path:
    """A face that does not move, 1.2 s of noise."""
    (home.parent / "cache").mkdir()
    (home.parent / "cache" / "weights").symlink_to(weights)
    return write_still(home.parent / "still.mp4")


def write_still(path: Path) -> Path:
    picture = np.ascontiguousarray(read_image(ASTRONAUT)[:320, 64:384])
    sound = (0.1 * np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE)).astype(np.float32)
    with VideoWriter(path, (320, 320), 25, SAMPLE_RATE) as writer:
        for index in range(30):
            start, end = frame_bounds(index, 25)
            writer.write(picture, sound[start:end])
    return path


def test_a_table_and_a_page(mien: Mien, video: Path, home: Path):
    done = mien("evaluate", "sync", video, "--html", "page.html", "--language", "zh", "--lag-ms", "-100")
    assert done.code == 0, done.err
    assert "1.2 s at 25 fps, a face in 100% of the frames" in done.out
    assert "network" in done.out
    assert "loudness" in done.out
    assert "-100" in done.out
    assert "acceleration" in done.out
    assert "little" in done.err
    assert "口型同步" in (home / "page.html").read_text(encoding="utf-8")
    assert [path.name for path in home.iterdir()] == ["page.html"]


def test_json(mien: Mien, video: Path):
    done = mien("evaluate", "sync", video, "--reference", video, "--json")
    assert done.code == 0
    assert done.err == ""
    assert done.json["frames"] == 30
    assert set(done.json["reference"]["error"]) == {"jaw", "gap", "width"}
    assert done.json["html"] is None


def test_what_is_there_is_not_overwritten_and_said_before_the_work(mien: Mien, home: Path):
    (home / "page.html").write_text("mine")
    done = mien("evaluate", "sync", "nothing.mp4", "--html", "page.html")
    assert done.code == 4
    assert (home / "page.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothing.mp4"], 3, "nothing.mp4"),
        (["broken.mp4"], 5, "broken.mp4"),
        (["VOICE"], 5, "no pictures"),
        (["broken.mp4", "--lag-ms", "900"], 2, "900 ms"),
        (["broken.mp4", "--spoken", "zh"], 2, "zh"),
        (["broken.mp4", "--text", "a", "--text-file", "b.txt"], 2, "Both"),
        (["broken.mp4", "--text-file", "b.txt"], 3, "b.txt"),
        (["broken.mp4", "--language", "fr"], 2, "fr"),
        (["broken.mp4", "--html", "no/page.html"], 6, "no"),
    ],
)
def test_bad_input(mien: Mien, home: Path, voice_wav: Path, arguments: list[str], code: int, words: str):
    broken = home / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x20ftypisom" + bytes(400))
    done = mien("evaluate", "sync", *(str(voice_wav) if each == "VOICE" else each for each in arguments))
    assert done.code == code
    assert words in done.err
    assert "Traceback" not in done.err
    assert [path.name for path in home.iterdir()] == ["broken.mp4"]


def test_weights_of_syncnet_are_the_servers_own(mien: Mien):
    done = mien("--server", "http://127.0.0.1:9", "evaluate", "sync", "video.mp4", "--syncnet", "mine.model")
    assert done.code == 2
    assert "MIEN_SYNCNET" in done.err


def test_the_setting_names_weights_too(mien: Mien, video: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_SYNCNET", "nothing.model")
    assert mien("evaluate", "sync", video).code in (7, 8)  # no PyTorch, or no such file


@pytest.mark.slow
def test_weights_of_syncnet_that_are_not_there(mien: Mien, video: Path):
    pytest.importorskip("torch")
    assert mien("evaluate", "sync", video, "--syncnet", "nothing.model").code == 8


def test_quality_beside_the_real_video(mien: Mien, video: Path, home: Path):
    done = mien(
        "evaluate", "--generated", video, "--reference", video, "--html", "near.html", "--output-json", "near.json"
    )
    assert done.code == 0, done.err
    assert "PSNR, mouth, dB" in done.out
    assert "100.00" in done.out
    assert "frozen" in done.out
    assert "Worst mouths" in done.err
    figures = json.loads((home / "near.json").read_text(encoding="utf-8"))
    assert figures["scores"]["generated"]["ssim_mouth"] == 1
    assert sorted(path.name for path in home.iterdir()) == ["near.html", "near.json"]


def test_quality_as_json_and_existing_files(mien: Mien, video: Path, home: Path):
    done = mien("evaluate", "--generated", video, "--reference", video, "--side-by-side", "both.mp4", "--json")
    assert done.code == 0
    assert done.err == ""
    assert done.json["frames"] == 30
    assert done.json["side_by_side"] == "both.mp4"
    again = mien("evaluate", "--generated", video, "--reference", video, "--side-by-side", "both.mp4", "--json")
    assert again.json["error"]["code"] == "already_exists"


def test_quality_needs_two_videos(mien: Mien, video: Path):
    done = mien("evaluate", "--generated", video)
    assert done.code == 2
    assert "--reference" in done.err
    both = mien("evaluate", "--generated", video, "sync", video)
    assert both.code == 2
    assert "not for" in both.err
    there = mien("--server", "http://127.0.0.1:9", "evaluate", "--generated", video, "--reference", video)
    assert there.code == 2
    assert "this machine only" in there.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--avatar", "me"), 2, "--dataset"),
        (("--dataset", "here"), 2, "--avatar"),
        (("--avatar", "me", "--dataset", "here", "--generated", "made.mp4"), 2, "an avatar and its dataset"),
        (("-a", "nobody", "--data-dir", "here"), 3, "nobody"),
        (("-a", "empty.mien", "--data-dir", "here"), 3, "empty.mien"),
        (("-a", "me", "--dataset", "here", "sync", "video.mp4"), 2, "not for"),
    ],
)
def test_an_avatar_needs_its_dataset(mien: Mien, arguments: tuple[str, ...], code: int, words: str):
    done = mien("evaluate", *arguments)
    assert done.code == code
    assert words in done.err
