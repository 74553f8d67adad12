"""The projection against float64 in torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mien.engines.gaussian.raster import project, projection_gradients

torch = pytest.importorskip("torch")

from tests.engines.gaussian.raster.scenes import Tensor, assert_close, noise  # noqa: E402


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
