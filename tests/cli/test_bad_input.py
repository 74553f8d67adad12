"""Bad input gives one clear sentence and a hint, an exit code that is not 0, no traceback, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from mien.media import write_image, write_wav
from mien.types import Sound

from .conftest import Mien, Outcome

SKETCH = ("--engine", "sketch", "--size", "128")


def refused(done: Outcome, code: int, words: str) -> None:
    lines = done.err.strip().splitlines()
    assert done.code == code, done
    assert done.out == ""
    assert lines[0].startswith("Error: ")
    assert words.casefold() in lines[0].casefold()
    assert len(lines) == 2, lines
    assert lines[1].startswith("Hint: ")
    assert len(lines[1]) > len("Hint: ")
    assert all(len(line) < 500 for line in lines)
    assert "Traceback" not in done.err


def nothing_left(home: Path) -> None:
    assert list(home.iterdir()) == []
    assert not list(home.parent.rglob(".unfinished*"))
    assert not list(home.parent.rglob("*.part*"))


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "--text, --text-file and --audio is needed, not none"),
            (("-t", "x", "--audio", "y.wav"), "not --text and --audio"),
            (("-t", "x", "--fps", "0"), "fps"),
            (("-t", "x", "--fps", "nan"), "fps"),
            (("-t", "x", "--fps", "fast"), "fps"),
            (("-t", "x", "--size", "7"), "size"),
            (("-t", "x", "--seed", "-1"), "seed"),
            (("-t", "x", "--frame", "feet"), "frame"),
            (("-t", "x", "--rate", "nan"), "rate"),
            (("-t", "x", "--bogus"), "--bogus"),
            (("-t", "x", "-o", "out.avi"), "out.avi"),
            (("--audio", "y.wav", "--subtitles"), "subtitles"),
        ],
    )
    def test_impossible_options(self, mien: Mien, photo: Path, home: Path, arguments: tuple[str, ...], words: str):
        refused(mien("speak", "-a", photo, "--engine", "sketch", *arguments), 2, words)
        nothing_left(home)

    @pytest.mark.parametrize(
        "arguments", [("speek",), ("speak",), ("avatar", "frobnicate"), ("avatar", "create", "x"), ("--bogus",)]
    )
    def test_unknown_commands_and_missing_arguments(self, mien: Mien, arguments: tuple[str, ...]):
        done = mien(*arguments)
        refused(done, 2, "")
        assert "--help" in done.err

    def test_json_says_it_in_json(self, mien: Mien, photo: Path):
        for arguments in (("-t", "x", "--voice", "nobody"), ("--bogus",), ("-t", "x", "--fps", "0")):
            done = mien("speak", "-a", photo, "--engine", "sketch", "--json", *arguments)
            assert done.code != 0
            assert done.err == ""
            error = done.json["error"]
            assert set(error) == {"code", "message", "hint", "retryable"}
            assert error["message"]
            assert error["hint"]


class TestPicture:
    def speak(self, mien: Mien, picture: object) -> Outcome:
        return mien("speak", "-a", picture, "-t", "Hello.", "-o", "out.mp4", *SKETCH)

    def test_nobody_of_that_name(self, mien: Mien, home: Path):
        done = self.speak(mien, "nobody.jpg")
        refused(done, 3, "nobody.jpg")
        assert "astronaut" in done.err
        nothing_left(home)

    @pytest.mark.parametrize("name", ["", ".", "..", "../../etc/passwd", "a\0b", "x" * 5000])
    def test_names_that_could_do_harm(self, mien: Mien, home: Path, name: str):
        done = self.speak(mien, name)
        assert done.code in (3, 5), done
        assert done.err.startswith("Error: ")
        assert "Traceback" not in done.err
        nothing_left(home)

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "picture.png"),
            (b"hello", "picture.png"),
            (b"%PDF-1.7", "picture.png"),
            (png_header(20_000, 20_000), "pixels"),
            (png_header(64, 64), "picture.png"),
        ],
        ids=["empty", "text", "pdf", "huge", "cut off"],
    )
    def test_not_a_usable_picture(self, mien: Mien, home: Path, data: bytes, words: str):
        picture = home.parent / "picture.png"
        picture.write_bytes(data)
        refused(self.speak(mien, picture), 5, words)
        nothing_left(home)

    def test_no_face(self, mien: Mien, home: Path):
        wall = home.parent / "wall.png"
        write_image(wall, np.full((64, 64, 3), 90, np.uint8))
        refused(self.speak(mien, wall), 5, "no face")
        nothing_left(home)

    def test_a_broken_package(self, mien: Mien, home: Path):
        broken = home.parent / "x.mien"
        broken.write_bytes(b"PK\x03\x04")
        refused(self.speak(mien, broken), 5, "x.mien")
        nothing_left(home)


class TestSound:
    def speak(self, mien: Mien, photo: Path, audio: object) -> Outcome:
        return mien("speak", "-a", photo, "--audio", audio, "-o", "out.mp4", *SKETCH)

    @pytest.mark.parametrize("data", [b"", b"hello", b"RIFF\x24\0\0\0WAVEfmt "], ids=["empty", "text", "cut off"])
    def test_not_sound(self, mien: Mien, photo: Path, home: Path, data: bytes):
        path = home.parent / "voice.wav"
        path.write_bytes(data)
        refused(self.speak(mien, photo, path), 5, "voice.wav")
        nothing_left(home)

    def test_missing(self, mien: Mien, photo: Path, home: Path):
        refused(self.speak(mien, photo, "voice.wav"), 3, "voice.wav")
        nothing_left(home)

    def test_a_folder(self, mien: Mien, photo: Path, home: Path):
        done = self.speak(mien, photo, home.parent)
        refused(done, done.code, str(home.parent))
        assert done.code in (3, 5)

    def test_zero_length(self, mien: Mien, photo: Path, home: Path):
        path = home.parent / "voice.wav"
        write_wav(path, Sound(np.zeros(0, np.float32), 16_000))
        refused(self.speak(mien, photo, path), 5, "voice.wav")
        nothing_left(home)

    def test_silent(self, mien: Mien, photo: Path, home: Path):
        path = home.parent / "voice.wav"
        write_wav(path, Sound(np.zeros(16_000, np.float32), 16_000))
        refused(self.speak(mien, photo, path), 5, "silent")
        nothing_left(home)

    def test_a_picture_instead_of_sound(self, mien: Mien, photo: Path, home: Path):
        refused(self.speak(mien, photo, photo), 5, photo.name)
        nothing_left(home)


class TestText:
    @pytest.mark.parametrize("text", ["", "  \n\t", "🙂🎉", "…?!", "\u200b\ufeff", "\0"], ids=ascii)
    def test_nothing_to_say(self, mien: Mien, photo: Path, home: Path, text: str):
        refused(mien("speak", "-a", photo, "-t", text, "-o", "out.mp4", *SKETCH), 5, "nothing to say")
        nothing_left(home)

    def test_standard_input_without_an_end(self, mien: Mien, photo: Path, monkeypatch: pytest.MonkeyPatch):
        with Path("/dev/zero").open() as endless:
            monkeypatch.setattr(sys, "stdin", endless)
            outcome = mien("speak", "-a", photo, "-t", "-")
        assert outcome.code == 5
        assert "Standard input has more than 50000 bytes" in outcome.err

    def test_100_kb(self, mien: Mien, photo: Path, home: Path):
        path = home.parent / "book.txt"
        path.write_text("All work and no play. " * 4700)
        for arguments in (("--text-file", path), ("-t", path.read_text())):
            refused(mien("speak", "-a", photo, *arguments, "-o", "out.mp4", *SKETCH), 5, "bytes")
        nothing_left(home)

    def test_files_that_are_no_text(self, mien: Mien, photo: Path, home: Path):
        refused(mien("speak", "-a", photo, "--text-file", photo, "-o", "out.mp4", *SKETCH), 5, "UTF-8")
        refused(mien("speak", "-a", photo, "--text-file", "none.txt", "-o", "out.mp4", *SKETCH), 3, "none.txt")
        refused(mien("speak", "-a", photo, "--text-file", home, "-o", "out.mp4", *SKETCH), 5, "is a folder")
        nothing_left(home)

    @pytest.mark.parametrize(("voice", "code"), [("nobody", 3), ("espeak:nobody", 3), ("piper:nobody", 3)])
    def test_unknown_voice(self, mien: Mien, photo: Path, home: Path, voice: str, code: int):
        refused(mien("speak", "-a", photo, "-t", "Hello.", "--voice", voice, "-o", "out.mp4", *SKETCH), code, "nobody")
        nothing_left(home)


class TestEngine:
    def test_unknown(self, mien: Mien, photo: Path, home: Path):
        refused(mien("speak", "-a", photo, "-t", "Hi.", "--engine", "nobody"), 3, "nobody")
        nothing_left(home)

    def test_one_that_takes_no_pictures(self, mien: Mien, photo: Path, home: Path):
        refused(mien("speak", "-a", photo, "-t", "Hi.", "--engine", "clay"), 2, "clay")
        nothing_left(home)

    def test_no_network_on_the_first_run(self, mien: Mien, home: Path):
        refused(mien("speak", "-a", "astronaut", "-t", "Hi.", "--engine", "portrait"), 8, "")
        nothing_left(home)


class TestOutput:
    def speak(self, mien: Mien, photo: Path, output: object, *more: object) -> Outcome:
        return mien("speak", "-a", photo, "-t", "Hello.", "-o", output, *SKETCH, *more)

    def test_folder_missing(self, mien: Mien, photo: Path, home: Path):
        refused(self.speak(mien, photo, "no/such/out.mp4"), 6, str(Path("no/such")))
        nothing_left(home)

    def test_a_folder_itself(self, mien: Mien, photo: Path, home: Path):
        folder = home.parent / "folder.mp4"
        folder.mkdir()
        refused(self.speak(mien, photo, folder), 6, "folder")
        done = self.speak(mien, photo, home)
        refused(done, 2, "not named like an MP4 file")
        assert str(home / "video.mp4") in done.err

    def test_another_format(self, mien: Mien, photo: Path, home: Path):
        done = self.speak(mien, photo, "out.mov")
        refused(done, 2, "out.mov")
        assert done.err.endswith("out.mp4\n")

    def test_a_folder_that_takes_no_files(self, mien: Mien, photo: Path):
        refused(self.speak(mien, photo, "/proc/out.mp4"), 6, "/proc/out.mp4")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_read_only(self, mien: Mien, photo: Path, home: Path):
        home.chmod(0o555)
        try:
            refused(self.speak(mien, photo, "out.mp4"), 6, "read-only")
            nothing_left(home)
        finally:
            home.chmod(0o755)

    def test_exists(self, mien: Mien, photo: Path, home: Path):
        Path("out.mp4").write_bytes(b"mine")
        done = self.speak(mien, photo, "out.mp4")
        refused(done, 4, "out.mp4")
        assert "--overwrite" in done.err
        assert Path("out.mp4").read_bytes() == b"mine"

    def test_the_subtitles_exist(self, mien: Mien, photo: Path, home: Path):
        Path("out.srt").write_bytes(b"mine")
        refused(self.speak(mien, photo, "out.mp4", "--subtitles"), 4, "out.srt")
        assert [path.name for path in home.iterdir()] == ["out.srt"]


class TestSettings:
    @pytest.mark.parametrize(
        ("variable", "value"), [("MIEN_THREADS", "many"), ("MIEN_THREADS", "0"), ("MIEN_LOG_LEVEL", "loud")]
    )
    def test_bad_value(self, mien: Mien, photo: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str):
        monkeypatch.setenv(variable, value)
        done = mien("speak", "-a", photo, "-t", "Hi.", *SKETCH)
        refused(done, 10, variable.removeprefix("MIEN_").lower())
        assert variable in done.err

    def test_bad_file(self, mien: Mien, home: Path):
        for text in ("threads = ", "colour = 'red'"):
            (home.parent / "mien.toml").write_text(text)
            refused(mien("avatar", "list"), 10, "")

    def test_a_named_file_that_is_missing(self, mien: Mien, home: Path):
        (home.parent / "mien.toml").unlink()
        refused(mien("avatar", "list"), 10, "mien.toml")

    def test_a_data_folder_that_is_a_file(self, mien: Mien, photo: Path, home: Path, monkeypatch: pytest.MonkeyPatch):
        (home.parent / "data").write_text("")
        refused(mien("avatar", "create", "anna", photo, "--engine", "sketch"), 6, "cannot be written")


def process(photo: Path, *arguments: str, **options) -> subprocess.Popen[str]:
    """The command as users run it."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "plugin")}
    command = [sys.executable, "-m", "mien", "speak", "-a", str(photo), "-o", "out.mp4", *SKETCH, *arguments]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


@pytest.mark.parametrize(("limit", "file"), [(20_000, "avatars"), (60_000, "out.mp4")])
def test_disk_full(photo: Path, home: Path, limit: int, file: str):
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with process(photo, "-t", "Hello. " * 20, preexec_fn=limit_files) as running:
        out, err = running.communicate(timeout=120)
    refused(Outcome(running.returncode, out, err), 6, "no space")
    assert file in err
    nothing_left(home)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_half_file(photo: Path, home: Path, number: signal.Signals):
    with process(photo, "-t", "Hello, my dear friends. " * 300) as running:
        deadline = time.monotonic() + 60
        while not list(home.iterdir()):
            assert running.poll() is None, running.communicate(timeout=5)
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # Ctrl-C reaches every process of the terminal, the speech engine's too.
        os.killpg(running.pid, number)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert out == ""
    assert err.startswith("Error: Stopped")
    assert "Traceback" not in err
    nothing_left(home)
