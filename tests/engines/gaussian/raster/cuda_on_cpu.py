"""Runs the kernels of `tiles.cu` on the processor."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from mien.engines.gaussian.raster.tiles import source

COMPILER = shutil.which("g++") if sys.platform == "linux" else None


class KernelsOnCpu:
    """A `Launch` for tensors on the processor.

    Args:
        folder: for what is compiled.
    """

    def __init__(self, folder: Path) -> None:
        assert COMPILER is not None
        kernels, library = folder / "tiles.cu", folder / "tiles.so"
        kernels.write_text(source(), encoding="utf-8")
        shim = Path(__file__).with_suffix(".cpp")
        options = ["-std=c++20", "-O1", "-shared", "-fPIC", f'-DKERNELS="{kernels}"']
        subprocess.run([COMPILER, *options, str(shim), "-o", str(library)], check=True)
        self._library = ctypes.PyDLL(str(library))  # holds the interpreter's lock: its threads are not the system's

    def __call__(
        self, kernel: str, blocks: tuple[int, int], threads: tuple[int, int], *arguments: torch.Tensor | int | None
    ) -> None:
        values = [_as_c(argument) for argument in arguments]
        pointers = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        assert self._library.launch(kernel.encode(), *blocks, *threads, pointers)


def _as_c(argument: torch.Tensor | int | None) -> Any:
    if isinstance(argument, torch.Tensor):
        assert argument.dtype in (torch.float32, torch.int32)
        assert argument.is_contiguous()
        return ctypes.c_void_p(argument.data_ptr())
    return ctypes.c_void_p(None) if argument is None else ctypes.c_int(argument)
