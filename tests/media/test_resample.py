from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.media import Resampler, resample

from .made import tone

RATES = st.sampled_from([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])


@settings(deadline=None)
@given(st.integers(0, 5000), RATES, RATES)
def test_length_is_exact(length, from_rate, to_rate):
    output = resample(np.ones(length, np.float32), from_rate, to_rate)
    assert len(output) == round(length * to_rate / from_rate)
    assert output.dtype == np.float32


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 900), max_size=12), RATES, RATES)
def test_stream_equals_whole(pieces, from_rate, to_rate):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, sum(pieces)).astype(np.float32)
    resampler = Resampler(from_rate, to_rate)
    bounds = np.cumsum([0, *pieces])
    outputs = [resampler.push(samples[a:b]) for a, b in pairwise(bounds)]
    streamed = np.concatenate([*outputs, resampler.finish()])
    np.testing.assert_allclose(streamed, resample(samples, from_rate, to_rate), atol=1e-5)


@pytest.mark.parametrize(
    ("from_rate", "to_rate"), [(22_050, 16_000), (16_000, 48_000), (44_100, 48_000), (48_000, 16_000)]
)
def test_a_tone_stays_in_place_and_in_phase(from_rate, to_rate):
    output = resample(tone(1.0, from_rate), from_rate, to_rate)
    middle = slice(to_rate // 10, -to_rate // 10)
    np.testing.assert_allclose(output[middle], tone(1.0, to_rate)[middle], atol=2e-3)


def test_nothing_above_the_new_band_folds_down():
    output = resample(tone(1.0, 48_000, 11_000), 48_000, 16_000)
    assert np.abs(output[1600:-1600]).max() < 1e-3
