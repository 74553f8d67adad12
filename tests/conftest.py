"""For all tests."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    # Started in the background by a shell, all that runs here would ignore ctrl-C, which tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)
