"""Media made on the spot, and the real files where they are at hand."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REAL = Path(__file__).parents[3] / "shared" / "media"


@pytest.fixture
def real_media() -> Path:
    if not REAL.is_dir():
        pytest.skip("../shared/media is not here")
    return REAL


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that this process may not write into, also when the tests run as root."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        if user == 0:
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(user)
            Path(folder).chmod(0o755)
