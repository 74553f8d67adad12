from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.motion.features.official import write_safetensors
from torch import nn

from mien.errors import WeightsError
from mien.motion.features.checkpoint import fill, read_tensors


class _Runs:
    """What a hostile file would hold: reading it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self):
        return Path.touch, (self._path,)


def linear() -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in nn.Linear(3, 2).state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_safetensors_are_read_in_every_precision(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.arange(3, dtype=np.float16),
        "c": np.array(7, np.int64),
        "d": np.zeros((0, 4), np.float32),
    }
    write_safetensors(tmp_path / "x.safetensors", arrays)
    tensors = read_tensors(tmp_path / "x.safetensors")
    assert tensors.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(tensors[name].numpy(), array)


@pytest.mark.parametrize("wrapping", [None, "state_dict", "model"])
def test_checkpoints_of_pytorch_are_unwrapped(wrapping: str | None, tmp_path: Path) -> None:
    held = {f"module.{name}": value for name, value in linear().items()}
    torch.save({wrapping: held, "global_step": 3} if wrapping else held, tmp_path / "x.pth")
    read = read_tensors(tmp_path / "x.pth")
    assert same(read, {name.removeprefix("module."): value for name, value in held.items()})


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    trace = tmp_path / "was-run"
    torch.save({"state_dict": linear(), "extra": _Runs(trace)}, tmp_path / "x.pth")
    with pytest.raises(WeightsError, match="nothing in it was run"):
        read_tensors(tmp_path / "x.pth")
    assert not trace.exists()


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_the_weights_of_a_program_are_read_and_the_program_is_not(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    torch.jit.script(network).save(str(tmp_path / "x.pth"))  # pyright: ignore[reportAttributeAccessIssue]
    assert same(read_tensors(tmp_path / "x.pth"), network.state_dict())


def test_checkpoints_of_old_versions_are_read(tmp_path: Path) -> None:
    network = nn.Linear(3, 2)
    adam = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    adam.step()
    held = {"state_dict": network.state_dict(), "optimizer": adam.state_dict(), "global_step": 7}
    torch.save(held, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    assert same(read_tensors(tmp_path / "x.pth"), network.state_dict())


def test_views_share_their_numbers_and_bfloat16_is_widened(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    torch.save({"turned": whole.T, "part": whole[1:, ::2], "half": whole.bfloat16()}, tmp_path / "x.pth")
    read = read_tensors(tmp_path / "x.pth")
    assert same(read, {"turned": whole.T.contiguous(), "part": whole[1:, ::2].contiguous(), "half": whole})


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".bin"])
@pytest.mark.parametrize("content", [b"", b"text", b"\xff" * 64, b"PK\x03\x04" + b"\0" * 40, b"\x02\0\0\0\0\0\0\0[]"])
def test_damaged_files_are_told(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError):
        read_tensors(path)


def test_files_cut_off_are_told(tmp_path: Path) -> None:
    torch.save(linear(), tmp_path / "x.pth")
    write_safetensors(tmp_path / "x.safetensors", {"a": np.ones(100, np.float32)})
    for name in ("x.pth", "x.safetensors"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[:-60])
        with pytest.raises(WeightsError):
            read_tensors(tmp_path / name)


def test_a_file_that_is_not_there_or_holds_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="There is no file"):
        read_tensors(tmp_path / "x.pth")
    torch.save([1, 2], tmp_path / "x.pth")
    with pytest.raises(WeightsError, match="There are no weights"):
        read_tensors(tmp_path / "x.pth")
    torch.save({"step": 1}, tmp_path / "x.pth")
    with pytest.raises(WeightsError, match="There are no weights"):
        read_tensors(tmp_path / "x.pth")


def test_networks_are_filled_in_float32_whatever_the_file_has(tmp_path: Path) -> None:
    half = {name: value.half() for name, value in linear().items()}
    network = fill(lambda: nn.Linear(3, 2), half | {"of something else": torch.zeros(1)}, tmp_path)
    assert network.weight.dtype == torch.float32
    assert not network.weight.requires_grad
    torch.testing.assert_close(network.weight, half["weight"].float())


def test_counters_that_old_checkpoints_lack_are_no_matter(tmp_path: Path) -> None:
    given = nn.BatchNorm1d(2).state_dict()
    del given["num_batches_tracked"]
    assert fill(lambda: nn.BatchNorm1d(2), given, tmp_path)(torch.ones(1, 2)).shape == (1, 2)


def test_weights_of_another_network_are_told(tmp_path: Path) -> None:
    given = linear()
    with pytest.raises(WeightsError, match=r"'weight' is \(2, 3\) instead of \(5, 3\)"):
        fill(lambda: nn.Linear(3, 5), given, tmp_path)
    del given["bias"]
    with pytest.raises(WeightsError, match="it has no 'bias'"):
        fill(lambda: nn.Linear(3, 2), given, tmp_path)
