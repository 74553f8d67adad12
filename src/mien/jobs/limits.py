"""How much a job may use, and whether there is room for another."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from mien.errors import OutputError
from mien.jobs.folder import jobs_dir
from mien.settings import Settings

MEMORY_SHARE = 0.7
"""Of the machine's memory: the rest is for the server and for the system."""
MIN_FREE_MB = 500
"""A disk that is fuller than this takes the database and the system down with the job."""

_CONTAINER_MEMORY = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one job.

    Args:
        seconds: of one attempt.
        memory: bytes, of all its processes together.
        disk: bytes, of its folder.
    """

    seconds: float
    memory: int
    disk: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        memory = settings.job_memory_mb << 20 or int(MEMORY_SHARE * machine_memory())
        return cls(settings.job_time_limit_s, memory, settings.job_disk_mb << 20)


def machine_memory() -> int:
    """Bytes that this machine, or its container (cgroup v2), has."""
    import psutil

    total: int = psutil.virtual_memory().total
    try:
        return min(total, int(_CONTAINER_MEMORY.read_text()))
    except (OSError, ValueError):
        return total


def free_bytes(settings: Settings) -> int:
    """Of the disk that holds the jobs, or will when there are some."""
    folder = jobs_dir(settings).absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def admit(settings: Settings, size: int = 0) -> None:
    """Says before a job is queued whether its files have room. Older jobs count as room: they are deleted for it.

    Args:
        settings: see `mien.settings`.
        size: bytes of the file that comes with it.

    Raises:
        OutputError: there is no room.
    """
    for name in ("job_disk_mb", "jobs_disk_mb"):
        limit_mb: int = getattr(settings, name)
        if limit_mb and size > limit_mb << 20:
            raise OutputError(
                f"The file has {size / 1e6:.0f} MB; a job may have {limit_mb} MB.",
                hint=f"Send a smaller one, or raise the setting {name} (MIEN_{name.upper()}).",
            )
    if free_bytes(settings) - size < MIN_FREE_MB << 20:
        raise OutputError(
            f"Less than {MIN_FREE_MB} MB of the disk would stay free.",
            hint="Delete videos and jobs that are not needed.",
            retryable=True,
        )
