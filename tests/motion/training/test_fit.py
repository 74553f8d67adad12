"""The training learns, goes on where it stopped, and says what is wrong with a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.motion.ear import CUES
from mien.motion.network import AHEAD, MOUTH
from mien.motion.phones import BILABIAL, PHONE_CLASSES
from mien.motion.training.features import Features
from mien.motion.training.figures import closures, figures, pearson
from mien.motion.training.fit import PIECE, Plan, Scale, Training
from mien.motion.visemes import CLOSURE


def toy(steps: int = 1200, seed: int = 0) -> Features:
    """Bands that say plainly what the mouth does: band 0 is loud where the lips are shut."""
    rng = np.random.default_rng(seed)
    shut = np.repeat(rng.random(steps // 8 + 1) < 0.3, 8)[:steps]
    cues = 0.1 * rng.standard_normal((2 * steps, CUES))
    cues[:, :10] += 3.0 * np.repeat(shut, 2)[:, None]
    mouth = np.zeros((steps, MOUTH))
    mouth[:, CLOSURE] = shut
    phones = np.where(shut, BILABIAL[2], 1)
    return Features(
        cues.astype(np.float16),
        mouth.astype(np.float16),
        phones.astype(np.uint8),
        np.ones(steps, np.bool_),
        np.arange(0, steps, 300),
    )


class Told:
    def __init__(self) -> None:
        self.losses: list[Mapping[str, float]] = []

    def __call__(self, training: Training, losses: Mapping[str, float]) -> None:
        self.losses.append(losses)


def test_it_learns(tmp_path: Path) -> None:
    told = Told()
    training = Training(Plan(steps=20, seed=0, batch=4, save_every=5))
    training.run(toy(), tmp_path / "c.npz", tell=told)
    assert len(told.losses) == 4
    assert told.losses[-1]["phones"] < 0.7 * told.losses[0]["phones"]
    assert training.step == 20


def test_training_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    plan, data, told = Plan(steps=6, seed=3, batch=2, save_every=3), toy(), Told()
    whole = Training(plan)
    whole.run(data, tmp_path / "whole.npz", tell=told)
    begun = Training(plan)

    def stop(training: Training, losses: Mapping[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begun.run(data, tmp_path / "begun.npz", tell=stop)
    again = Training(plan)
    again.load(tmp_path / "begun.npz")
    assert again.step == 3
    again.run(data, tmp_path / "begun.npz", tell=told)
    for one, other in zip(whole.averaged().parameters(), again.averaged().parameters(), strict=True):
        assert np.array_equal(one.detach().numpy(), other.detach().numpy())


@pytest.mark.parametrize("content", [b"", b"nothing"])
def test_a_broken_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"c\.npz"):
        Training(Plan(steps=6, seed=0)).load(path)


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    Training(Plan(steps=6, seed=0)).save(path)
    with pytest.raises(InputError, match="another plan"):
        Training(Plan(steps=7, seed=0)).load(path)


def test_too_little_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few"):
        Training(Plan(steps=1, seed=0)).run(toy(PIECE - 1), tmp_path / "c.npz", tell=Told())


def test_the_scale_is_that_of_the_data() -> None:
    scale = Scale.of(toy())
    assert scale.mean[CLOSURE] == pytest.approx(toy().mouth[:, CLOSURE].mean(dtype=np.float64), abs=1e-3)
    assert (scale.spread > 0).all()


def test_figures_of_right_answers_are_perfect_and_of_none_are_not() -> None:
    data = toy()
    right = np.concatenate([data.mouth, data.speech[:, None], np.eye(len(PHONE_CLASSES))[data.phones]], axis=1).astype(
        np.float32
    )
    late = {
        name: np.concatenate([np.zeros((steps, right.shape[1]), np.float32), right]) for name, steps in AHEAD.items()
    }
    found = figures(late, data)
    for name in AHEAD:
        assert found[f"{name} r closure"] == pytest.approx(1.0)
        assert found[f"{name} phones"] == found[f"{name} speech"] == found[f"{name} closure F1"] == 1.0
        assert found[f"{name} r jaw"] == 0.0
    nothing = figures({name: np.zeros_like(values) for name, values in late.items()}, data)
    assert nothing["far closure recall"] == nothing["far speech"] == 0.0


def test_closures_are_counted_as_events() -> None:
    asked = np.zeros(100, bool)
    asked[[10, 11, 50, 51]] = True
    shut = np.zeros(100, np.float32)
    shut[[12, 13, 80]] = 1.0
    found = closures(shut, asked)
    assert found["closure precision"] == found["closure recall"] == 0.5


def test_correlation_of_what_does_not_move_is_nothing() -> None:
    assert pearson(np.zeros(5, np.float32), np.arange(5, dtype=np.float32)) == 0.0
