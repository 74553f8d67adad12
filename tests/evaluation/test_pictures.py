"""Against scikit-image and SciPy, which were written by others."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mien.errors import UsageError
from mien.evaluation.pictures import Mask, flicker, luma, psnr, sharpness, ssim, ssim_map
from mien.types import Image


@pytest.fixture(scope="module")
def spoilt(picture: Image) -> Image:
    """Blurred, darker, with noise."""
    rng = np.random.default_rng(0)
    soft = ndimage.gaussian_filter(picture.astype(float), (1.5, 1.5, 0))
    return np.clip(0.9 * soft + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def disc(picture: Image) -> Mask:
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    return (x - 150) ** 2 + (y - 120) ** 2 < 80**2


def test_psnr_is_scikit_images(picture: Image, spoilt: Image):
    assert psnr(spoilt, picture) == pytest.approx(peak_signal_noise_ratio(picture, spoilt, data_range=255), abs=1e-9)


def test_psnr_of_a_mask_is_that_of_its_pixels(picture: Image, spoilt: Image, disc: Mask):
    expected = peak_signal_noise_ratio(picture[disc], spoilt[disc], data_range=255)
    assert psnr(spoilt, picture, disc) == pytest.approx(expected, abs=1e-9)
    outside = np.where(disc[..., None], picture, spoilt)
    assert psnr(outside, picture, disc) == math.inf
    assert psnr(outside, picture) < 40


def test_psnr_of_black_beside_white_is_0():
    assert psnr(np.zeros((20, 30, 3), np.uint8), np.full((20, 30, 3), 255, np.uint8)) == 0


def test_ssim_is_scikit_images(picture: Image, spoilt: Image):
    # float32 against float64: variances of 10⁴ keep an absolute error of about 10⁻³ beside a C2 of 58.
    found = structural_similarity(
        luma(picture).astype(np.float64),
        luma(spoilt).astype(np.float64),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        full=True,
    )
    expected, whole = found[0], found[-1]
    assert ssim(picture, spoilt) == pytest.approx(expected, abs=1e-5)
    inner = (slice(5, -5), slice(5, -5))
    assert np.abs(ssim_map(picture, spoilt) - whole)[inner].max() < 2e-3


@pytest.mark.parametrize("corner", [(140, 90), (0, 0), (317, 318), (4, 300)])
def test_a_small_difference_is_seen_as_far_as_its_windows_reach(picture: Image, corner: tuple[int, int]):
    spoilt = picture.copy()
    spoilt[corner[0] : corner[0] + 3, corner[1] : corner[1] + 2] ^= 0x55
    found = structural_similarity(
        luma(picture).astype(np.float64),
        luma(spoilt).astype(np.float64),
        gaussian_weights=True,
        use_sample_covariance=False,
        data_range=255,
        full=True,
    )[-1]
    inner = (slice(5, -5), slice(5, -5))
    assert np.abs(ssim_map(picture, spoilt) - found)[inner].max() < 2e-3


def test_ssim_of_a_mask_counts_the_windows_in_it(picture: Image, spoilt: Image, disc: Mask):
    assert ssim(picture, spoilt, disc) == pytest.approx(ssim_map(picture, spoilt)[disc].mean(), abs=1e-5)
    far = spoilt.copy()
    far[:, 260:] = 0  # further from the disc than any of its windows reaches
    assert ssim(picture, far, disc) == pytest.approx(ssim(picture, spoilt, disc), abs=1e-6)
    assert ssim(picture, far) < ssim(picture, spoilt)


def test_a_picture_is_itself(picture: Image, disc: Mask):
    assert psnr(picture, picture) == math.inf
    assert ssim(picture, picture) == pytest.approx(1, abs=1e-6)
    assert flicker(picture, picture, picture, disc) == 0


def test_sharpness_is_the_variance_of_scipys_laplacian(picture: Image, spoilt: Image, disc: Mask):
    edges = ndimage.laplace(luma(picture).astype(np.float64), mode="mirror")
    assert sharpness(picture) == pytest.approx(edges.var(), rel=1e-5)
    assert sharpness(picture, disc) == pytest.approx(edges[disc].var(), rel=1e-5)
    soft = np.asarray(ndimage.gaussian_filter(picture, (1.5, 1.5, 0)), np.uint8)
    assert sharpness(soft) < 0.2 * sharpness(picture)


def test_flicker_is_the_second_difference(picture: Image, spoilt: Image, disc: Mask):
    rng = np.random.default_rng(1)
    third = rng.integers(0, 256, picture.shape, np.uint8)
    expected = np.abs(np.diff(np.stack([picture, spoilt, third]).astype(float), 2, axis=0))[0]
    assert flicker(picture, spoilt, third) == pytest.approx(expected.mean())
    assert flicker(picture, spoilt, third, disc) == pytest.approx(expected[disc].mean())


def test_flicker_overlooks_what_changes_evenly():
    dark, grey, light = (np.full((16, 16, 3), level, np.uint8) for level in (10, 110, 210))
    assert flicker(dark, grey, light) == 0
    assert flicker(dark, grey, dark) == 200


def test_an_empty_mask_gives_no_number(picture: Image):
    nothing = np.zeros(picture.shape[:2], np.bool_)
    found = [psnr(picture, picture, nothing), ssim(picture, picture, nothing), sharpness(picture, nothing)]
    assert all(map(math.isnan, [*found, flicker(picture, picture, picture, nothing)]))


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_what_cannot_be_compared_is_refused(picture: Image, measure: Callable[..., float]):
    with pytest.raises(UsageError, match="cannot be compared"):
        measure(picture, picture[:-1])
    with pytest.raises(UsageError, match="float"):
        measure(picture / 255, picture)
    with pytest.raises(UsageError, match="mask"):
        measure(picture, picture, np.ones((3, 3), np.bool_))
    with pytest.raises(UsageError, match="mask"):
        measure(picture, picture, np.ones(picture.shape[:2]))
