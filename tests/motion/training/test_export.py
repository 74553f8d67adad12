"""What is exported answers as what was learnt, block by block as in one piece, and says how it was made."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from mien.errors import WeightsError
from mien.face.session import open_session
from mien.motion.ear import BLOCK, CUES
from mien.motion.network import AHEAD, MOUTH, OUTPUTS, Ahead, Stream, listen
from mien.motion.training import export
from mien.motion.training.fit import Scale
from mien.motion.training.network import MouthNetwork
from mien.motion.training.reading import MOVED, Reading
from mien.types import SAMPLE_RATE

SCALE = Scale(np.linspace(-1, 1, MOUTH, dtype=np.float32), np.linspace(0.1, 0.7, MOUTH, dtype=np.float32))
GAINS = np.linspace(1.0, 1.6, MOUTH, dtype=np.float32)


@pytest.fixture(scope="module")
def network() -> MouthNetwork:
    """Untrained, but with normalisation that does something."""
    torch.manual_seed(1)
    made = MouthNetwork(channels=12, dilations=(1, 2, 4)).train()
    made(torch.randn(4, 200, CUES) * 2 + 1)
    return made.eval()


@pytest.fixture(scope="module")
def learnt(network: MouthNetwork) -> export.Learnt:
    count = len(MOVED)
    reading = Reading(np.linspace(0.0, 0.1, count, dtype=np.float32), np.linspace(0.05, 0.2, count, dtype=np.float32))
    return export.Learnt(network, reading, SCALE, GAINS)


@pytest.fixture(scope="module")
def model(learnt: export.Learnt) -> bytes:
    return export.exported(learnt, {"command": "a test", "commit": "abc"})


def test_the_file_answers_as_torch_does(learnt: export.Learnt, model: bytes) -> None:
    assert export.check(model, learnt) < 1e-4


def test_a_wrong_file_is_noticed(learnt: export.Learnt, model: bytes) -> None:
    with pytest.raises(WeightsError, match="otherwise"):
        export.check(model, replace(learnt, gains=GAINS * 1.5))


@pytest.mark.parametrize("ahead", list(AHEAD))
def test_answers_are_late_by_what_is_promised(learnt: export.Learnt, model: bytes, ahead: Ahead) -> None:
    cues = np.random.default_rng(0).standard_normal((10 * BLOCK, CUES)).astype(np.float32)
    stream = Stream(ahead, open_session(model, "test"))
    given = np.concatenate([stream.step(cues[at : at + BLOCK]) for at in range(0, len(cues), BLOCK)])
    wanted = export.answers(learnt, cues)[ahead]
    assert given.shape == (len(wanted) - AHEAD[ahead], OUTPUTS)
    assert np.allclose(given, wanted[AHEAD[ahead] :], atol=1e-4)


def test_what_is_heard_has_units_and_probabilities(model: bytes) -> None:
    samples = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    heard = listen(samples, network=open_session(model, "test"))
    assert heard.mouth.shape == (50, MOUTH)
    assert np.allclose(np.exp(heard.phones).sum(axis=1), 1.0, atol=1e-4)
    assert ((heard.speech > 0) & (heard.speech < 1)).all()
    assert len(listen(samples[:0], network=open_session(model, "test")).speech) == 0


def test_how_it_was_made_is_in_the_file(model: bytes) -> None:
    stored = {item.key: item.value for item in onnx.load_from_string(model).metadata_props}
    assert stored == {"command": "a test", "commit": "abc"}


def test_a_network_that_is_too_large_is_refused(learnt: export.Learnt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LARGEST", 1000)
    with pytest.raises(WeightsError, match="1000 are allowed"):
        export.exported(learnt, {})


def test_the_answer_does_not_know_what_comes_later(learnt: export.Learnt) -> None:
    cues = np.random.default_rng(0).standard_normal((100, CUES)).astype(np.float32)
    changed = cues.copy()
    changed[60:] = 0.0
    one, other = (export.answers(learnt, given)["far"] for given in (cues, changed))
    assert np.allclose(one[:30], other[:30], atol=1e-6)
    assert not np.allclose(one[30], other[30], atol=1e-3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--hours", "0"],
        ["--check-hours", "0"],
        ["--steps", "0"],
        ["--copies", "0"],
        ["--batch", "0"],
        ["--draws", "-1"],
    ],
)
def test_nonsense_is_refused(tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from mien.motion.training.__main__ import main

    assert main(["--out", str(tmp_path / "x.onnx"), *arguments]) == 2
    assert "above 0" in capsys.readouterr().err


@pytest.mark.slow
def test_one_command_makes_a_network(tmp_path: Path) -> None:
    out = tmp_path / "mouth.onnx"
    command = [sys.executable, "-m", "mien.motion.training", "--out", str(out)]
    little = ["--hours", "0.002", "--check-hours", "0.002", "--copies", "1", "--draws", "1", "--steps", "3"]
    found = subprocess.run([*command, *little], capture_output=True, text=True, timeout=900, check=False)
    assert found.returncode == 0, found.stderr
    assert "step 3 of 3" in found.stdout
    assert listen(np.zeros(SAMPLE_RATE, np.float32), network=open_session(out.read_bytes(), "made")).mouth.shape == (
        50,
        7,
    )
