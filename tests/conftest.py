"""For all tests."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ALONE = (
    "live",
    "web/test_live_page.py",
    *(f"server/test_{name}.py" for name in ("live", "livetalking", "websocket", "whep")),
)
"""Conversations: to be in time they need the machine for themselves."""


def pytest_configure() -> None:
    # Started in the background by a shell, all that runs here would ignore ctrl-C, which tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = [HERE / name for name in ALONE]
    for item in items:
        if any(place == item.path or place in item.path.parents for place in places):
            item.add_marker(pytest.mark.alone)
