"""The GPUs of this machine."""

from __future__ import annotations

import functools
import shutil
import subprocess
from dataclasses import dataclass

_ASK = ("--query-gpu=name,memory.total", "--format=csv,noheader,nounits")


@dataclass(frozen=True, slots=True)
class Gpu:
    """Args:
    name: as its maker calls it.
    memory_mb: of its own.
    """

    name: str
    memory_mb: int


@functools.cache
def gpus() -> tuple[Gpu, ...]:
    """NVIDIA's, in the order of their numbers, asked for once; none where there is no driver. Blocks, up to seconds the first time."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        said = subprocess.run([program, *_ASK], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [line.rpartition(", ") for line in said.splitlines() if line.strip()]
    return tuple(Gpu(name, int(memory) if memory.strip().isdigit() else 0) for name, _, memory in rows)
