from __future__ import annotations

from pathlib import Path

import pytest

from mien import plugins
from mien.errors import MissingDependency, WeightsError
from mien.settings import Settings
from mien.speech import RecognizerSpec
from mien.speech.recognizers.models import find_model

NEEDED = ("tokens.txt", "encoder*.onnx")


@pytest.fixture
def stocked(settings: Settings, tmp_path: Path) -> Settings:
    for name in ("small", "large"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "tokens.txt").touch()
        (tmp_path / "models" / name / "encoder-1.int8.onnx").touch()
    (tmp_path / "models" / "half").mkdir()
    (tmp_path / "models" / "half" / "tokens.txt").touch()
    return settings.model_copy(update={"recognizer_dir": tmp_path / "models"})


def test_a_model_is_found_by_name_or_the_first_is_taken(stocked: Settings):
    assert find_model(stocked, "x", "small", NEEDED, "").name == "small"
    assert find_model(stocked, "x", "", NEEDED, "").name == "large"


@pytest.mark.parametrize("name", ["medium", "..", ".", "../small", "/etc", "small/../large", "a\\b"])
def test_no_other_folder_is_looked_into(stocked: Settings, name: str):
    with pytest.raises(WeightsError, match="it has: large, small") as caught:
        find_model(stocked, "x", name, NEEDED, "Fetch it.")
    assert caught.value.hint == "Fetch it."


def test_what_is_missing_is_named(stocked: Settings):
    with pytest.raises(WeightsError, match=r"half is no model for x: encoder\*\.onnx is missing"):
        find_model(stocked, "x", "half", NEEDED, "")


def test_without_a_folder_there_is_no_model(settings: Settings):
    with pytest.raises(WeightsError, match="There is no model for x"):
        find_model(settings, "x", "", NEEDED, "")


@pytest.mark.parametrize(("name", "line"), [("faster-whisper", "mien[whisper]"), ("sherpa-onnx", "mien[sherpa]")])
def test_what_is_not_installed_is_named_with_the_line_that_installs_it(name: str, line: str):
    spec: RecognizerSpec = plugins.spec(plugins.RECOGNIZERS, name)
    if not spec.missing():
        pytest.skip(f"{name} is installed")
    with pytest.raises(MissingDependency) as caught:
        plugins.load(spec)
    assert caught.value.hint == f"Run: pip install '{line}'"
