from __future__ import annotations

import io
import sys

import pytest

from mien.cli._bars import Bars
from mien.cli._console import progress
from mien.types import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In the test itself, not in a fixture: pytest puts its own stream back before the test begins."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return made


def test_a_bar_shows_stage_amount_and_total(monkeypatch: pytest.MonkeyPatch):
    screen = terminal(monkeypatch)
    with progress() as report:
        report(Progress("render", 120, 250, "frames"))
        report(Progress("fetch", 2_000_000, 3_000_000, "bytes"))
    shown = screen.getvalue()
    assert "render" in shown
    assert "120/250 frames" in shown
    assert "2.0 MB/3.0 MB" in shown


def test_a_stage_without_an_end_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch):
    terminal(monkeypatch)
    with Bars() as bars:
        bars.report(Progress("avatar", 0))
        bars.report(Progress("render", 1, 2, "frames"))
        left = [task.description for task in bars._progress.tasks]
    assert left == ["render"]


def test_the_total_may_grow(monkeypatch: pytest.MonkeyPatch):
    terminal(monkeypatch)
    with Bars() as bars:
        bars.report(Progress("render", 1, 10, "frames"))
        bars.report(Progress("render", 2, 20, "frames"))
        (task,) = bars._progress.tasks
    assert (task.completed, task.total) == (2, 20)


@pytest.mark.parametrize(("enabled", "stream"), [(False, Terminal()), (True, io.StringIO())], ids=["json", "pipe"])
def test_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch, enabled: bool, stream: io.StringIO):
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(enabled=enabled) as report:
        report(Progress("render", 1, 2, "frames"))
    assert stream.getvalue() == ""
