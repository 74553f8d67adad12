"""A training without anybody who follows it."""

from __future__ import annotations

from pathlib import Path

from mien.avatars import PackageBuilder
from mien.settings import load
from mien.types import Report, TrainingRun, silent


def training(video: Path, work: Path, builder: PackageBuilder, report: Report = silent) -> TrainingRun:
    """A run that only learns."""
    return TrainingRun(
        video=video,
        work=work,
        package=builder,
        settings=load(),
        report=report,
        metric=lambda step, **values: None,
        preview=lambda step, image: None,
    )
