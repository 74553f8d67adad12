"""The clock: every tick one slice, no drift, nothing that can stop it."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from mien.live.slices import OUTPUT_RATE, Slice
from mien.live.stage import LATEST_S, Pacer, Stage
from mien.types import frame_bounds

PICTURE = np.zeros((12, 8), np.uint8)


@dataclass
class Drawn:
    picture: np.ndarray = field(default_factory=lambda: PICTURE)
    sound: np.ndarray = field(default_factory=lambda: np.ones(1920, np.int16))
    generation: int = 1
    idle: bool = False
    first: bool = False
    last: bool = False
    position_s: float = 0.0
    ready_at: float = 0.0


class Keep:
    def __init__(self) -> None:
        self.slices: list[Slice] = []
        self.closed = 0

    def put(self, piece: Slice) -> None:
        self.slices.append(piece)

    async def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("fps", [25.0, 30.0, 24.0, 12.5])
def test_ten_minutes_on_a_shaky_clock_do_not_drift(fps: float):
    rng = np.random.default_rng(0)
    pacer = Pacer(fps, 100.0)
    now = 100.0
    while now < 700.0:
        now = max(now, pacer.due) + float(rng.exponential(0.004))
        tick = pacer.next(now)
        assert abs(100.0 + tick / fps - now) <= LATEST_S
    assert pacer.missed == 0
    assert pacer.tick == pytest.approx(600 * fps, abs=2)


def test_a_long_stall_leaves_ticks_out_instead_of_hurrying():
    pacer = Pacer(25.0, 0.0)
    assert [pacer.next(0.0), pacer.next(0.04)] == [0, 1]
    assert pacer.next(2.0) == 50
    assert pacer.missed == 48
    assert pacer.due == pytest.approx(2.04)


def test_a_short_delay_is_caught_up():
    pacer = Pacer(25.0, 0.0)
    assert [pacer.next(0.15), pacer.next(0.151), pacer.next(0.152)] == [0, 1, 2]
    assert pacer.missed == 0


def test_a_late_frame_repeats_the_picture_with_silence():
    frames = [Drawn(), None, Drawn(idle=True)]
    keep, shown = Keep(), []
    stage = Stage(25.0, lambda: frames.pop(0), shown.append)
    stage.add(keep)
    for tick in range(3):
        stage.step(tick)
    assert [piece.sound.any() for piece in keep.slices] == [True, False, True]
    assert [piece.idle for piece in keep.slices] == [False, True, True]
    assert keep.slices[1].picture is keep.slices[0].picture
    assert len(shown) == 2
    assert (stage.counts.shown, stage.counts.repeated) == (3, 1)


def test_nothing_is_shown_before_the_first_picture():
    keep = Keep()
    stage = Stage(25.0, lambda: None, lambda frame: None)
    stage.add(keep)
    stage.step(0)
    assert keep.slices == []


@pytest.mark.parametrize("fps", [25.0, 30.0, 24.0])
def test_slices_own_every_sample_once(fps: float):
    keep = Keep()
    stage = Stage(fps, lambda: Drawn(), lambda frame: None)
    stage.add(keep)
    for tick in range(100):
        stage.step(tick)
    assert sum(len(piece.sound) for piece in keep.slices) == frame_bounds(99, fps, OUTPUT_RATE)[1]


def test_one_broken_viewer_does_not_stop_the_others():
    class Broken(Keep):
        def put(self, piece: Slice) -> None:
            raise RuntimeError("broken")

    keep, broken = Keep(), Broken()
    stage = Stage(25.0, Drawn, lambda frame: None)
    stage.add(broken)
    stage.add(keep)
    stage.step(0)
    stage.step(1)
    assert len(keep.slices) == 2
    assert stage.sinks == (keep,)


def test_the_users_sound_is_taken_only_while_somebody_needs_it():
    keep = Keep()
    stage = Stage(25.0, Drawn, lambda frame: None)
    stage.add(keep)
    stage.step(0)
    stage.hear = lambda count: np.full(count, 7, np.int16)
    stage.step(1)
    assert [int(piece.user.max()) for piece in keep.slices] == [0, 7]


def test_it_runs_at_its_rate_and_ends_with_its_sinks():
    async def run() -> Keep:
        keep = Keep()
        stage = Stage(50.0, Drawn, lambda frame: None)
        stage.add(keep)
        stage.start()
        await asyncio.sleep(0.3)
        await stage.close()
        await stage.close()
        return keep

    keep = asyncio.run(run())
    assert keep.closed == 1
    ticks = [piece.tick for piece in keep.slices]
    assert ticks == sorted(set(ticks))
    assert len(ticks) >= 5
