"""What the server runs on."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import psutil

from mien.server.models import Gpu, Machine

_QUERY = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
_PATIENCE_S = 5


def machine(data_dir: Path) -> Machine:
    """How it is now. Blocks for a moment, the first time for up to seconds where there are GPUs.

    Args:
        data_dir: on the disk that counts; it, or a folder above it, exists.
    """
    memory = psutil.virtual_memory()
    place = next(folder for folder in (data_dir, *data_dir.absolute().parents) if folder.is_dir())
    return Machine(
        cores=os.cpu_count() or 1,
        memory_mb=memory.total >> 20,
        memory_used_mb=(memory.total - memory.available) >> 20,
        disk_free_mb=shutil.disk_usage(place).free >> 20,
        gpus=list(_gpus()),
    )


@functools.cache
def _gpus() -> tuple[Gpu, ...]:
    """Asked for once: they do not change while a machine runs."""
    try:
        said = subprocess.run(_QUERY, capture_output=True, text=True, timeout=_PATIENCE_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_gpus(said)


def parse_gpus(said: str) -> tuple[Gpu, ...]:
    """What `nvidia-smi` says, a line each: `NVIDIA H200, 143771`."""
    lines = (line.rpartition(",") for line in said.splitlines())
    return tuple(Gpu(name=name.strip(), memory_mb=int(size)) for name, _, size in lines if size.strip().isdecimal())
