"""The progress bars of the command line: stage, share, speed and time left."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from mien.types import Progress


class _AmountColumn(ProgressColumn):
    """`120/250 frames 88.1/s`, or bytes in the units that people read."""

    def render(self, task: Task) -> Text:
        in_bytes = task.fields["unit"] == "bytes"
        amount = decimal(int(task.completed)) if in_bytes else f"{task.completed:.0f}"
        if task.total is not None:
            amount += f"/{decimal(int(task.total)) if in_bytes else f'{task.total:.0f}'}"
        if not in_bytes:
            amount += f" {task.fields['unit']}"
        if task.speed:
            amount += f" {decimal(int(task.speed)) if in_bytes else f'{task.speed:.1f}'}/s"
        return Text(amount)


class Bars:
    """One bar for every stage that is reported, in the order of appearance."""

    def __init__(self) -> None:
        self._progress = RichProgress(
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=30),
            _AmountColumn(),
            TimeRemainingColumn(compact=True),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def report(self, progress: Progress) -> None:
        task = self._tasks.get(progress.stage)
        if task is None:
            self._drop_endless()
            task = self._progress.add_task(progress.stage, total=progress.total, unit=progress.unit)
            self._tasks[progress.stage] = task
        self._progress.update(task, completed=progress.done, total=progress.total)

    def _drop_endless(self) -> None:
        """A bar whose end was never known says nothing once the next stage has begun."""
        for task in self._progress.tasks:
            if task.total is None:
                self._progress.remove_task(task.id)
