"""How far a whole job is, from how far its stages are."""

from __future__ import annotations

from collections import deque

from mien.jobs.request import JobProgress

STARTING = "starting"
_STARTING_WEIGHT = 1.0
_WINDOW_S = 5.0
"""The speed is the mean of so long: long enough to be steady, short enough to be true."""
_LEAST_S = 0.3


class Meter:
    """Args:
    stages: in order, each with the share of the time that it usually takes.
    """

    def __init__(self, stages: tuple[tuple[str, float], ...]) -> None:
        self._weights = dict([(STARTING, _STARTING_WEIGHT), *stages])
        self._percent = 0.0
        self._stage = ""
        self._seen: deque[tuple[float, float]] = deque()

    def update(self, stage: str, done: float, total: float | None, unit: str, now: float) -> JobProgress:
        """Args:
        stage, done, total, unit: see `mien.types.Progress`. A stage that is not known leaves the percentage where it is.
        now: seconds of any steady clock.
        """
        if stage != self._stage:
            self._stage = stage
            self._seen.clear()
        speed = self._speed(done, now)
        if total is not None and total <= 0:
            total = None
        share = min(max(done / total, 0.0), 1.0) if total else 0.0
        self._percent = max(self._percent, self._whole(stage, share))
        return JobProgress(
            stage=stage,
            done=done,
            total=total,
            unit=unit,
            percent=round(self._percent, 2),
            eta_s=self._eta(stage, done, total, speed),
            speed=None if speed is None else round(speed, 3),
        )

    def _whole(self, stage: str, share: float) -> float:
        if stage not in self._weights:
            return self._percent
        names = list(self._weights)
        before = sum(self._weights[name] for name in names[: names.index(stage)])
        return 100 * (before + share * self._weights[stage]) / sum(self._weights.values())

    def _speed(self, done: float, now: float) -> float | None:
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()
        since, at_first = self._seen[0]
        return (done - at_first) / (now - since) if now - since >= _LEAST_S and done > at_first else None

    def _eta(self, stage: str, done: float, total: float | None, speed: float | None) -> float | None:
        """Of the job: what comes after this stage takes its share of the time that this stage takes."""
        if total is None or speed is None or not self._weights.get(stage):
            return None
        names = list(self._weights)
        after = sum(self._weights[name] for name in names[names.index(stage) + 1 :])
        return round((max(total - done, 0) + total * after / self._weights[stage]) / speed, 1)
