from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tests.evaluation.data.make_lpips import NETWORKS, given, pictures

from mien.errors import MissingDependency, UsageError, WeightsError
from mien.evaluation.lpips import Lpips

GOLDEN = json.loads((Path(__file__).parent / "data/lpips.json").read_text())

torch.set_num_threads(1)


def split(network: str, folder: Path) -> list[Path]:
    """As PyTorch and the package `lpips` keep them: two files."""
    tensors = given(GOLDEN[network]["shapes"])
    heads = {name: value for name, value in tensors.items() if name.startswith("lin")}
    layers = {f"features.{name.split('.', 2)[2]}": value for name, value in tensors.items() if name not in heads}
    layers |= {"classifier.1.weight": torch.zeros(4, 4)}
    torch.save(layers, folder / "network.pth")
    torch.save(heads, folder / "heads.pth")
    return [folder / "network.pth", folder / "heads.pth"]


@pytest.fixture(scope="module")
def alex(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return split("alex", tmp_path_factory.mktemp("alex"))


@pytest.mark.parametrize("network", NETWORKS)
def test_the_distance_is_that_of_the_published_code(network: str, tmp_path: Path):
    torch.save(given(GOLDEN[network]["shapes"]), tmp_path / "all.pth")
    judge = Lpips([tmp_path / "all.pth"])
    one, other = (judge.seen(picture) for picture in pictures())
    assert judge.network == network
    assert judge.distance(one, other) == pytest.approx(GOLDEN[network]["distance"], rel=1e-4)
    assert judge.distance(one, one) == 0


def test_network_and_heads_may_be_two_files(alex: list[Path]):
    judge = Lpips(alex)
    one, other = (judge.seen(picture) for picture in pictures())
    assert judge.distance(one, other) == pytest.approx(GOLDEN["alex"]["distance"], rel=1e-4)


@pytest.mark.parametrize(("which", "missing"), [(0, "heads"), (1, "AlexNet or VGG-16")])
def test_half_of_the_weights_are_refused(alex: list[Path], which: int, missing: str):
    with pytest.raises(WeightsError, match=missing):
        Lpips(alex[which : which + 1])


def test_other_weights_are_refused(tmp_path: Path, alex: list[Path]):
    with pytest.raises(WeightsError, match="no file"):
        Lpips([tmp_path / "missing.pth"])
    torch.save({"features.0.weight": torch.zeros(8, 3, 11, 11)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="another model"):
        Lpips([tmp_path / "other.pth", alex[1]])


def test_a_tiny_picture_is_refused(alex: list[Path]):
    with pytest.raises(UsageError, match="40 × 80"):
        Lpips(alex).seen(pictures()[0][:, :40].copy())


def test_without_pytorch_it_says_what_to_install(alex: list[Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingDependency):
        Lpips(alex)
