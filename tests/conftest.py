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
LONGEST = ("web", "jobs/test_worker.py", "server/test_whole_api.py", "cli/test_remote.py")
"""Begun first where several workers share the tests, lest one of them is left with it at the end."""


def pytest_configure() -> None:
    # Started in the background by a shell, all that runs here would ignore ctrl-C, which tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item, LONGEST))
    for item in items:
        if _place(item, ALONE) < len(ALONE):
            item.add_marker(pytest.mark.alone)
        # A worker does a whole file, and all of a folder whose fixtures are dear.
        web = HERE / "web" in item.path.parents
        item.add_marker(pytest.mark.xdist_group("web" if web else str(item.path.relative_to(HERE))))


def _place(item: pytest.Item, names: tuple[str, ...]) -> int:
    """The number of the first of these files and folders that the test lies in; after the last: in none."""
    places = [HERE / name for name in names]
    return next((n for n, place in enumerate(places) if place == item.path or place in item.path.parents), len(names))
