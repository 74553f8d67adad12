from __future__ import annotations

import numpy as np
import pytest

from mien.motion.eyes import BROW_RANGE, GAZE_LIMIT, Blinks, Brows, Eyes, Gaze
from mien.motion.prosody import QUIET, Cues


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
        lid = eyes.step(Cues(float(phase < 50), phrase_end=phase == 50), 0.0, 0.0).blink[0]
        if was == 0.0 and lid > 0.0:
            near, far = (near + 1, far) if 50 <= phase < 56 else (near, far + 1)
        was = lid
    assert near / 6 > 2 * far / 69


def test_gaze_brow_and_smile_stay_in_range_and_live() -> None:
    eyes = Eyes(25.0, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    rows = []
    for n in range(25 * 120):
        cues = Cues(float(n % 200 < 140), float(rng.random() < 0.1), n % 200 == 140, float(n % 400 == 140))
        face = eyes.step(cues, 3.0 * np.sin(n / 60), 2.0 * np.sin(n / 47))
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
    turned = np.array([eyes.step(QUIET, 3.0, 0.0).gaze[0] for _ in range(500)])
    assert turned.mean() < -1.0


def test_brows_rise_at_the_end_of_a_question_and_with_strong_emphasis_more_than_with_little() -> None:
    def raised(cues: Cues) -> float:
        heights = []
        for seed in range(200):
            brows = Brows(25.0, np.random.default_rng(seed))
            rest = brows.step(Cues(1.0))
            brows.step(cues)
            heights.append(max(brows.step(Cues(1.0)) for _ in range(12)) - rest)
        return float(np.mean(np.array(heights) > 0.012))

    asked, strong, weak, none = (
        raised(cues) for cues in (Cues(1.0, question=1.0, phrase_end=True), Cues(1.0, 1.0), Cues(1.0, 0.3), Cues(1.0))
    )
    assert asked > 0.7
    assert 0.3 < strong < asked
    assert weak < 0.2
    assert none == 0.0


def looks(seed: int, frames: list[Cues], attention: float = 0.0) -> np.ndarray:
    gaze = Gaze(25.0, np.random.default_rng(seed))
    return np.array([gaze.step(cues, 0.0, 0.0, attention=attention)[0] for cues in frames])


def test_who_begins_a_long_turn_looks_away_and_comes_back_where_a_phrase_ends() -> None:
    silence, speech = [QUIET] * 50, [Cues(1.0)] * 40
    turns = np.array([looks(seed, [*silence, *speech]) for seed in range(300)])
    away = (np.abs(turns) > 1.8).mean(axis=0)
    assert away[50 + 15 : 50 + 25].max() > 0.4
    assert away[:50].max() < 0.15
    short = np.array([looks(seed, [*silence, *[Cues(1.0)] * 6, *[QUIET] * 30]) for seed in range(300)])
    assert (np.abs(short[:, 50:80]) > 1.8).mean(axis=0).max() < 0.2
    ended = np.array(
        [looks(seed, [*silence, *speech[:22], Cues(1.0, phrase_end=True), *speech[:5]]) for seed in range(300)]
    )
    assert (np.abs(ended[:, -1]) > 1.8).mean() < 0.6 * (np.abs(ended[:, 71]) > 1.8).mean()


def test_who_listens_hardly_looks_away() -> None:
    attentive, alone = (np.concatenate([looks(s, [QUIET] * 1500, a) for s in range(8)]) for a in (1.0, 0.0))
    assert (np.abs(attentive) > 1.8).mean() < 0.4 * (np.abs(alone) > 1.8).mean()
    assert attentive.std() < alone.std()
