from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.evaluation.agreement import Comparison, Figure, beside_chance, shifts, smoothed
from mien.evaluation.lips import Lips

from .conftest import syllables


def lips_of(tracks: NDArray[np.float64], fps: float, lag_s: float = 0.0, count: int | None = None) -> Lips:
    """Lips that do what tracks at 100 Hz say, later by so much."""
    count = count or round(tracks.shape[1] / 100 * fps)
    times = (np.arange(count) / fps - lag_s) * 100
    jaw, gap, width = (np.interp(times, np.arange(tracks.shape[1]), track) for track in tracks)
    return Lips(fps, jaw, gap, width, np.ones(count), np.ones(count, bool))


def speech(seconds: float, seed: int = 0) -> NDArray[np.float64]:
    return np.stack([syllables(seconds, 10 * seed + channel) for channel in range(3)])


@pytest.mark.parametrize("fps", [25.0, 29.97, 60.0])
@pytest.mark.parametrize("lag_ms", [-120, 0, 80])
def test_the_lag_of_all_channels_is_found(fps: float, lag_ms: int):
    tracks = speech(12)
    found = Comparison(lips_of(tracks, fps, lag_ms / 1000), 1200).best(tracks)
    assert found.lag_ms == pytest.approx(lag_ms, abs=10)
    for figure in (found.jaw, found.gap, found.width, found.mean):
        assert figure.value is not None
        assert figure.value > 0.97


def test_sound_of_other_moments_agrees_by_chance_only():
    tracks = speech(20)
    mean = Comparison(lips_of(tracks, 25.0), 2000).best(tracks).mean
    assert mean.chance is not None
    assert mean.chance_p95 is not None
    assert 0.0 < mean.chance < mean.chance_p95 < 0.5


def test_another_speaker_is_within_chance():
    mean = Comparison(lips_of(speech(20, seed=1), 25.0), 2000).best(speech(20)).mean
    assert mean.value is not None
    assert mean.value < 0.5


def test_at_a_fixed_lag():
    tracks = speech(12)
    comparison = Comparison(lips_of(tracks, 25.0, -0.1), 1200)
    right, wrong = comparison.fixed(tracks, -100), comparison.fixed(tracks, 100)
    assert right.lag_ms == -100
    assert right.mean.value is not None
    assert wrong.mean.value is not None
    assert right.mean.value > 0.97 > wrong.mean.value


def test_r_is_numpys():
    tracks = speech(12)
    lips = lips_of(speech(12, seed=2), 100.0)
    scores = Comparison(lips, 1200).correlations(tracks)
    ready, mouth = smoothed(tracks[1], 100.0), smoothed(lips.gap, 100.0)
    inside = slice(20, 1180)
    assert scores[20, 1] == pytest.approx(np.corrcoef(ready[inside], mouth[inside])[0, 1], abs=1e-9)


def test_lips_that_do_not_move_have_no_r():
    tracks = speech(12)
    lips = lips_of(np.stack([tracks[0], np.full(1200, 0.1), tracks[2]]), 25.0)
    found = Comparison(lips, 1200).best(tracks)
    assert found.gap == Figure(None)
    assert found.mean.value is not None
    still = Comparison(lips_of(np.full((3, 1200), 0.1), 25.0), 1200).best(tracks)
    assert still.mean == Figure(None)
    assert still.lag_ms == 0


def test_frames_without_a_face_have_no_say():
    tracks = speech(12)
    lips = lips_of(tracks, 25.0)
    for curve in (lips.jaw, lips.gap, lips.width):
        curve[100:150] = np.nan
    mean = Comparison(lips, 1200).best(tracks).mean
    assert mean.value is not None
    assert mean.value > 0.97


def test_too_short_for_chance():
    tracks = speech(3)
    found = Comparison(lips_of(tracks, 25.0), 300).best(tracks)
    assert found.mean.value is not None
    assert found.mean.chance is None


def test_hardly_any_sound():
    found = Comparison(lips_of(speech(2), 25.0), 20).best(speech(0.2))
    assert found.mean == Figure(None)


def test_shifts_are_of_seconds():
    moved = shifts(2000)
    assert len(moved) == 30
    assert min(moved) == 200
    assert max(moved) == 1800
    assert shifts(400) == []


def test_figures_that_chance_cannot_tell_have_none():
    found = beside_chance(lambda shift: {"value": float("nan") if shift else 0.5}, 2000)
    assert found == {"value": Figure(0.5)}
