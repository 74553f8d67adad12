"""Weights from files of any origin, read without running anything that is in them."""

from __future__ import annotations

import json
import math
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from mien.errors import WeightsError
from mien.motion.features.folder import read_config

Tensors = dict[str, Tensor]

_NAMES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""What Hugging Face calls the weights of a folder, best first."""

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_LARGEST_HEADER = 100_000_000
"""Bytes, as in the format's own description."""

_DAMAGED = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    EOFError,
    OSError,
    struct.error,
    zipfile.BadZipFile,
)
"""What PyTorch raises over bytes that are none of its files."""

_WRAPPINGS = ("state_dict", "model", "model_state_dict")

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
    """The weights in a file, by name; a wrapping such as {"state_dict": …} and the prefix `module.` are taken off.

    Args:
        path: safetensors, or a PyTorch checkpoint: of that, nothing but tensors and plain containers is ever built.

    Raises:
        WeightsError: no such file, damaged, or with something in it that only running it would read.
    """
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.", hint="Fetch it, or correct the path.")
    held = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    for wrapping in _WRAPPINGS:
        inner = held.get(wrapping)
        if isinstance(inner, Mapping):
            held = inner
    tensors = {str(name).removeprefix("module."): value for name, value in held.items() if isinstance(value, Tensor)}
    if not tensors:
        raise WeightsError(f"There are no weights in {path}.", hint="Fetch the file that the model's authors name.")
    return tensors


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


def _read_safetensors(path: Path) -> Mapping[str, Any]:
    """The format is eight bytes with the length of a JSON header, the header, and the bytes of the tensors."""

    def damaged(what: str) -> WeightsError:
        return WeightsError(f"{path} is damaged: {what}.", hint="Fetch it again.")

    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(_LARGEST_HEADER, path.stat().st_size - 8):
            raise damaged("its header is longer than the file")
        start = 8 + length
        room = path.stat().st_size - start
        try:
            header = json.loads(file.read(length))
            entries = {
                str(name): (
                    _DTYPES[entry["dtype"]],
                    [int(side) for side in entry["shape"]],
                    *map(int, entry["data_offsets"]),
                )
                for name, entry in header.items()
                if name != "__metadata__"
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged("its header cannot be read") from error
        tensors: Tensors = {}
        for name, (dtype, shape, begin, end) in entries.items():
            size = math.prod(shape) * dtype.itemsize
            if min(shape, default=0) < 0 or not 0 <= begin <= end <= room or end - begin != size:
                raise damaged(f"{name!r} does not fit into it")
            file.seek(start + begin)
            values = torch.frombuffer(bytearray(file.read(size)), dtype=dtype) if size else torch.empty(0, dtype=dtype)
            tensors[name] = values.reshape(shape)
    return tensors


def _read_torch(path: Path) -> Mapping[str, Any]:
    if _is_torchscript(path):
        raise WeightsError(
            f"{path} is a TorchScript program, which is not run.",
            hint="Where you trust it: torch.save(torch.jit.load(FILE, map_location='cpu').state_dict(), NEW_FILE)",
        )
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} holds more than weights, or is damaged; nothing in it was run.",
            hint="Use a safetensors file of the same model, or a checkpoint that holds tensors only.",
        ) from error
    except _DAMAGED as error:
        raise WeightsError(f"{path} cannot be read as weights: {error}.", hint="Fetch it again.") from error
    if not isinstance(held, Mapping):
        raise WeightsError(f"There are no weights in {path}.", hint="Fetch the file that the model's authors name.")
    return held


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())
