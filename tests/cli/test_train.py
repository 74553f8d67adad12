from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Mien
from tests.media.made import flat, video_file

from mien.settings import load
from mien.training.gpu import has_driver
from mien.weights import WeightStore


@pytest.fixture
def weights(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The face networks of this machine, beside folders of one's own."""
    cache = home.parent / "cache"
    monkeypatch.delenv("MIEN_CACHE_DIR")
    fetched = WeightStore.from_settings(load()).folder
    monkeypatch.setenv("MIEN_CACHE_DIR", str(cache))
    cache.mkdir()
    (cache / "weights").symlink_to(fetched)


@pytest.fixture
def video(home: Path, weights: None) -> Path:
    """Grey, silent and short."""
    path = home / "carl.mp4"
    path.write_bytes(video_file([flat(90), flat(110)] * 10, [40 * index for index in range(20)]))
    return path


def test_a_check_tells_everything_and_trains_nothing(mien: Mien, video: Path, home: Path):
    told = mien("train", video, "--check-only", "--json")
    assert told.code == 0
    assert told.json["verdict"] == "fail"
    verdicts = {item["name"]: item["verdict"] for item in told.json["items"]}
    assert (verdicts["length"], verdicts["face"], verdicts["sound"]) == ("fail", "fail", "warn")
    text = mien("train", video, "--check-only")
    assert "No face was found." in text.out
    assert "cannot be used as it is" in text.out
    assert not list(home.parent.glob("data/avatars/*"))


def test_a_bad_video_is_refused_unless_one_insists(mien: Mien, video: Path):
    refused = mien("train", video, "--name", "carl", "--engine", "sketch", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (5, "input")
    assert "No face was found." in refused.json["error"]["message"]
    assert "--yes" in refused.json["error"]["hint"]
    made = mien("train", video, "--name", "carl", "--engine", "sketch", "--yes", "--json", "--consent", "his")
    assert made.code == 0, made
    assert (made.json["name"], made.json["engine"]) == ("carl", "sketch")
    assert made.json["check"]["verdict"] == "fail"
    assert made.json["evaluation"] is None, "this engine cannot draw over the video's frames"
    assert mien("avatar", "show", "carl", "--json").json["consent"] == "his"


def test_previews_are_written(mien: Mien, video: Path, home: Path):
    told = mien("train", video, "--name", "carl", "--engine", "sketch", "--yes", "--previews", home / "seen")
    assert "mien speak -a 'carl'" in told.out
    assert [path.name for path in sorted((home / "seen").iterdir())] == ["preview-0000010.png", "preview-0000020.png"]


def test_the_automatic_engine_says_what_cannot_be_learnt_from(mien: Mien, video: Path):
    told = mien("train", video, "--name", "carl", "--yes", "--json")
    assert (told.code, told.json["error"]["code"]) == (5, "media")
    assert "at least 8 s" in told.json["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("carl.mp4",), 2, "name"),
        (("none.mp4", "--name", "carl"), 3, "none.mp4"),
        (("carl.mp4", "--name", "carl", "--engine", "nonsense", "--yes"), 3, "nonsense"),
        (("carl.mp4", "--name", "carl", "--engine", "portrait", "--yes"), 2, "learns nothing"),
        (("carl.mp4", "--name", "../carl", "--engine", "sketch", "--yes"), 2, "name"),
        (("carl.mp4", "--name", "carl", "--skip-preprocess"), 2, "dataset"),
        (("carl.mp4", "--name", "carl", "--skip-preprocess", "--dataset", "none"), 3, "none"),
        (("carl.mp4", "--name", "carl", "--size", "9", "--yes"), 2, "9 pixels"),
        (("carl.mp4", "--name", "carl", "--html", "page.html", "--no-evaluate"), 2, "--no-evaluate"),
        (("carl.mp4", "--name", "carl", "--html", "no/page.html", "--yes"), 6, "no"),
    ],
)
def test_bad_orders_are_one_sentence(mien: Mien, video: Path, arguments: tuple[str, ...], code: int, word: str):
    told = mien("train", *arguments)
    assert told.code == code, told
    assert word in told.err


def test_a_name_that_is_taken_is_said_at_once(mien: Mien, video: Path):
    assert mien("train", video, "--name", "carl", "--engine", "sketch", "--yes").code == 0
    assert mien("train", video, "--name", "carl", "--engine", "sketch", "--yes").code == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "consent"),
        (("--consent", "his", "--dataset", "here"), "--dataset names a folder of this machine"),
        (("--consent", "his", "--skip-preprocess"), "prepares every video itself"),
        (("--consent", "his", "--device", "cpu"), "--device is for this machine"),
    ],
)
def test_a_server_says_what_it_does_not_do(mien: Mien, video: Path, arguments: tuple[str, ...], sentence: str):
    told = mien("--server", "http://127.0.0.1:9", "train", video, "--name", "carl", "--yes", *arguments)
    assert (told.code, sentence in told.err) == (2, True), told.err


@pytest.mark.skipif(has_driver(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_told_before_anything_is_learnt(mien: Mien, video: Path):
    asked = mien("train", video, "--name", "carl", "--engine", "sketch", "--yes", "--device", "cuda", "--json")
    assert (asked.code, asked.json["error"]["code"]) == (7, "missing_dependency")
    assert "--device cpu" in asked.json["error"]["hint"]
    assert mien("avatar", "show", "carl").code == 3
    assert mien("train", video, "--name", "carl", "--engine", "sketch", "--yes", "--device", "cpu", "--json").code == 0
