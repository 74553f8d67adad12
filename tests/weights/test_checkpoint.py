"""Files that pretend to be checkpoints. Those that are: tests/motion/features/test_checkpoint.py."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import WeightsError
from mien.weights.checkpoint import read_tensors
from mien.weights.opcodes import Storage, StoredTensor

FLOATS = b"ctorch\nFloatStorage\n"


def unicode(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def tensor(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, count: int = 6) -> bytes:
    """What `torch.save` says of a tensor, protocol 2."""
    storage = b"(" + unicode("storage") + FLOATS + unicode("0") + unicode("cpu") + integer(count) + b"tQ"
    sides, steps = (b"(" + b"".join(map(integer, each)) + b"t" for each in (shape, strides))
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + integer(offset) + sides + steps + b"\x89}tR"


def held(value: bytes) -> bytes:
    return b"\x80\x02}" + unicode("a") + value + b"s."


def archive(path: Path, told: bytes, numbers: bytes = b"", method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x/data.pkl", told)
        file.writestr("x/data/0", numbers or np.arange(6, dtype="<f4").tobytes(), method)
    return path


def test_a_tensor_is_read_as_pytorch_tells_of_it(tmp_path: Path) -> None:
    tensors = read_tensors(archive(tmp_path / "x.pth", held(tensor((2, 2), (1, 2), 1))))
    np.testing.assert_array_equal(tensors["a"], [[1, 3], [2, 4]])
    tensors["a"][:] = 7  # a copy of its own


@pytest.mark.parametrize(
    "told",
    [
        tensor((3, 3), (3, 1)),
        tensor((2, 3), (3, 1), offset=1),
        tensor((100, 100), (0, 0)),
        tensor((2, 3), (3, 1), count=7),
        tensor((2, 3), (3, 1), count=-1),
        tensor((2, -3), (3, 1)),
        tensor((2, 3), (3,)),
    ],
)
def test_tensors_that_reach_beyond_their_numbers_are_refused(told: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read_tensors(archive(tmp_path / "x.pth", held(told)))


class _Runs:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self._path,)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_is_called(protocol: int, zipped: bool, tmp_path: Path) -> None:
    told = pickle.dumps({"a": _Runs(tmp_path / "was-run")}, protocol)
    path = tmp_path / "x.pth"
    if zipped:
        archive(path, told)
    else:
        magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
        path.write_bytes(magic + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + told + pickle.dumps([], 2))
    with pytest.raises(WeightsError) as caught:
        read_tensors(path)
    assert "holds more than weights" in caught.value.message
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    "told",
    [
        b"ccollections\nOrderedDict\n(tR}" + unicode("__class__") + integer(1) + b"sb",
        b"cos\nsystem\n(" + unicode("true") + b"tR",
        b"ctorch\nFloatStorage\n}b",
        b"ctorch\nFloatStorage\n(tR",
        b"cbuiltins\ndict\n)\x81",
        b"(" + unicode("module") + b"cos\nsystem\n" + unicode("0") + unicode("cpu") + integer(1) + b"tQ",
    ],
)
def test_other_names_and_states_change_nothing(told: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"holds more than weights|There are no weights"):
        read_tensors(archive(tmp_path / "x.pth", held(told)))


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"\x80\x02.",
        b"\x80\x02a.",
        b"\x80\x02r\xff\xff\xff\xff.",
        b"\x80\x02h\x07.",
        b"\x80\x02}u.",
        b"\x80\x02(l" + b"(l" * 1000,
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60),
    ],
)
def test_damaged_pickles_are_told(told: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        read_tensors(archive(tmp_path / "x.pth", told))
    (tmp_path / "y.pth").write_bytes(told)
    with pytest.raises(WeightsError):
        read_tensors(tmp_path / "y.pth")


def test_packed_numbers_are_not_unpacked(tmp_path: Path) -> None:
    zeros = bytes(4 * (1 << 20))
    path = archive(tmp_path / "x.pth", held(tensor((1,), (1,), count=1 << 20)), zeros, zipfile.ZIP_DEFLATED)
    with pytest.raises(WeightsError, match="does not fit"):
        read_tensors(path)


def test_a_pickle_that_refers_to_itself_ends(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    (tmp_path / "x.pth").write_bytes(
        magic + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + pickle.dumps(loop, 2) + b"]."
    )
    with pytest.raises(WeightsError, match="There are no weights"):
        read_tensors(tmp_path / "x.pth")


def test_old_files_that_are_cut_off_are_told(tmp_path: Path) -> None:
    file = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {}):
        pickle.dump(value, file, 2)
    file.write(held(tensor((2, 3), (3, 1))))
    pickle.dump(["0"], file, 2)
    whole = file.getvalue() + struct.pack("<q", 6) + np.arange(6, dtype="<f4").tobytes()
    (tmp_path / "x.pth").write_bytes(whole)
    np.testing.assert_array_equal(read_tensors(tmp_path / "x.pth")["a"], [[0, 1, 2], [3, 4, 5]])
    for length in (len(whole) - 1, len(whole) - 30, 20):
        (tmp_path / "x.pth").write_bytes(whole[:length])
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            read_tensors(tmp_path / "x.pth")


def test_an_empty_tensor_has_its_shape() -> None:
    assert StoredTensor(Storage("0", "f4", 0), 0, (0, 4), (4, 1)).of(np.zeros(0, np.float32)).shape == (0, 4)
