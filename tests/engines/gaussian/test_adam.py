import numpy as np
import pytest

from mien.engines.gaussian.adam import Adam


def test_it_steps_as_the_paper_says():
    random = np.random.default_rng(0)
    values = random.standard_normal((3, 4)).astype(np.float32)
    rows, columns = np.array([1.0, 0.5, 0.0], np.float32), np.array([0.1, 0.2, 0.1, 0.0], np.float32)
    expected, first, second = values.astype(np.float64), np.zeros((3, 4)), np.zeros((3, 4))
    adam = Adam((3, 4), rows, columns)
    for number in range(20):
        gradient = random.standard_normal((3, 4)).astype(np.float32)
        adam.step(values, gradient, number, 0.7)
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * np.square(gradient, dtype=np.float64)
        mean, power = first / (1 - 0.9 ** (number + 1)), second / (1 - 0.99 ** (number + 1))
        expected -= 0.7 * rows[:, None] * columns * mean / np.sqrt(power)
    # float32 sums of 20 steps of at most 0.14
    np.testing.assert_allclose(values, expected, atol=2e-5)


def test_it_finds_the_bottom_of_a_bowl():
    values = np.full((2, 2), 3.0, np.float32)
    bottom = np.array([[1.0, -2.0], [0.5, 0.0]], np.float32)
    adam = Adam((2, 2), np.ones(2, np.float32), np.full(2, 0.05, np.float32))
    for number in range(800):
        adam.step(values, values - bottom, number, 1 - number / 800)
    assert values == pytest.approx(bottom, abs=1e-3)
