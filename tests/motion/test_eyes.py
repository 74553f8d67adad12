from __future__ import annotations

import numpy as np
import pytest

from mien.motion.eyes import BROW_RANGE, GAZE_LIMIT, Blinks, Eyes


def lids(seconds: float, fps: float, seed: int = 0) -> np.ndarray:
    blinks = Blinks(fps, np.random.default_rng(seed))
    return np.array([blinks.step(False) for _ in range(round(seconds * fps))])


def blink_runs(lid: np.ndarray) -> list[np.ndarray]:
    closed = np.flatnonzero(lid > 0)
    return [lid[run] for run in np.split(closed, np.flatnonzero(np.diff(closed) > 1) + 1)]


@pytest.mark.parametrize("fps", [12.0, 25.0, 29.97, 60.0])
def test_every_blink_shuts_the_eye_in_some_frame(fps: float) -> None:
    runs = blink_runs(lids(200, fps))
    assert len(runs) > 25
    assert min(run.max() for run in runs) > 0.95


def test_blinks_come_and_last_as_in_people() -> None:
    lid = lids(1200, 100.0)
    starts = np.flatnonzero((lid[1:] > 0) & (lid[:-1] == 0)) / 100
    intervals = np.diff(starts)
    assert 3.0 < intervals.mean() < 5.0
    assert intervals.std() > 1.0
    lengths = np.array([len(run) for run in blink_runs(lid)]) * 10
    assert lengths.min() >= 90
    assert lengths.max() <= 270
    falls = [int(run.argmax()) for run in blink_runs(lid)]
    assert np.mean(falls) < 0.45 * np.mean(lengths) / 10


def test_blinks_gather_at_the_ends_of_phrases() -> None:
    eyes = Eyes(25.0, np.random.default_rng(5))
    near, far = 0, 0
    was = 0.0
    for n in range(25 * 600):
        phase = n % 75
        lid = eyes.step(float(phase < 50), 0.0, 0.0, 0.0).blink[0]
        if was == 0.0 and lid > 0.0:
            near, far = (near + 1, far) if 50 <= phase < 56 else (near, far + 1)
        was = lid
    assert near / 6 > 2 * far / 69


def test_gaze_brow_and_smile_stay_in_range_and_live() -> None:
    eyes = Eyes(25.0, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    rows = []
    for n in range(25 * 120):
        face = eyes.step(float(n % 200 < 140), float(rng.random() < 0.1), 3.0 * np.sin(n / 60), 2.0 * np.sin(n / 47))
        rows.append([*face.gaze, face.brow, face.smile])
    track = np.array(rows)
    assert (np.abs(track[:, :2]) <= GAZE_LIMIT).all()
    assert track[:, 2].min() >= BROW_RANGE[0]
    assert 0.02 < track[:, 2].max() <= BROW_RANGE[1]
    assert track[:, 3].min() >= 0.0
    assert 0.1 < track[:, 3].max() <= 0.6
    assert np.abs(np.diff(track[:, 2:], axis=0)).max() < 0.05


def test_the_eyes_hold_the_viewer_while_the_head_turns() -> None:
    eyes = Eyes(25.0, np.random.default_rng(3))
    turned = np.array([eyes.step(0.0, 0.0, 3.0, 0.0).gaze[0] for _ in range(500)])
    assert turned.mean() < -1.0
