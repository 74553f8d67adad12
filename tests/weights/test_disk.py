from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.errors import OutputError, WeightsError
from mien.weights import disk

from .conftest import sha256


def test_place_replaces_a_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    disk.place([b"one"], target)
    disk.place([b"t", b"wo"], target, sha256=sha256(b"two"))
    assert target.read_bytes() == b"two"
    assert target.stat().st_mode & 0o777 == 0o644
    assert list(target.parent.iterdir()) == [target]


def test_other_bytes_leave_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    disk.place([b"one"], target)
    with pytest.raises(WeightsError, match="other bytes"):
        disk.place([b"two"], target, sha256=sha256(b"three"))
    assert target.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failing_source_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise WeightsError("broken")

    with pytest.raises(WeightsError):
        disk.place(broken(), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_says_so() -> None:
    with pytest.raises(OutputError, match="disk is full") as caught, disk.writing(Path("/some/file")):
        Path("/dev/full").write_bytes(b"x")
    assert "MIEN_CACHE_DIR" in caught.value.hint


def test_a_refusing_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match="file/below"):
        disk.place([b"x"], tmp_path / "file" / "below")


def test_reading_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="none cannot be read"):
        disk.sha256_of(tmp_path / "none")
    with pytest.raises(WeightsError, match="none cannot be read"):
        list(disk.blocks_of(tmp_path / "none"))


def test_blocks_join_to_the_file(tmp_path: Path) -> None:
    data = bytes(range(256)) * (disk.BLOCK // 256) + b"rest"
    (tmp_path / "file").write_bytes(data)
    assert [len(block) for block in disk.blocks_of(tmp_path / "file")] == [disk.BLOCK, 4]
    assert disk.sha256_of(tmp_path / "file") == sha256(data)
