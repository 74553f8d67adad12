"""The one clock: which samples belong to which frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.types import frame_bounds, frame_count

RATES = st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000])
FPS = st.sampled_from([12.0, 23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0])


@given(index=st.integers(0, 10_000_000), fps=FPS, rate=RATES)
def test_slices_touch_and_do_not_drift(index: int, fps: float, rate: int) -> None:
    start, end = frame_bounds(index, fps, rate)
    assert end == frame_bounds(index + 1, fps, rate)[0]
    assert start == pytest.approx(index * rate / fps, abs=0.5 + 1e-6)
    assert end - start == pytest.approx(rate / fps, abs=1)


@given(samples=st.integers(0, 100_000_000), fps=FPS, rate=RATES)
def test_every_sample_has_a_frame_and_no_frame_is_empty(samples: int, fps: float, rate: int) -> None:
    count = frame_count(samples, fps, rate)
    assert frame_bounds(count, fps, rate)[0] >= samples
    assert count == 0 or frame_bounds(count - 1, fps, rate)[0] < samples
