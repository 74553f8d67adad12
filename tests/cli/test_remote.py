"""Commands that a real server of another data folder carries out."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.media.made import flat, video_file
from tests.server.conftest import ROOT, Server, environment, eventually, make_dot, start, stop

from mien.client import Client
from mien.media import write_wav
from mien.settings import load
from mien.types import Sound
from mien.weights import WeightStore

from .conftest import Mien
from .test_evaluate import write_still
from .test_speak import read_video

TOKEN = "a-token-of-the-tests"
SMALL = ("--size", "128")
NETWORKS = WeightStore.from_settings(load()).path("face-detector").parents[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("remote")
    make_dot(folder)
    (folder / "cache").mkdir(exist_ok=True)
    (folder / "cache" / "weights").symlink_to(NETWORKS)
    server = start(folder, SERVER_TOKEN=TOKEN)
    yield server
    assert stop(server) == 0


@pytest.fixture
def far(mien: Mien, server: Server, monkeypatch: pytest.MonkeyPatch) -> Mien:
    """`mien --server URL …`"""
    monkeypatch.setenv("MIEN_API_TOKEN", TOKEN)
    return lambda *arguments: mien("--server", server.url, *arguments)


def test_a_text_becomes_a_video_here(far: Mien, home: Path):
    done = far("speak", "-a", "dot", "-t", "Hello.", "-o", "out.mp4", "--subtitles", *SMALL)
    assert (done.code, done.err.strip()) == (0, "The mouth was guessed.")
    assert re.fullmatch(r"out\.mp4: .* 128 x 128, .* at 25 fps, made in .* s\nout\.srt: subtitles\n", done.out)
    assert read_video(home / "out.mp4")["codecs"] == ("h264", "aac")
    assert "Hello." in (home / "out.srt").read_text()
    assert sorted(path.name for path in home.iterdir()) == ["out.mp4", "out.srt"]
    assert far("speak", "-a", "dot", "-t", "Hello.", "-o", "out.mp4").code == 4


def test_it_says_the_same_as_without_a_server(far: Mien, mien: Mien, photo: Path, voice_wav: Path):
    options = ("--audio", voice_wav, "--fps", "30", "--rate", "9", *SMALL, "--json")
    here = mien("speak", "-a", photo, "--engine", "sketch", "-o", "here.mp4", *options).json
    there = far("speak", "-a", "dot", "-o", "there.mp4", *options).json
    assert set(here) == set(there)
    for field in ("frames", "fps", "video_seconds", "size", "engine", "voice", "subtitles", "remarks"):
        assert here[field] == there[field], field
    assert set(here["seconds"]) == set(there["seconds"])


def test_lips_are_measured_there(far: Mien, home: Path):
    video = write_still(home / "<still>.mp4")
    done = far("evaluate", "sync", video, "--reference", video, "--html", "page.html", "--language", "en", "--json")
    assert done.code == 0, done.err
    assert (done.json["frames"], done.json["video"]) == (30, "<still>.mp4")
    assert set(done.json["reference"]["error"]) == {"jaw", "gap", "width"}
    assert "&lt;still&gt;.mp4" in (home / "page.html").read_text(encoding="utf-8")
    listed = far("job", "list", "--kind", "evaluate", "--json").json["jobs"]
    assert [job["title"] for job in listed] == ["<still>.mp4"]
    shown = far("job", "show", listed[0]["id"])
    assert "lips.html" in shown.out
    assert far("evaluate", "sync", home / "nothing.mp4").code == 3


def test_lips_of_a_video_that_was_made_there(far: Mien, server: Server):
    far("speak", "-a", "dot", "-t", "There is no face in this picture.", "-o", "out.mp4", *SMALL)
    video = far("job", "list", "--kind", "speak", "--json").json["jobs"][0]["id"]
    done = far("evaluate", "sync", video)
    assert done.code == 5, done.err
    assert "face" in done.err
    assert str(server.data_dir) not in done.err
    assert far("evaluate", "sync", "0" * 32).code == 3


def test_a_video_is_looked_at_and_learnt_from_there(far: Mien, home: Path):
    video = home / "carl.mp4"
    video.write_bytes(video_file([flat(90), flat(110)] * 10, [40 * index for index in range(20)]))
    told = far("train", video, "--check-only", "--json")
    assert (told.code, told.json["verdict"], told.json["video"]) == (0, "fail", str(video))
    carl = ("train", video, "--name", "carl", "--engine", "sketch", "--consent", "his")
    refused = far(*carl)
    assert (refused.code, "No face was found." in refused.err) == (5, True)
    seen = home / "seen" / "carl"
    made = far(*carl, "--yes", "--json", "--previews", seen, "--no-evaluate")
    assert [path.name for path in sorted(seen.iterdir())] == ["preview-0000010.png", "preview-0000020.png"]
    assert (made.code, made.json["name"], made.json["check"]["verdict"]) == (0, "carl", "fail"), made
    assert far("train", home / "none.mp4", "--check-only").code == 3
    photo = home / "x.mp4"
    photo.write_bytes(b"no video")
    assert far("train", photo, "--check-only").code == 5
    listed = far("job", "list", "--json").json["jobs"]
    assert [job["kind"] for job in listed if job["kind"] in ("check_clip", "train")] == ["train"]


def test_avatars_go_there_and_back(far: Mien, mien: Mien, photo: Path):
    refused = far("avatar", "create", "小安", photo, "--engine", "sketch")
    assert (refused.code, "--consent" in refused.err) == (2, True)
    made = far(
        "avatar", "create", "小安", photo, "--engine", "sketch", "--consent", "Anna", "--licence", "own", "--json"
    )
    assert made.json["consent"] == "Anna"
    assert made.json["size"] == [96, 96]
    assert far("avatar", "create", "小安", photo, "--engine", "sketch", "--consent", "Anna").code == 4
    listed = far("avatar", "list")
    assert "小安" in listed.out
    assert "built in" in listed.out
    assert far("avatar", "list", "--json").json["builtin"] == mien("avatar", "list", "--json").json["builtin"]
    assert "own" in far("avatar", "show", "小安").out
    assert far("avatar", "export", "小安").out == "Wrote 小安.mien.\n"
    assert far("avatar", "export", "小安").code == 4
    assert far("avatar", "delete", "小安").code == 0
    assert far("avatar", "show", "小安").code == 3
    assert far("avatar", "import", "小安.mien", "--name", "berta").out == "Imported 'berta'.\n"
    assert far("avatar", "import", photo).code == 5
    assert mien("avatar", "import", "小安.mien").code == 0
    assert far("avatar", "delete", "astronaut").code in (3, 17)


def test_listings_are_those_of_the_server(far: Mien, mien: Mien):
    assert far("voices", "-l", "zh").out == mien("voices", "-l", "zh").out
    assert far("voices", "-l", "tlh").err == "No voice was found.\n"
    assert far("engines").out == mien("engines").out
    names = [one["name"] for one in mien("weights", "list", "--json").json["weights"]]
    assert [one["name"] for one in far("weights", "list", "--json").json["weights"]] == names
    assert far("weights", "pull", "nose").code == 3


def test_jobs_of_the_server(far: Mien, mien: Mien, home: Path):
    silence = home.parent / "silence.wav"
    write_wav(silence, Sound(np.zeros(8000, np.float32), 8000))
    assert far("speak", "-a", "nobody", "-t", "Hi.").code == 3
    assert far("speak", "-a", "dot", "-t", "…", *SMALL).code == 5
    assert far("speak", "-a", "dot", "--audio", silence, *SMALL).code == 5
    assert list(home.iterdir()) == []
    failed = far("job", "list", "--status", "failed", "--json").json["jobs"][0]["id"]
    assert far("job", "wait", failed[:12]).code == 5
    assert failed in far("job", "show", failed[:12]).out
    assert far("job", "log", failed, "--json").json["id"] == failed
    assert far("job", "cancel", failed).code == 17
    assert far("job", "delete", failed).code == 0
    assert far("job", "delete", failed).code == 3
    assert mien("job", "list", "--json").json["jobs"] == []


def test_ctrl_c_cancels_the_job_and_leaves_nothing(server: Server, tmp_path: Path):
    text = "Good morning to all of you, this is a long text. " * 400
    client = Client(server.url, TOKEN)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mien",
            "--server",
            server.url,
            "speak",
            "-a",
            "dot",
            "-t",
            text,
            "-o",
            tmp_path / "x.mp4",
        ],
        env=environment(tmp_path, API_TOKEN=TOKEN),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        eventually(lambda: bool(client.jobs(statuses=["running"]).jobs), 30)
        (job,) = client.jobs(statuses=["running"]).jobs
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr
        assert process.stderr.read().strip() == f"Error: Stopped; the job {job.id} was cancelled."
    assert client.job(job.id).info.status == "cancelled"
    assert not list(tmp_path.glob("*.mp4"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("speak", "-a", "PHOTO", "-t", "x"), 2, "avatar create NAME"),
        (("speak", "-a", "dot", "-t", "x", "-o", "x.avi"), 2, "x.avi"),
        (("speak", "-a", "dot", "-t", "x", "-o", "none/x.mp4"), 6, "none"),
        (("speak", "-a", "dot", "-t", "x", "--fps", "nan"), 2, "fps"),
        (("speak", "-a", "dot", "-t", "x", "--size", "7"), 2, "size"),
        (("speak", "-a", "dot", "--audio", "PHOTO", "--subtitles"), 2, "subtitles"),
        (("speak", "-a", "dot", "--audio", "none.wav"), 3, "none.wav"),
        (("avatar", "create", "x", "none.png", "--consent", "x"), 3, "none.png"),
        (("avatar", "show", "../up"), 3, "up"),
        (("weights", "verify"), 2, "this machine only"),
        (("weights", "path", "x"), 2, "this machine only"),
        (("weights", "import", "x"), 2, "this machine only"),
        (("serve",), 2, "this machine only"),
        (("live",), 2, "this machine only"),
        (("worker",), 2, "this machine only"),
        (("doctor",), 2, "this machine only"),
        (("bench", "live"), 2, "this machine only"),
        (("token", "list"), 2, "this machine only"),
    ],
)
def test_what_a_server_cannot_do(far: Mien, photo: Path, home: Path, arguments: tuple[str, ...], code: int, words: str):
    done = far(*(str(photo) if part == "PHOTO" else part for part in arguments))
    assert done.code == code, done
    assert words in done.err
    assert "Hint: " in done.err
    assert list(home.iterdir()) == []


def test_a_wrong_token_is_said_and_not_repeated(far: Mien, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_API_TOKEN", "wrong-token")
    done = far("job", "list", "--json")
    assert (done.code, done.json["error"]["code"]) == (15, "access")
    assert "wrong-token" not in done.out


def test_the_setting_names_the_server_and_an_empty_option_none(
    mien: Mien, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MIEN_SERVER_URL", server.url)
    monkeypatch.setenv("MIEN_API_TOKEN", TOKEN)
    assert "dot" in mien("avatar", "list").out
    assert "dot" not in mien("--server", "", "avatar", "list").out
    assert mien("doctor").err == ""
    assert mien("weights", "verify").code == 0
    monkeypatch.setenv("MIEN_SERVER_URL", "http://127.0.0.1:1")
    done = mien("avatar", "list")
    assert (done.code, "127.0.0.1:1 cannot be reached" in done.err) == (20, True)
    assert os.environ["MIEN_API_TOKEN"] not in done.err
