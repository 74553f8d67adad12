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
    stages: in order, each with the share of the time that it usually takes; one that comes several times stands there several times.
    """

    def __init__(self, stages: tuple[tuple[str, float], ...]) -> None:
        self._names = (STARTING, *(name for name, _ in stages))
        self._weights = (_STARTING_WEIGHT, *(weight for _, weight in stages))
        self._percent = 0.0
        self._stage = ""
        self._at: int | None = None
        """Place of the stage among all; None: it is not known."""
        self._next = 0
        self._seen: deque[tuple[float, float]] = deque()

    def update(self, stage: str, done: float, total: float | None, unit: str, now: float) -> JobProgress:
        """Args:
        stage, done, total, unit: see `mien.types.Progress`. A stage that is not known leaves the percentage where it is.
        now: seconds of any steady clock.
        """
        if stage != self._stage:
            self._enter(stage)
        speed = self._speed(done, now)
        if total is not None and total <= 0:
            total = None
        share = min(max(done / total, 0.0), 1.0) if total else 0.0
        self._percent = max(self._percent, self._whole(share))
        return JobProgress(
            stage=stage,
            done=done,
            total=total,
            unit=unit,
            percent=round(self._percent, 2),
            eta_s=self._eta(done, total, speed),
            speed=None if speed is None else round(speed, 3),
        )

    def _enter(self, stage: str) -> None:
        """The next of that name, since what is left out on the way there was done before or is not needed; else the last one before."""
        self._stage = stage
        self._seen.clear()
        places = [at for at, name in enumerate(self._names) if name == stage]
        self._at = next((at for at in places if at >= self._next), places[-1] if places else None)
        if self._at is not None:
            self._next = max(self._next, self._at + 1)

    def _whole(self, share: float) -> float:
        if self._at is None:
            return self._percent
        return 100 * (sum(self._weights[: self._at]) + share * self._weights[self._at]) / sum(self._weights)

    def _speed(self, done: float, now: float) -> float | None:
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()
        since, at_first = self._seen[0]
        return (done - at_first) / (now - since) if now - since >= _LEAST_S and done > at_first else None

    def _eta(self, done: float, total: float | None, speed: float | None) -> float | None:
        """Of the job: what comes after this stage takes its share of the time that this stage takes."""
        if total is None or speed is None or self._at is None:
            return None
        after = sum(self._weights[self._at + 1 :])
        return round((max(total - done, 0) + total * after / self._weights[self._at]) / speed, 1)
