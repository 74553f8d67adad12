from __future__ import annotations

import pytest

from mien.jobs.meter import Meter
from mien.jobs.outbox import Outbox
from mien.jobs.request import JobProgress

STAGES = (("prepare", 10.0), ("render", 89.0))


def test_stages_add_up_to_the_whole_job() -> None:
    meter = Meter(STAGES)
    assert meter.update("starting", 0, None, "", 0).percent == 0
    assert meter.update("prepare", 0, None, "", 1).percent == 1
    assert meter.update("render", 0, 100, "frames", 2).percent == 11
    assert meter.update("render", 50, 100, "frames", 3).percent == 55.5
    assert meter.update("render", 100, 100, "frames", 4).percent == 100


def test_the_percentage_never_falls() -> None:
    meter = Meter(STAGES)
    high = meter.update("render", 50, 100, "", 0).percent
    assert meter.update("render", 50, 200, "", 1).percent == high
    assert meter.update("prepare", 0, 1, "", 2).percent == high
    assert meter.update("fetch", 1, 2, "", 3).percent == high
    assert meter.update("render", -5, 0, "", 4).percent == high
    assert meter.update("render", 9, 3, "", 5).percent == 100


def test_a_stage_that_comes_twice_counts_twice() -> None:
    stages = (("track", 9.0), ("train", 20.0), ("watch", 10.0), ("train", 50.0), ("evaluate", 5.0), ("evaluate", 5.0))
    told = [("track", 5), ("train", 5), ("watch", 5), ("train", 5), ("evaluate", 5), ("finish", 0)]
    meter = Meter(stages)
    assert [meter.update(stage, done, 10, "", 0).percent for stage, done in told] == [5.5, 20, 35, 65, 92.5, 92.5]
    assert meter.update("evaluate", 5, 10, "", 0).percent == 97.5
    assert meter.update("evaluate", 10, 10, "", 0).percent == 100


def test_what_was_done_before_is_left_out() -> None:
    meter = Meter((("track", 9.0), ("train", 20.0), ("watch", 10.0), ("train", 60.0)))
    meter.update("starting", 0, None, "", 0)
    assert meter.update("watch", 0, 10, "", 1).percent == 30
    assert meter.update("train", 5, 10, "", 2).percent == 70
    assert meter.update("train", 6, 10, "", 4).eta_s == 8


def test_speed_and_end_follow_the_last_seconds() -> None:
    meter = Meter((("prepare", 50), ("render", 50)))
    assert meter.update("prepare", 0, 100, "steps", 0).eta_s is None
    assert meter.update("prepare", 1, 100, "steps", 0.1).speed is None
    progress = [meter.update("prepare", 2 * second, 100, "steps", second) for second in range(1, 10)][-1]
    assert progress.speed == 2
    assert progress.eta_s == (100 - 18) / 2 + 50
    progress = [meter.update("prepare", 4 * second - 18, 100, "steps", second) for second in range(10, 16)][-1]
    assert progress.speed == pytest.approx(4, rel=0.11)
    assert meter.update("render", 0, 100, "frames", 16).speed is None


def test_ends_of_stages_are_told_even_if_they_follow_each_other_at_once() -> None:
    box = Outbox(1)
    for done in range(5):
        for stage in ("a", "b", "c"):
            box.progress(JobProgress(stage=stage, done=done, total=4))
    events, _ = box.take(0)
    told = [(event["stage"], event["done"]) for event in events]
    assert {("a", 0), ("b", 0), ("c", 0), ("a", 4), ("b", 4), ("c", 4)} <= set(told)


def test_endless_names_of_stages_are_not_all_told() -> None:
    box = Outbox(1)
    for number in range(10_000):
        box.progress(JobProgress(stage=str(number)))
        box.artifact(f"{number}.png", number)
    assert len(box.take(0)[0]) < 300
