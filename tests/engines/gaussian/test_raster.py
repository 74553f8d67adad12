"""The rasteriser against a dense float64 reference in torch: the picture, all gradients, and splats that are not as they should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.engines.gaussian.raster import SplatGradients, Splats2D, gradients, project, projection_gradients, render

torch = pytest.importorskip("torch")

WIDTH, HEIGHT, COUNT = 53, 45, 120  # no multiples of a band's 16 rows or of 8 pixels
Tensor = Any


def splats(count: int = COUNT, seed: int = 0) -> Splats2D:
    """Of all shapes, some across the picture's edge."""
    random = np.random.default_rng(seed)
    mean = random.uniform(-4, 1, (count, 2)) + random.uniform(0, 1, (count, 2)) * (WIDTH + 4, HEIGHT + 4)
    wide, tall = np.exp(random.uniform(np.log(0.6), np.log(6), (2, count)))
    turn = random.uniform(0, np.pi, count)
    cos, sin = np.cos(turn), np.sin(turn)
    conic = np.stack(
        [
            cos**2 / wide**2 + sin**2 / tall**2,
            cos * sin * (wide**-2 - tall**-2),
            sin**2 / wide**2 + cos**2 / tall**2,
        ],
        axis=1,
    )
    numbers = (
        mean,
        conic,
        random.uniform(0.02, 0.98, count),
        random.uniform(0, 1, (count, 3)),
        random.normal(0, 1, count),
    )
    return Splats2D(*(np.ascontiguousarray(values, np.float32) for values in numbers))


def dense(splats: Splats2D, background: NDArray[np.float32] | None = None) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Image, transmittance, and the float64 tensors of mean, conic, opacity, colour they depend on."""
    leaves = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in splats[:4]]
    order = np.argsort(splats.depth, kind="stable")
    mean, conic, opacity, colour = (leaf[order.copy()] for leaf in leaves)
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    dx, dy = x - mean[:, 0, None, None], y - mean[:, 1, None, None]
    a, b, c = conic.T[:, :, None, None]
    q = a * dx**2 + 2 * b * dx * dy + c * dy**2
    alpha = opacity.clamp(max=0.99)[:, None, None] * torch.exp(-q / 2)
    alpha = alpha * (alpha >= 1 / 255)
    after = torch.cumprod(1 - alpha, 0)
    before = torch.cat([torch.ones_like(after[:1]), after[:-1]])
    image = ((alpha * before)[..., None] * colour[:, None, None]).sum(0)
    if background is not None:
        image = image + after[-1][..., None] * torch.tensor(background, dtype=torch.float64)
    return image, after[-1], leaves


def noise(*shape: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def assert_close(found: Any, wanted: Any, name: str) -> None:
    """To a thousandth of the largest."""
    wanted = np.asarray(wanted)
    assert np.abs(np.asarray(found) - wanted).max() <= 1e-3 * np.abs(wanted).max(), name


@pytest.mark.parametrize("behind", [False, True])
def test_draws_what_the_formula_says(behind: bool) -> None:
    background = np.abs(noise(HEIGHT, WIDTH, 3)) if behind else None
    image, transmittance, _ = render(splats(), (WIDTH, HEIGHT), background)
    wanted, through, _ = dense(splats(), background)
    np.testing.assert_allclose(image, wanted.detach(), atol=5e-5)
    np.testing.assert_allclose(transmittance, through.detach(), atol=5e-5)
    assert 0.01 < transmittance.mean() < 0.9


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gradients_are_those_of_the_formula(behind: bool, seed: int) -> None:
    background = np.abs(noise(HEIGHT, WIDTH, 3)) if behind else None
    d_image, d_through = noise(HEIGHT, WIDTH, 3, seed=2), noise(HEIGHT, WIDTH, seed=3)
    found = gradients(render(splats(seed=seed), (WIDTH, HEIGHT), background)[2], d_image, d_through)
    image, through, leaves = dense(splats(seed=seed), background)
    ((image * torch.tensor(d_image)).sum() + (through * torch.tensor(d_through)).sum()).backward()
    for name, array, leaf in zip(SplatGradients._fields, found, leaves, strict=True):
        for part in range(leaf.shape[1] if leaf.ndim > 1 else 1):
            index = (slice(None), part) if leaf.ndim > 1 else slice(None)
            assert_close(array[index], leaf.grad[index], f"{name} {part}")


def people(count: int = 60, seed: int = 0) -> list[Any]:
    """Arguments of `project`."""
    random = np.random.default_rng(seed)
    rotation = np.linalg.qr(random.normal(size=(3, 3)))[0]
    numbers = (
        random.normal(0, 0.5, (count, 3)), random.uniform(-4, -1, (count, 3)), random.normal(0, 1, (count, 4)), rotation
    )  # fmt: skip
    return [*(values.astype(np.float32) for values in numbers), 21.5, np.array([25, 20], np.float32)]


def projected(values: list[Any]) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """mean, conic, depth, and the float64 tensors they depend on."""
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]
    position, log_scale, quaternion, rotation, scale, shift = leaves
    seen = position @ rotation.T
    w, x, y, z = (quaternion / quaternion.norm(dim=1, keepdim=True)).T
    own = torch.stack(
        [
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        ], dim=1,
    ).reshape(-1, 3, 3)  # fmt: skip
    turned = scale * rotation[:2] @ own @ torch.diag_embed(log_scale.exp())
    covariance = turned @ turned.transpose(1, 2) + 0.3 * torch.eye(2)
    inverse = torch.linalg.inv(covariance)
    conic = torch.stack([inverse[:, 0, 0], inverse[:, 0, 1], inverse[:, 1, 1]], dim=1)
    return scale * seen[:, :2] + shift, conic, seen[:, 2], leaves


def test_projects_as_the_formula_says() -> None:
    found = project(*people())
    mean, conic, depth, _ = projected(people())
    np.testing.assert_allclose(found.mean, mean.detach(), atol=1e-4)
    np.testing.assert_allclose(found.conic, conic.detach(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.depth, depth.detach(), atol=1e-5)


def test_gradients_of_the_projection_are_those_of_the_formula() -> None:
    mean, conic, _, leaves = projected(people())
    d_mean, d_conic = noise(60, 2), noise(60, 3)
    ((mean * torch.tensor(d_mean)).sum() + (conic * torch.tensor(d_conic)).sum()).backward()
    found = projection_gradients(project(*people()), d_mean, d_conic)
    for name, value, leaf in zip(found._fields, found, leaves, strict=True):
        assert_close(value, leaf.grad, name)
