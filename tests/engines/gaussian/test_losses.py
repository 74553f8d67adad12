import numpy as np
import pytest

from mien.engines.gaussian.losses import loss


@pytest.fixture
def pictures():
    random = np.random.default_rng(3)
    real = random.random((14, 17, 3))
    drawn = real + 0.05 * random.standard_normal(real.shape)
    weight = random.random((14, 17))
    return drawn, real, weight


def test_the_gradient_is_that_of_the_loss(pictures):
    drawn, real, weight = pictures
    _, gradient = loss(drawn, real, weight)
    random = np.random.default_rng(4)
    for _ in range(8):
        direction = random.standard_normal(drawn.shape)
        step = 1e-6 * direction
        slope = (loss(drawn + step, real, weight)[0] - loss(drawn - step, real, weight)[0]) / 2e-6
        # float64 all through: what is left is the kink of the absolute difference and the division by 2e-6.
        assert slope == pytest.approx((gradient * direction).sum(), rel=1e-5)


def test_equal_pictures_have_no_loss(pictures):
    _, real, weight = pictures
    value, gradient = loss(real, real, weight)
    assert value == pytest.approx(0, abs=1e-12)
    assert np.abs(gradient).max() < 1e-12


def test_what_has_no_weight_does_not_count(pictures):
    drawn, real, _ = pictures
    weight = np.zeros(drawn.shape[:2])
    weight[:4] = 1
    changed = drawn.copy()
    changed[8:] = 0  # farther than half the box in which structure is compared
    assert loss(changed, real, weight)[0] == pytest.approx(loss(drawn, real, weight)[0])


def test_structure_counts_beside_brightness():
    real = np.tile(np.linspace(0.45, 0.55, 17)[None, :, None], (14, 1, 3))
    weight = np.ones((14, 17))
    brighter = real + 0.05
    grainy = real + 0.05 * np.where(np.indices(real.shape[:2]).sum(axis=0) % 2, 1, -1)[..., None]
    assert loss(grainy, real, weight)[0] > 1.5 * loss(brighter, real, weight)[0]
