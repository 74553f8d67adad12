from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from tests.jobs.processes import settings_in

from mien.errors import OutputError
from mien.jobs import limits
from mien.jobs.limits import Limits, admit, free_bytes, machine_memory


def test_without_a_setting_a_job_may_use_most_of_the_memory(tmp_path: Path) -> None:
    memory = Limits.of(settings_in(tmp_path)).memory
    assert 0.69 * machine_memory() < memory < 0.71 * psutil.virtual_memory().total


def test_settings_are_limits(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, job_memory_mb=10, job_disk_mb=20, job_time_limit_s=30)
    assert Limits.of(settings) == Limits(seconds=30, memory=10 << 20, disk=20 << 20)


def test_a_containers_memory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "memory.max"
    monkeypatch.setattr(limits, "_CONTAINER_MEMORY", file)
    file.write_text("1000000\n")
    assert machine_memory() == 1_000_000
    file.write_text("max\n")
    assert machine_memory() == psutil.virtual_memory().total


def test_space_is_known_before_there_is_a_folder(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert free_bytes(settings) > 0


def test_a_file_that_fits_is_admitted(tmp_path: Path) -> None:
    admit(settings_in(tmp_path), 1000)


@pytest.mark.parametrize("name", ["job_disk_mb", "jobs_disk_mb"])
def test_a_file_that_is_larger_than_a_job_may_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError) as refused:
        admit(settings_in(tmp_path, **{name: 1}), 2 << 20)
    assert f"MIEN_{name.upper()}" in refused.value.hint


def test_a_full_disk_is_refused_and_may_be_tried_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, job_disk_mb=1 << 40, jobs_disk_mb=0)
    with pytest.raises(OutputError) as refused:
        admit(settings, free_bytes(settings))
    assert refused.value.retryable
