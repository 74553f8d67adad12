"""Compiles CUDA kernels at run time and runs them on PyTorch's GPU.

NVRTC, the compiler, comes with PyTorch's CUDA packages; the way to it and to the driver is NVIDIA's `cuda-bindings`, which they bring along
on Linux. No CUDA toolkit is needed. PyTorch's own `torch.cuda._compile_kernel` (2.13) asks for one, and for NVRTC on the library path.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import torch

from mien.errors import RenderError


class Kernels:
    """Compiled kernels; a `mien.engines.gaussian.raster.tiles.Launch` for tensors on PyTorch's current GPU, in its current stream. A thread
    that calls it has let PyTorch use that GPU before, as by filling one of the tensors.

    Args:
        source: text, UTF-8.
        names: of the kernels in it, which are `extern "C"`.

    Raises:
        ImportError: `cuda-bindings` is not installed.
        RuntimeError: NVRTC or the driver cannot be loaded.
        RenderError: the text cannot be compiled for this GPU, or the GPU does not take it.
    """

    def __init__(self, source: str, names: Iterable[str]) -> None:
        self._driver = import_module("cuda.bindings.driver")
        program = compiled(source, torch.cuda.get_device_capability())
        torch.cuda.synchronize()  # makes PyTorch's context this thread's
        module = _checked(self._driver.cuModuleLoadData(program))
        self._functions = {name: _checked(self._driver.cuModuleGetFunction(module, name.encode())) for name in names}

    def __call__(
        self, kernel: str, blocks: tuple[int, int], threads: tuple[int, int], *arguments: torch.Tensor | int | None
    ) -> None:
        values = tuple(given.data_ptr() if isinstance(given, torch.Tensor) else given or 0 for given in arguments)
        types = tuple(ctypes.c_int if isinstance(given, int) else ctypes.c_void_p for given in arguments)
        stream = torch.cuda.current_stream().cuda_stream
        _checked(
            self._driver.cuLaunchKernel(self._functions[kernel], *blocks, 1, *threads, 1, 0, stream, (values, types), 0)
        )


def compiled(source: str, capability: tuple[int, int]) -> bytes:
    """Machine code (CUBIN) of CUDA C++ text for GPUs of a compute capability, such as (9, 0). Needs no GPU.

    Raises: see `Kernels`.
    """
    nvrtc = import_module("cuda.bindings.nvrtc")
    program = _checked(nvrtc.nvrtcCreateProgram(source.encode(), b"kernels.cu", 0, [], []))
    try:
        options = [b"--gpu-architecture=sm_%d%d" % capability]
        (result,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        if result != 0:
            log = b" " * _checked(nvrtc.nvrtcGetProgramLogSize(program))
            _checked(nvrtc.nvrtcGetProgramLog(program, log))
            raise _failed(f"{result.name}: {log.decode().splitlines()[0]}")
        code = b" " * _checked(nvrtc.nvrtcGetCUBINSize(program))
        _checked(nvrtc.nvrtcGetCUBIN(program, code))
        return code
    finally:
        nvrtc.nvrtcDestroyProgram(program)


def _checked(answer: tuple[Any, ...]) -> Any:
    """What a function of NVRTC or of the driver gave, beside its result."""
    result, *given = answer
    if result != 0:
        raise _failed(result.name)
    return given[0] if given else None


def _failed(what: str) -> RenderError:
    return RenderError(f"The GPU cannot be used: {what}.", hint="Use the processor: --device cpu")
