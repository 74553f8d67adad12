from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.evaluation.lips import Lips, from_landmarks
from mien.settings import Settings
from mien.training import FPS, Dataset, prepare
from mien.training.offset import LEAST_MS, measure


def lips_of(dataset: Dataset) -> Lips:
    return from_landmarks(
        [face if seen else None for face, seen in zip(dataset.landmarks, dataset.seen, strict=True)], FPS
    )


@pytest.mark.parametrize("late_ms", [-600, -300, 300, 600])
def test_it_tells_by_how_much_sound_is_late(late_ms: int, dataset: Dataset):
    found = measure(lips_of(dataset), np.roll(dataset.mouth.values, late_ms // 10, axis=0))
    assert found is not None
    assert found.clear
    assert found.offset_ms == pytest.approx(late_ms, abs=60)


def test_sound_in_time_is_left_alone(dataset: Dataset):
    found = measure(lips_of(dataset), dataset.mouth.values)
    assert found is not None
    assert not found.clear
    assert abs(found.offset_ms) < LEAST_MS


def test_sound_of_somebody_else_is_no_reason_to_move_anything(dataset: Dataset):
    strange = np.abs(np.random.default_rng(0).standard_normal(dataset.mouth.values.shape)).astype(np.float32) * 0.1
    found = measure(lips_of(dataset), strange)
    assert found is None or not found.clear


def test_too_little_says_nothing(dataset: Dataset):
    short = from_landmarks(list(dataset.landmarks[:100]), FPS)
    assert measure(short, dataset.mouth.values[:400]) is None


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", ["newsreader_de", "may"])
def test_real_people(name: str, media: Path, settings: Settings, tmp_path: Path):
    dataset = prepare(media / "video" / f"{name}.mp4", tmp_path, settings)
    assert dataset.late_ms == 0
    found = measure(lips_of(dataset), np.roll(dataset.mouth.values, 40, axis=0))
    assert found is not None
    assert found.clear
    assert found.offset_ms == pytest.approx(400, abs=100)
