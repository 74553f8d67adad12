"""For all tests: which of them run beside others, and in which order."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# Before NumPy is there: it would keep all cores busy waiting for each other, those of the worker beside this one, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

HERE = Path(__file__).parent
PARTS = {
    "alone": (
        "live/edge/test_peer.py",
        "live/edge/test_stream.py",
        "live/services/test_stt.py",
        "live/test_session.py",
        "server/test_livetalking.py",
        "web/test_live_page.py",
    ),
    "conversations": ("live", *(f"server/test_{name}.py" for name in ("live", "livetalking", "websocket", "whep"))),
    "rest": (".",),
}
"""To be in time, a conversation needs a core for itself; its other end needs one, too, and so does a voice in a hurry."""
LONGEST = ("web", "jobs/test_worker.py", "engines", "cli/test_remote.py", "server/test_whole_api.py")
"""Begun first where several workers share the tests, lest one of them is left with it at the end."""
TOGETHER = ("web", "engines/clip", "engines/gaussian", "engines/unet", "engines/wav2lip", "training", "evaluation")
"""Folders whose fixtures are dear: one worker does all of each. Of the others it does a whole file."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part", choices=list(PARTS), help="run these tests only: two at once, but for those that run alone"
    )


def pytest_configure() -> None:
    # Started in the background by a shell, all that runs here would ignore ctrl-C, which tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    part = config.getoption("part")
    if part is None or collection_path.is_dir():
        return None
    return list(PARTS)[_place(collection_path, *PARTS.values())] != part or None


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.path, *((name,) for name in LONGEST)))
    for item in items:
        folder = _place(item.path, *((name,) for name in TOGETHER))
        group = str(item.path.relative_to(HERE)) if folder == len(TOGETHER) else TOGETHER[folder]
        item.add_marker(pytest.mark.xdist_group(group))


def _place(path: Path, *places: tuple[str, ...]) -> int:
    """The number of the first of these groups of files and folders that the file belongs to; after the last: to none."""
    for number, names in enumerate(places):
        if any(HERE / name == path or HERE / name in path.parents for name in names):
            return number
    return len(places)
