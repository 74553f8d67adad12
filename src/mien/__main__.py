"""`python -m mien`: the command line."""

import sys

from mien.cli import main

if __name__ == "__main__":
    sys.exit(main())
