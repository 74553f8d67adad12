from __future__ import annotations

import numpy as np
import pytest

from mien.evaluation.lips import Curve, Lips
from mien.evaluation.steadiness import in_silence, jitter, silent_spans


def lips_with(gap: Curve, fps: float = 25.0, still: Curve | None = None) -> Lips:
    ones = np.ones(len(gap))
    return Lips(fps, gap, gap, gap, ones if still is None else still, np.isfinite(gap))


def test_silence_begins_after_the_mouth_has_closed():
    loudness = np.full(600, -20.0)
    loudness[200:300] = -75.0
    loudness[400:420] = -75.0  # too short
    np.testing.assert_allclose(silent_spans(loudness), [[2.15, 2.85]])


def test_a_soft_room_is_silence_beside_loud_speech():
    loudness = np.full(600, -10.0)
    loudness[200:300] = -55.0
    assert len(silent_spans(loudness)) == 1
    loudness[:200] = loudness[300:] = -30.0
    assert len(silent_spans(loudness)) == 0


def test_a_mouth_that_rests_and_one_that_does_not():
    gap = 0.05 + 0.05 * np.sin(np.arange(250))
    spans = np.array([[4.0, 5.0], [8.0, 8.5]])
    restless = in_silence(lips_with(gap), spans, 10.0)
    for start, end in spans:
        gap[round(start * 25) : round(end * 25) + 1] = gap.min()
    resting = in_silence(lips_with(gap), spans, 10.0)
    assert restless is not None
    assert resting is not None
    assert restless.gap.value == pytest.approx(1.0, abs=0.1)
    assert resting.gap.value == 0.0
    assert resting.open.value == pytest.approx(0.0, abs=0.01)
    assert resting.seconds == pytest.approx(1.5, abs=0.1)
    assert resting.gap.chance is not None
    assert resting.gap.chance > 0.5


def test_no_silence_and_none_with_a_face():
    gap = 0.05 + 0.05 * np.sin(np.arange(250))
    assert in_silence(lips_with(gap), np.zeros((0, 2)), 10.0) is None
    gap[90:140] = np.nan
    assert in_silence(lips_with(gap), np.array([[4.0, 5.0]]), 10.0) is None


@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_jitter_is_the_acceleration_less_the_trackers_noise(fps: float):
    times = np.arange(round(8 * fps)) / fps
    smooth = 0.05 * np.sin(2 * np.pi * times)
    expected = np.abs(0.05 * (2 * np.pi) ** 2 * np.sin(2 * np.pi * times)).mean()
    assert jitter(lips_with(smooth, fps)).gap == pytest.approx(expected, rel=0.05)
    shaking = 0.002 * np.random.default_rng(0).standard_normal(len(times))
    found = jitter(lips_with(smooth + shaking, fps, still=1 + shaking))
    assert found.noise > 2.0
    assert found.gap < 0.5 * expected + 0.5
