"""Weights from files of any origin, as arrays, without PyTorch and without running anything that is in them.

    safetensors          eight bytes with the length of a JSON header, the header, and the bytes of the tensors
    PyTorch ≥ 1.6        a zip file: a pickle that tells of tensors, and a member with the numbers of each storage
    PyTorch before       five pickles one after the other, then the numbers of the storages
    TorchScript          a zip file like the first, in which the pickle tells of modules; its code is not looked at

Source: the descriptions of safetensors, and of `torch.save` and `torch.jit.save` in PyTorch's own documentation and serialisation code.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.errors import WeightsError
from mien.weights.opcodes import Module, Storage, StoredTensor, unpickle

Tensors: TypeAlias = dict[str, NDArray[Any]]
"""By name; bfloat16, which NumPy lacks, as float32."""

_DTYPES = {
    "F64": "f8",
    "F32": "f4",
    "F16": "f2",
    "BF16": "bf2",
    "I64": "i8",
    "I32": "i4",
    "I16": "i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "b1",
}
_LARGEST_HEADER = 100_000_000
"""Bytes, as in the description of safetensors."""
_LARGEST_PICKLE = 64 << 20
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_WRAPPINGS = ("state_dict", "model", "model_state_dict")
_DAMAGED = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    OSError,
    struct.error,
    zipfile.BadZipFile,
    NotImplementedError,
)
"""What Python's readers raise over bytes that are none of these files."""


def read_tensors(path: Path) -> Tensors:
    """The weights in a file, by name; a wrapping such as {"state_dict": …} and the prefix `module.` are taken off.

    Args:
        path: safetensors, a PyTorch checkpoint or a TorchScript archive: of them, nothing but tensors and plain containers is ever built.

    Raises:
        WeightsError: no such file, damaged, or with something in it that only running it would read.
    """
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.", hint="Fetch it, or correct the path.")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if path.suffix == ".safetensors":
                tensors = _safetensors(data)
            elif zipfile.is_zipfile(file):
                tensors = _zipped(zipfile.ZipFile(file))
            else:
                tensors = _legacy(data)
    except _DAMAGED as error:
        raise WeightsError(f"{path} cannot be read as weights: {error}.", hint="Fetch it again.") from error
    except WeightsError as error:
        raise WeightsError(f"{path} {error.message}", hint=error.hint) from error
    if not tensors:
        raise WeightsError(f"There are no weights in {path}.", hint="Fetch the file that the model's authors name.")
    return tensors


def _safetensors(data: mmap.mmap) -> Tensors:
    start = 8 + int.from_bytes(data[:8], "little")
    if start > min(_LARGEST_HEADER, len(data)):
        raise ValueError("its header is longer than the file")
    tensors: Tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        dtype, shape = _DTYPES[entry["dtype"]], tuple(int(side) for side in entry["shape"])
        begin, end = map(int, entry["data_offsets"])
        size = math.prod(shape) * int(dtype[-1])
        if min(shape, default=0) < 0 or not 0 <= begin <= end <= len(data) - start or end - begin != size:
            raise ValueError(f"{name!r} does not fit into it")
        tensors[name] = _values(data[start + begin : start + end], dtype).reshape(shape)
    return _unprefixed(tensors)


def _zipped(archive: zipfile.ZipFile) -> Tensors:
    with archive:
        members = {info.filename: info for info in archive.infolist()}
        (pickle,) = (name for name in members if name.count("/") == 1 and name.endswith("/data.pkl"))
        if members[pickle].file_size > _LARGEST_PICKLE:
            raise ValueError("its pickle is too large")
        folder = pickle.removesuffix(".pkl")

        def numbers(storage: Storage) -> bytes:
            member = members[f"{folder}/{storage.key}"]
            # Packed ones could claim any size; PyTorch does not pack them.
            if member.compress_type != zipfile.ZIP_STORED or member.file_size != storage.size:
                raise ValueError(f"the storage {storage.key!r} does not fit into it")
            return archive.read(member)

        return _unwrapped(unpickle(archive.read(pickle))[0], numbers)


def _legacy(data: mmap.mmap) -> Tensors:
    at, told = 0, []
    for _ in range(5):
        value, length = unpickle(data[at : at + _LARGEST_PICKLE])
        told.append(value)
        at += length
        if told[0] != _LEGACY_MAGIC:
            raise ValueError("it is no checkpoint")
    root, keys = told[3:]
    sizes = {storage.key: storage.size for storage in _storages(root)}
    places: dict[str, int] = {}
    for key in keys:
        places[key] = at + 8  # behind the count of its numbers
        at += 8 + sizes[key]

    def numbers(storage: Storage) -> bytes:
        return data[places[storage.key] : places[storage.key] + storage.size]

    return _unwrapped(root, numbers)


def _storages(value: Any) -> list[Storage]:
    """All that are spoken of, in whatever containers."""
    found, left, seen = [], [value], set()
    while left:
        each = left.pop()
        if isinstance(each, StoredTensor):
            found.append(each.storage)
        elif isinstance(each, (dict, list, tuple)) and id(each) not in seen:
            seen.add(id(each))
            left += each.values() if isinstance(each, dict) else each
    return found


def _unwrapped(root: Any, numbers: Callable[[Storage], bytes]) -> Tensors:
    if isinstance(root, Module):
        root = root.tensors()
    for wrapping in _WRAPPINGS:
        inner = root.get(wrapping) if isinstance(root, Mapping) else None
        if isinstance(inner, Mapping):
            root = inner
    held = root if isinstance(root, Mapping) else {}
    read: dict[str, NDArray[Any]] = {}
    tensors: Tensors = {}
    for name, stored in held.items():
        if isinstance(stored, StoredTensor):
            storage = stored.storage
            if storage.key not in read:
                raw = numbers(storage)
                if len(raw) != storage.size:
                    raise ValueError("it is cut off")
                read[storage.key] = _values(raw, storage.dtype)
            tensors[str(name)] = stored.of(read[storage.key])
    return _unprefixed(tensors)


def _unprefixed(tensors: Tensors) -> Tensors:
    return {name.removeprefix("module."): value for name, value in tensors.items()}


def _values(raw: bytes, dtype: str) -> NDArray[Any]:
    """A copy that may be written into."""
    if dtype == "bf2":
        # bfloat16 is the upper half of a float32.
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(raw, f"<{dtype}").copy()
