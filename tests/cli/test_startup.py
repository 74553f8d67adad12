"""The command line starts at once: what draws, listens or calculates is imported by the command that needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "av",
    "cv2",
    "onnxruntime",
    "onnx",
    "numba",
    "torch",
    "PIL",
    "soxr",
    "httpx",
    "mien.studio",
    "mien.media",
)


def imported(program: str) -> set[str]:
    """All modules that a fresh interpreter has after `program`."""
    report = f"import sys\n{program}\nprint('modules:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("modules:")[2].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["speak", "--help"],
        ["avatar", "--help"],
        ["weights", "--help"],
        ["voices", "--help"],
        ["speek"],
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str]):
    modules = imported(f"from mien.cli import main; main({arguments!r})")
    assert "mien.cli.speak" in modules
    assert not modules & {*HEAVY, "rich"}


def test_importing_mien_imports_nothing_heavy():
    modules = imported("import mien; mien.__version__")
    assert not modules & set(HEAVY)


def test_engines_are_listed_without_loading_them():
    modules = imported("from mien.cli import main; main(['engines'])")
    assert "mien.engines.portrait.spec" in modules
    assert not modules & {"av", "cv2", "onnxruntime", "numba", "torch", "mien.engines.portrait.engine"}
