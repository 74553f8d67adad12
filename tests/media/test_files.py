from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mien.errors import AlreadyExistsError, OutputError
from mien.media import Cue, VideoWriter, atomic_output, check_output, write_image, write_srt, write_wav
from mien.types import Sound

from .made import flat


def write_video(path: Path) -> None:
    with VideoWriter(path, (64, 48), 25, 16_000) as writer:
        writer.write(flat(50))


WRITERS = {
    "out.png": lambda path: write_image(path, flat(1)),
    "out.wav": lambda path: write_wav(path, Sound(np.zeros(9, np.float32), 8000)),
    "out.srt": lambda path: write_srt(path, [Cue("a", 0, 1)]),
    "out.mp4": write_video,
}


@pytest.fixture(params=WRITERS)
def write(request):
    """A writer and the name of its file."""
    return WRITERS[request.param], request.param


def test_missing_folder(write, tmp_path):
    with pytest.raises(OutputError, match="does not exist") as caught:
        write[0](tmp_path / "no" / write[1])
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_read_only_folder(write, read_only_folder):
    with pytest.raises(OutputError, match="read-only") as caught:
        write[0](read_only_folder / write[1])
    assert caught.value.hint


def test_path_is_a_folder(write, tmp_path):
    (tmp_path / write[1]).mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write[0](tmp_path / write[1])


def test_folder_is_a_file(write, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="does not exist"):
        write[0](tmp_path / "file" / write[1])


def test_existing_file_is_kept(write, tmp_path):
    (tmp_path / write[1]).write_text("mine")
    with pytest.raises(AlreadyExistsError, match=write[1]):
        write[0](tmp_path / write[1])
    assert (tmp_path / write[1]).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_name_too_long(write, tmp_path):
    with pytest.raises(OutputError):
        write[0](tmp_path / (300 * "x" + write[1]))


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs /dev/null")
def test_device_is_not_replaced():
    with pytest.raises(OutputError, match="not an ordinary file"):
        check_output(Path("/dev/null"), overwrite=True)


def test_link_stays_a_link(tmp_path):
    (tmp_path / "real.srt").write_text("old")
    (tmp_path / "link.srt").symlink_to("real.srt")
    write_srt(tmp_path / "link.srt", [], overwrite=True)
    assert (tmp_path / "link.srt").is_symlink()
    assert (tmp_path / "real.srt").read_text() == ""


def test_link_to_itself_is_replaced(tmp_path):
    (tmp_path / "loop.srt").symlink_to("loop.srt")
    write_srt(tmp_path / "loop.srt", [])
    assert [path.name for path in tmp_path.iterdir()] == ["loop.srt"]
    assert (tmp_path / "loop.srt").read_text() == ""


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_failed_block_leaves_nothing_and_raises_its_own_error(tmp_path, error):
    def fail() -> None:
        with atomic_output(tmp_path / "out.txt") as part:
            part.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert not list(tmp_path.iterdir())


def test_failed_block_keeps_the_old_file(tmp_path):
    (tmp_path / "out.txt").write_text("old")

    def fail() -> None:
        with atomic_output(tmp_path / "out.txt", overwrite=True) as part:
            part.write_text("half")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail()
    assert (tmp_path / "out.txt").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_file_that_appears_meanwhile_is_kept(tmp_path):
    def race() -> None:
        with atomic_output(tmp_path / "out.txt"):
            (tmp_path / "out.txt").write_text("theirs")

    with pytest.raises(AlreadyExistsError):
        race()
    assert (tmp_path / "out.txt").read_text() == "theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_output(tmp_path / "out.txt") as part:
            part.write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "out.txt").stat().st_mode & 0o777 == 0o640


def test_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    path, order = tmp_path / "out.txt", []
    fsync = os.fsync

    def seen(file: int) -> None:
        fsync(file)
        kind = "folder" if stat.S_ISDIR(os.fstat(file).st_mode) else os.fstat(file).st_size
        order.append((kind, path.exists()))

    monkeypatch.setattr(os, "fsync", seen)
    with atomic_output(path) as part:
        part.write_text("text")
    assert order == [(4, False), ("folder", True)]


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from mien.errors import OutputError
from mien.media import XMP, VideoWriter

path = Path(sys.argv[1])
noise = np.random.default_rng(0).integers(0, 256, (40, 128, 128, 3), np.uint8)

def write():
    with VideoWriter(path, (128, 128), 25, 16000, xmp=XMP) as writer:
        for image in noise:
            writer.write(image)

write()
size = path.stat().st_size
path.unlink()
for limit in (0, 1000, size // 2, size - 2000, size - 600, size - 1, size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write()
        print("written", limit == size, path.stat().st_size == size)
        path.unlink()
    except OutputError as error:
        assert error.hint and error.retryable
        print("refused", "no space is left" in error.message, list(path.parent.iterdir()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs setrlimit")
def test_full_disk(tmp_path):
    """The system's limit on a file's size takes the way of a full disk: writes that fail first, in the middle and last."""
    command = [sys.executable, "-c", FULL_DISK, tmp_path / "out.mp4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["refused True []"] * 6 + ["written True True"]
    assert done.stderr == ""
