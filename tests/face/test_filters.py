from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.face import OneEuro, savitzky_golay

RATE = 25.0


def test_one_euro_calms_what_is_still() -> None:
    noise = np.random.default_rng(0).normal(size=(200, 4, 2))
    smooth = OneEuro(RATE, min_cutoff=1.0)
    calm = np.stack([smooth(frame) for frame in noise])
    assert calm.shape == noise.shape
    assert calm[50:].std() < 0.4 * noise[50:].std()


def test_one_euro_follows_what_is_quick() -> None:
    ramp = np.concatenate([np.zeros(20), np.arange(1, 41) * 4.0])
    lags = []
    for beta in (0.0, 0.1):
        smooth = OneEuro(RATE, min_cutoff=1.0, beta=beta)
        lags.append(float((ramp - [smooth(value) for value in ramp])[-1]))
    assert lags[1] < 0.3 * lags[0]


def test_one_euro_matches_its_paper() -> None:
    """The recurrence of the paper, written out for one number."""
    values, rate, min_cutoff, beta = [1.0, 1.4, 0.7, 2.0, 2.1], 30.0, 1.2, 0.3

    def weight(cutoff: float) -> float:
        return 1 / (1 + (1 / (2 * np.pi * cutoff)) * rate)

    expected, speed = [values[0]], 0.0
    for value in values[1:]:
        speed = weight(1.0) * (value - expected[-1]) * rate + (1 - weight(1.0)) * speed
        share = weight(min_cutoff + beta * abs(speed))
        expected.append(share * value + (1 - share) * expected[-1])
    smooth = OneEuro(rate, min_cutoff, beta)
    np.testing.assert_allclose([float(smooth(np.array(value))) for value in values], expected)


def test_one_euro_starts_anew_after_reset() -> None:
    smooth = OneEuro(RATE)
    smooth(np.array([0.0]))
    smooth.reset()
    np.testing.assert_array_equal(smooth(np.array([5.0])), [5.0])


@pytest.mark.parametrize("wrong", [{"rate": 0.0}, {"rate": RATE, "min_cutoff": -1.0}, {"rate": float("nan")}])
def test_one_euro_refuses_cutoffs_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"The filter's \w+ is"):
        OneEuro(**wrong)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.integers(7, 40))
def test_savitzky_golay_keeps_polynomials(coefficients: list[float], length: int) -> None:
    time = np.linspace(-1, 1, length)
    values = np.polyval(coefficients, time)[:, None, None] * np.ones((1, 3, 2))
    np.testing.assert_allclose(savitzky_golay(values, 7, 2), values, atol=1e-9)


def test_savitzky_golay_has_the_published_weights() -> None:
    # Savitzky and Golay (1964), table I: quadratic, 5 points.
    impulse = np.zeros(11)
    impulse[5] = 35
    np.testing.assert_allclose(savitzky_golay(impulse, 5, 2)[3:8], [-3, 12, 17, 12, -3], atol=1e-9)


def test_savitzky_golay_has_no_delay() -> None:
    values = np.random.default_rng(0).normal(size=(50, 2))
    np.testing.assert_allclose(savitzky_golay(values[::-1])[::-1], savitzky_golay(values), atol=1e-9)


def test_savitzky_golay_lowers_jitter() -> None:
    noise = np.random.default_rng(0).normal(size=(300, 5))
    calm = savitzky_golay(noise, 9, 2)
    assert np.abs(np.diff(calm, 2, axis=0)).mean() < 0.25 * np.abs(np.diff(noise, 2, axis=0)).mean()


@pytest.mark.parametrize("length", range(6))
def test_savitzky_golay_of_few_frames(length: int) -> None:
    values = np.arange(length, dtype=float)[:, None] ** 2
    np.testing.assert_allclose(savitzky_golay(values, 7, 2), values, atol=1e-9)


@pytest.mark.parametrize(("window", "order"), [(4, 2), (3, 3), (5, -1)])
def test_savitzky_golay_refuses_windows_that_do_not_fit(window: int, order: int) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        savitzky_golay(np.zeros((10, 1)), window, order)
