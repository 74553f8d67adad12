from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.live import capacity
from mien.live.capacity import HEAD_ROOM, SERVER_MB, SESSION_MB, Costs, measure, plan, usable_cores
from mien.settings import Settings

PLENTY_MB = 1e6
shares = st.floats(0.01, 3)


def test_cores_are_shared_with_room_to_spare() -> None:
    costs = Costs(draw=0.12, encode=0.12, loop=0.2)
    assert plan(costs, 2, PLENTY_MB).sessions == 3
    assert plan(costs, 2, PLENTY_MB).bound_by == "cores"


@pytest.mark.parametrize(
    ("costs", "bound_by"),
    [(Costs(draw=0.3, encode=0.1, loop=0.1), "drawing"), (Costs(draw=0.1, encode=0.1, loop=0.3), "loop")],
)
def test_many_cores_do_not_help_what_runs_on_one(costs: Costs, bound_by: str) -> None:
    found = plan(costs, 64, PLENTY_MB)
    assert (found.sessions, found.bound_by) == (2, bound_by)


def test_little_memory_holds_few_sessions() -> None:
    costs = Costs(draw=0.01, encode=0.01, loop=0.01)
    found = plan(costs, 64, SERVER_MB + 4.5 * SESSION_MB)
    assert (found.sessions, found.bound_by) == (4, "memory")


@given(shares, shares, shares, st.floats(0.1, 256), st.floats(0, 1e6))
def test_there_is_always_room_for_one_and_never_more_than_the_cores_do(draw, encode, loop, cores, memory_mb) -> None:
    costs = Costs(draw, encode, loop)
    sessions = plan(costs, cores, memory_mb).sessions
    assert sessions >= 1
    assert sessions == 1 or sessions * costs.total <= HEAD_ROOM * cores + 1e-9


def test_this_machine_is_measured() -> None:
    found = measure(Settings())
    assert found.sessions >= 1
    assert found.cores == usable_cores()
    assert 0.001 < found.costs.draw < 20
    assert 0.001 < found.costs.encode < 20


def test_what_cannot_be_measured_leaves_room_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert measure(Settings()).sessions == 1


@pytest.mark.parametrize(
    ("content", "cores"), [("150000 100000\n", 1.5), ("max 100000\n", math.inf), ("", math.inf), (None, math.inf)]
)
def test_a_container_may_use_less_than_the_machine_has(tmp_path: Path, content: str | None, cores: float) -> None:
    file = tmp_path / "cpu.max"
    if content is not None:
        file.write_text(content)
    assert capacity._quota(file) == cores
