"""The command line `mien`."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        arguments: without the program's name; None: those of this process.
    """
    try:
        from mien.cli._run import run

        if arguments is not None:
            return run(list(arguments))
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A name that the terminal or pipe cannot show must not stop the command; standard error does so by itself.
            sys.stdout.reconfigure(errors="backslashreplace")
        # `kill` and a closing system stop it as ctrl-C does, so that nothing half done is left.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        return run(sys.argv[1:])
    except KeyboardInterrupt:
        # While it is still being imported; later `run` turns it into a sentence.
        return 130
