"""The command line `mien`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        arguments: without the program's name; None: those of this process.
    """
    from mien.cli._run import run

    return run(list(sys.argv[1:] if arguments is None else arguments))
