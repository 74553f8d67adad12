"""The weights of networks that PyTorch runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from mien.errors import WeightsError
from mien.motion.features.folder import read_config
from mien.weights import checkpoint

Tensors = dict[str, Tensor]

_NAMES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""What Hugging Face calls the weights of a folder, best first."""

Net = TypeVar("Net", bound=nn.Module)


def read_folder(folder: Path) -> Tensors:
    """All weights of a model's folder, in one file or in several.

    Raises:
        WeightsError: there are none, or a file is damaged.
    """
    for name in _NAMES:
        if not (folder / name).is_file():
            continue
        if not name.endswith(".index.json"):
            return read_tensors(folder / name)
        shards = read_config(folder, name).get("weight_map")
        if not isinstance(shards, dict):
            raise WeightsError(f"{folder / name} names no files.", hint="Fetch the file again.")
        tensors: Tensors = {}
        for shard in sorted({Path(str(shard)).name for shard in shards.values()}):
            tensors |= read_tensors(folder / shard)
        return tensors
    raise WeightsError(f"There are no weights in {folder}.", hint=f"One of these must be there: {', '.join(_NAMES)}.")


def read_tensors(path: Path) -> Tensors:
    """The weights in a file of any known form; see `mien.weights.checkpoint`, also for what is raised."""
    return {name: torch.from_numpy(values) for name, values in checkpoint.read_tensors(path).items()}


def fill(make: Callable[[], Net], tensors: Mapping[str, Tensor], source: Path, device: str = "cpu") -> Net:
    """A network with these weights, in float32, ready to be used; weights that it has no place for are passed over.

    Raises:
        WeightsError: weights are missing or have other shapes.
    """
    with torch.device("meta"):
        network = make()
    wanted = network.state_dict()
    given = {name: value for name, value in tensors.items() if name in wanted}
    for name, place in wanted.items():
        if name not in given and name.endswith("num_batches_tracked"):
            given[name] = torch.zeros((), dtype=torch.int64)
        elif name not in given:
            raise WeightsError(
                f"{source} is another model: it has no {name!r}.", hint="Check that all files come from the same model."
            )
        elif given[name].shape != place.shape:
            shapes = f"{tuple(given[name].shape)} instead of {tuple(place.shape)}"
            raise WeightsError(
                f"{source} is another model: {name!r} is {shapes}.",
                hint="Check that all files come from the same model.",
            )
    network.load_state_dict(given, assign=True)
    return network.to(device).float().eval().requires_grad_(False)
