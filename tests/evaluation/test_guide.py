"""The guide names every option, figure and baseline, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from mien.cli._run import app
from mien.evaluation.quality import CONTENDERS, TRACKED
from mien.evaluation.tally import METRICS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_option_figure_and_baseline(language: str):
    text = (DOCS / language / "evaluate.md").read_text(encoding="utf-8")
    command = typer.main.get_group(app).commands["evaluate"]
    options = {name for parameter in command.params for name in parameter.opts}
    rows = re.findall(r"^\| (`--[^|]*) \|", text, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)} == options - {"--help", "-h"}
    named = {*(metric.name for metric in METRICS), *CONTENDERS, TRACKED}
    assert named <= set(re.findall(r"`(\w+)`", text))
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (DOCS / language / link).exists(), link
