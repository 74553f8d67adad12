"""Both rasterisers against a dense float64 reference in torch: the picture, all gradients, and splats that are not as they should be."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.engines.gaussian.raster import Rasterizer, SplatGradients, Splats2D, gradients, render
from mien.errors import InputError, UsageError

torch = pytest.importorskip("torch")

from tests.engines.gaussian.raster.scenes import (  # noqa: E402
    COUNT,
    HEIGHT,
    WIDTH,
    assert_close,
    dense,
    noise,
    splats,
)


@pytest.mark.parametrize("behind", [False, True])
def test_draws_what_the_formula_says(raster: Rasterizer, behind: bool) -> None:
    background = np.abs(noise(HEIGHT, WIDTH, 3)) if behind else None
    image, transmittance, _ = raster.render(splats(), (WIDTH, HEIGHT), background)
    wanted, through, _ = dense(splats(), background)
    np.testing.assert_allclose(image, wanted.detach(), atol=5e-5)
    np.testing.assert_allclose(transmittance, through.detach(), atol=5e-5)
    assert 0.01 < transmittance.mean() < 0.9


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gradients_are_those_of_the_formula(raster: Rasterizer, behind: bool, seed: int) -> None:
    background = np.abs(noise(HEIGHT, WIDTH, 3)) if behind else None
    d_image, d_through = noise(HEIGHT, WIDTH, 3, seed=2), noise(HEIGHT, WIDTH, seed=3)
    found = raster.gradients(raster.render(splats(seed=seed), (WIDTH, HEIGHT), background)[2], d_image, d_through)
    image, through, leaves = dense(splats(seed=seed), background)
    ((image * torch.tensor(d_image)).sum() + (through * torch.tensor(d_through)).sum()).backward()
    for name, array, leaf in zip(SplatGradients._fields, found, leaves, strict=True):
        for part in range(leaf.shape[1] if leaf.ndim > 1 else 1):
            index = (slice(None), part) if leaf.ndim > 1 else slice(None)
            assert_close(array[index], leaf.grad[index], f"{name} {part}")


def both(raster: Rasterizer, shown: Splats2D, size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[NDArray[np.float32]]:
    """Image, transmittance and all gradients."""
    image, transmittance, drawing = raster.render(shown, size)
    d_image, d_through = noise(size[1], size[0], 3, seed=2), noise(size[1], size[0], seed=3)
    return [image, transmittance, *raster.gradients(drawing, d_image, d_through)]


class Threads:
    """The processor's rasteriser, the work shared among so many."""

    def __init__(self, threads: int) -> None:
        self.render, self.gradients = partial(render, threads=threads), partial(gradients, threads=threads)


def test_threads_do_not_change_a_bit() -> None:
    alone = both(Threads(1), splats(600), (WIDTH, 200))
    for threads in (2, 3, 40):
        for one, other in zip(alone, both(Threads(threads), splats(600), (WIDTH, 200)), strict=True):
            np.testing.assert_array_equal(one, other)


def test_only_depth_counts_not_the_order_in_the_list(raster: Rasterizer) -> None:
    shown = splats()
    shuffled = np.random.default_rng(5).permutation(COUNT)
    image, transmittance, *grads = both(raster, shown)
    others = both(raster, Splats2D(*(np.ascontiguousarray(values[shuffled]) for values in shown)))
    np.testing.assert_array_equal(image, others[0])
    np.testing.assert_array_equal(transmittance, others[1])
    for one, other in zip(grads, others[2:], strict=True):
        np.testing.assert_array_equal(one[shuffled], other)


def test_of_equally_deep_splats_the_first_is_nearest(raster: Rasterizer) -> None:
    shown = splats()._replace(depth=np.zeros(COUNT, np.float32))
    image, _, _ = raster.render(shown, (WIDTH, HEIGHT))
    np.testing.assert_allclose(image, dense(shown)[0].detach(), atol=5e-5)


@pytest.mark.parametrize(
    "depth", [(-2.0, -1.0), (-1.0, 1.0), (1.0, 2.0), (-0.0, 1e-30), (1.0, np.nextafter(np.float32(1), 2))]
)
def test_the_nearer_of_two_covers_the_other(raster: Rasterizer, depth: tuple[float, float]) -> None:
    red, green = [1, 0, 0], [0, 1, 0]
    for turned in (False, True):
        near, far = depth[::-1] if turned else depth
        shown = splat(depth=[near, far], colour=[red, green])
        image, _, _ = raster.render(shown, (9, 9))
        assert bool(image[4, 4, 0] > image[4, 4, 1]) is not turned


def splat(count: int = 2, **changed: Any) -> Splats2D:
    """Round ones, 2 pixels wide, all at (4, 4), of opacity 0.8 and grey."""
    numbers: dict[str, Any] = {
        "mean": [[4, 4]] * count,
        "conic": [[0.25, 0, 0.25]] * count,
        "opacity": [0.8] * count,
        "colour": [[0.5] * 3] * count,
        "depth": range(count),
    } | changed
    return Splats2D(**{name: np.array(values, np.float32) for name, values in numbers.items()})


@pytest.mark.parametrize(
    "nothing",
    [
        {"opacity": [0.0]},
        {"opacity": [1 / 255]},
        {"opacity": [-1.0]},
        {"mean": [[400, 4]]},
        {"mean": [[4, -1e30]]},
        {"mean": [[-3e38, 3e38]]},
        {"conic": [[0.25, 0.3, 0.25]]},
        {"conic": [[-1, 0, 1]]},
        {"conic": [[0, 0, 0]]},
        {"conic": [[1e30, 0, 1e30]]},
        {"conic": [[1e-30, 0, 1e-30]]},
        {"conic": [[1e4, 0, 1e4]], "mean": [[4.5, 4.5]]},  # between the pixels
    ],
)
def test_splats_that_cannot_be_seen_draw_nothing_and_get_no_gradient(
    raster: Rasterizer, nothing: dict[str, Any]
) -> None:
    image, transmittance, *grads = both(raster, splat(1, **nothing), size=(9, 9))
    assert not image.any()
    assert (transmittance == 1).all()
    assert not any(values.any() for values in grads)


def test_a_huge_splat_covers_everything_evenly(raster: Rasterizer) -> None:
    image, transmittance, *grads = both(
        raster, splat(1, conic=[[1e-10, 0, 1e-10]], mean=[[500, 20]]), size=(WIDTH, HEIGHT)
    )
    np.testing.assert_allclose(image, 0.4, rtol=1e-4)
    np.testing.assert_allclose(transmittance, 0.2, rtol=1e-4)
    assert all(np.isfinite(values).all() for values in grads)


def test_a_long_thin_splat_is_drawn_where_it_crosses_the_picture(raster: Rasterizer) -> None:
    turn = np.deg2rad(30)
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    matrix = np.outer(along, along) / 200**2 + np.outer(across, across)
    shown = splat(1, conic=[[matrix[0, 0], matrix[0, 1], matrix[1, 1]]], mean=[[-87, -50]])
    np.testing.assert_allclose(raster.render(shown, (WIDTH, HEIGHT))[0], dense(shown)[0].detach(), atol=1e-3)


def test_opacity_beyond_the_most_counts_as_the_most_and_finds_back(raster: Rasterizer) -> None:
    full = splat(1, opacity=[1.0])
    image, transmittance, drawing = raster.render(full, (9, 9))
    np.testing.assert_allclose(transmittance[4, 4], 0.01, rtol=5e-3)
    up, down = np.ones_like(image), -np.ones_like(image)
    assert raster.gradients(drawing, up).opacity[0] > 0
    assert raster.gradients(drawing, down).opacity[0] == 0


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (8, 16), (16, 17), (17, 33), (64, 64)])
def test_pictures_of_any_size(raster: Rasterizer, size: tuple[int, int]) -> None:
    """The same as a part of a larger one."""
    image, transmittance, drawing = raster.render(splats(), size)
    whole, through, _ = raster.render(splats(), (80, 80))
    np.testing.assert_array_equal(image, whole[: size[1], : size[0]])
    np.testing.assert_array_equal(transmittance, through[: size[1], : size[0]])
    behind = np.abs(noise(size[1], size[0], 3))
    over, _, _ = raster.render(splats(), size, behind)
    np.testing.assert_allclose(over, image + transmittance[..., None] * behind, atol=1e-6)
    d_image = noise(size[1], size[0], 3, seed=2)
    padded = np.zeros((80, 80, 3), np.float32)
    padded[: size[1], : size[0]] = d_image
    wanted = raster.gradients(raster.render(splats(), (80, 80))[2], padded)
    for one, other in zip(raster.gradients(drawing, d_image), wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_no_splats_at_all(raster: Rasterizer) -> None:
    image, transmittance, *grads = both(
        raster, splat(0, mean=np.zeros((0, 2)), conic=np.zeros((0, 3)), colour=np.zeros((0, 3)))
    )
    assert not image.any()
    assert (transmittance == 1).all()
    assert [values.shape for values in grads] == [(0, 2), (0, 3), (0,), (0, 3)]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", Splats2D._fields)
def test_numbers_that_are_not_finite_are_refused(raster: Rasterizer, name: str, value: float) -> None:
    shown = splat(3)
    getattr(shown, name)[1] = value
    with pytest.raises(InputError, match=f"The {name} of splat 1 is"):
        raster.render(shown, (9, 9))


def test_arrays_that_do_not_fit_are_refused(raster: Rasterizer) -> None:
    shown = splat(3)
    for wrong in (
        shown._replace(opacity=shown.opacity[:2]),
        shown._replace(opacity=shown.opacity.astype(np.float64)),  # pyright: ignore[reportArgumentType]
        shown._replace(colour=np.asfortranarray(shown.colour)),
    ):
        with pytest.raises(UsageError, match="contiguous"):
            raster.render(wrong, (9, 9))
    with pytest.raises(UsageError, match="0 × 9"):
        raster.render(shown, (0, 9))
    with pytest.raises(UsageError, match="background"):
        raster.render(shown, (9, 9), np.zeros((9, 8, 3), np.float32))
    drawing = raster.render(shown, (9, 9))[2]
    with pytest.raises(UsageError, match="d_image"):
        raster.gradients(drawing, np.zeros((8, 9, 3), np.float32))
    with pytest.raises(UsageError, match="d_transmittance"):
        raster.gradients(drawing, np.zeros((9, 9, 3), np.float32), np.zeros((9, 9, 1), np.float32))


def test_no_threads_are_refused() -> None:
    with pytest.raises(UsageError, match="threads"):
        render(splat(3), (9, 9), threads=0)
    with pytest.raises(UsageError, match="threads"):
        gradients(render(splat(3), (9, 9))[2], np.zeros((9, 9, 3), np.float32), threads=0)
