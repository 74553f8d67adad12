"""Arrays in a file, read as if a stranger had written it: no pickle, no size that is only claimed."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MAX_ARRAYS = 256
MAX_BYTES = 1 << 30

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An npz file of these arrays; the same arrays give the same bytes."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"the array {name!r} holds Python objects")
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **dict(sorted(arrays.items())))
    return file.getvalue()


def unpack(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file; fresh, writable, owned by the caller.

    Raises:
        ValueError: it is damaged, holds objects, or claims sizes that it does not have.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_ARRAYS or sum(member.file_size for member in members) > MAX_BYTES:
                raise ValueError("it holds more or larger arrays than an avatar can have")
            return {member.filename.removesuffix(".npy"): _array(archive.read(member)) for member in members}
    except _DAMAGE as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _array(data: bytes) -> NDArray[Any]:
    file = io.BytesIO(data)
    read_header = _HEADERS.get(npy.read_magic(file))
    if read_header is None:
        raise ValueError("an array has an unknown header")
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject:
        raise ValueError("an array holds Python objects")
    body = data[file.tell() :]
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != len(body):
        raise ValueError("an array is not as large as its header says")
    return np.frombuffer(body, dtype).reshape(shape, order="F" if fortran else "C").copy()
