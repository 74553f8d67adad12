"""What is told of a running job, thinned: however much its process says, whoever listens gets a few events a second."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, TypeAlias

from mien.jobs.request import JobProgress

Event: TypeAlias = dict[str, Any]

PROGRESS_S = 0.2
LOG_S = 0.5
MAX_LINES = 50
"""Lines of the log in one event."""
MAX_METRICS = 4
"""Steps of a training in one round; of more, evenly chosen ones and the last."""
MAX_STAGES = 50
"""Beyond so many names of stages, none is worth an event of its own."""
MAX_ARTIFACTS = 100


class Outbox:
    """Collects what a job says, and gives what is due. Times are seconds of any steady clock."""

    def __init__(self, attempt: int) -> None:
        self._attempt = attempt
        self._urgent: list[Event] = []
        self._latest: JobProgress | None = None
        self._told: dict[str, set[str]] = {"first": set(), "last": set(), "left": set()}
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._dropped = 0
        self._metrics: list[Event] = []
        self._progress_due = self._log_due = self._metrics_due = 0.0

    def started(self, pid: int) -> None:
        self._urgent.append(self._event("started", pid=pid))

    def progress(self, progress: JobProgress) -> None:
        """The first and the last of a stage are told at once, of the others the latest."""
        if self._latest is not None and self._latest.stage != progress.stage:
            self._tell_once("left", self._latest)
        self._latest = progress
        ends = progress.total is not None and progress.done >= progress.total
        self._tell_once("last" if ends else "first", progress)

    def line(self, text: str) -> None:
        self._dropped += len(self._lines) == MAX_LINES
        self._lines.append(text)

    def metric(self, step: int, values: dict[str, float]) -> None:
        self._metrics.append(self._event("metric", step=step, values=values))
        if len(self._metrics) > 1000:
            self._metrics = self._metrics[::2]

    def artifact(self, name: str, step: int) -> None:
        if len(self._urgent) < MAX_ARTIFACTS:
            self._urgent.append(self._event("artifact", name=name, step=step))

    def take(self, now: float, *, all: bool = False) -> tuple[list[Event], float | None]:
        """The events that are due, and in how many seconds the next ones will be; None: when something is said.

        Args:
            now: the time.
            all: the job ends: nothing is kept back.
        """
        events, self._urgent = self._urgent, []
        if self._latest is not None and (all or now >= self._progress_due):
            events.append(self._event("progress", **self._latest.model_dump()))
            self._latest = None
        if any(event["kind"] == "progress" for event in events):
            self._progress_due = now + PROGRESS_S
        if self._metrics and (all or now >= self._metrics_due):
            events += _thinned(self._metrics)
            self._metrics, self._metrics_due = [], now + PROGRESS_S
        if self._lines and (all or now >= self._log_due):
            events.append(self._event("log", lines=self._take_lines()))
            self._log_due = now + LOG_S
        return events, self._wait_s(now)

    def _tell_once(self, moment: str, progress: JobProgress) -> None:
        """Of each stage; a program that goes back and forth between stages is told of like any other."""
        stages = self._told[moment]
        if progress.stage not in stages and len(stages) < MAX_STAGES:
            stages.add(progress.stage)
            self._urgent.append(self._event("progress", **progress.model_dump()))
            self._latest = None

    def _take_lines(self) -> list[str]:
        lines = list(self._lines)
        if self._dropped:
            lines[0] = f"… {self._dropped + 1} more lines are in the log"
        self._lines.clear()
        self._dropped = 0
        return lines

    def _wait_s(self, now: float) -> float | None:
        due = [
            time_due
            for waiting, time_due in (
                (self._latest, self._progress_due),
                (self._metrics, self._metrics_due),
                (self._lines, self._log_due),
            )
            if waiting
        ]
        return max(0.0, min(due) - now) if due else None

    def _event(self, kind: str, **fields: Any) -> Event:
        return {"kind": kind, "t": time.time(), "attempt": self._attempt, **fields}


def _thinned(metrics: list[Event]) -> list[Event]:
    step = -(-len(metrics) // MAX_METRICS)
    return metrics[::-1][::step][::-1]
