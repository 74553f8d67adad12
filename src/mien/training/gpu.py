"""Whether there is a GPU to train on."""

from __future__ import annotations

import ctypes
import sys

from mien.errors import MissingDependency

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def has_driver() -> bool:
    """Whether the driver of an NVIDIA GPU can be loaded: quickly told, and without it all else is in vain."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return False
    return True


def need_driver() -> None:
    """Raises:
    MissingDependency: there is none.
    """
    if not has_driver():
        raise MissingDependency(
            "No driver of an NVIDIA GPU was found.",
            hint="Install NVIDIA's driver if this machine has a GPU of theirs, or use the processor: --device cpu",
        )
