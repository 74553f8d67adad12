"""The .ply file: the official layout, there and back, and files that are something else."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from mien.engines.gaussian.ply import Gaussians, read_ply, write_ply
from mien.errors import InputError, OutputError


def some(count: int = 20) -> Gaussians:
    random = np.random.default_rng(0)
    numbers = (
        random.normal(0, 1, (count, 3)),
        random.uniform(-6, -1, (count, 3)),
        random.normal(0, 1, (count, 4)),
        random.uniform(0.01, 0.99, count),
        random.uniform(0, 1, (count, 3)),
    )
    return Gaussians(*(values.astype(np.float32) for values in numbers))


def declared(names: str) -> str:
    return "".join(f"property float {name}\n" for name in names.split())


def test_there_and_back(tmp_path: Path) -> None:
    write_ply(tmp_path / "a.ply", some())
    for one, other in zip(some(), read_ply(tmp_path / "a.ply"), strict=True):
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, atol=1e-6)


def test_has_the_layout_that_viewers_expect(tmp_path: Path) -> None:
    """Byte by byte: one grey half transparent Gaussian."""
    rows = [[1, 2, 3]], [[-1, -2, -3]], [[1, 0, 0, 0]], [0.5], [[0.5, 0.5 + 0.28209479177387814, 0.5]]
    write_ply(tmp_path / "a.ply", Gaussians(*(np.array(row, np.float32) for row in rows)))
    header, body = (tmp_path / "a.ply").read_bytes().split(b"end_header\n")
    assert header.decode() == "ply\nformat binary_little_endian 1.0\nelement vertex 1\n" + declared(
        "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"
    )
    numbers = struct.unpack("<17f", body)
    np.testing.assert_allclose(numbers, [1, 2, 3, 0, 0, 0, 0, 1, 0, 0, -1, -2, -3, 1, 0, 0, 0], atol=1e-6)


def test_fully_opaque_and_transparent_ones_stay_finite(tmp_path: Path) -> None:
    write_ply(tmp_path / "a.ply", some(2)._replace(opacity=np.array([0, 1], np.float32)))
    np.testing.assert_allclose(read_ply(tmp_path / "a.ply").opacity, [0, 1], atol=1e-6)


def test_reads_other_programs_files(tmp_path: Path) -> None:
    """With higher harmonics, without normals."""
    header = "ply\nformat binary_little_endian 1.0\ncomment by hand\nelement vertex 1\n"
    header += declared("f_rest_0 rot_0 rot_1 rot_2 rot_3 x y z opacity f_dc_0 f_dc_1 f_dc_2 scale_0 scale_1 scale_2")
    header += "end_header\n"
    body = struct.pack("<15f", 9, 1, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, -1, -2, -3)
    (tmp_path / "a.ply").write_bytes(header.encode() + body)
    found = read_ply(tmp_path / "a.ply")
    np.testing.assert_allclose(found.position, [[1, 2, 3]])
    np.testing.assert_allclose(found.opacity, [0.5])
    np.testing.assert_allclose(found.quaternion, [[1, 0, 0, 0]])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"ply\n", b"png\n", "no file of Gaussian splats"),
        (b"binary_little_endian", b"ascii", "no file of Gaussian splats"),
        (b"property float rot_3", b"property float wrong", "no file of Gaussian splats"),
        (b"property float x\n", b"property double x\n", "no file of Gaussian splats"),
        (b"element vertex 20", b"element vertex -20", "no file of Gaussian splats"),
        (b"element vertex 20", b"element vertex 21", "ends before"),
        (b"end_header", b"end_headed", "no file of Gaussian splats"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    file = tmp_path / "a.ply"
    write_ply(file, some())
    file.write_bytes(file.read_bytes().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_ply(file)


def test_says_which_file_is_missing_or_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.ply"):
        read_ply(tmp_path / "none.ply")
    with pytest.raises(OutputError, match="nowhere"):
        write_ply(tmp_path / "nowhere" / "a.ply", some())
