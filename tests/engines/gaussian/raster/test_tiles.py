"""What only the GPU's rasteriser has: its lists, and its kernels' text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mien.engines.gaussian.raster import Rasterizer, gradients, render

torch = pytest.importorskip("torch")

from tests.engines.gaussian.raster.scenes import HEIGHT, WIDTH, assert_close, noise, splats  # noqa: E402

from mien.engines.gaussian.raster.tiles import source  # noqa: E402

SIZE = (WIDTH, HEIGHT)
NVCC = shutil.which("nvcc")


def test_draws_and_differentiates_as_the_processor_does(tiles: Rasterizer) -> None:
    background, d_image, d_through = np.abs(noise(HEIGHT, WIDTH, 3)), noise(HEIGHT, WIDTH, 3), noise(HEIGHT, WIDTH)
    image, transmittance, drawing = tiles.render(splats(), SIZE, background)
    wanted, wanted_transmittance, wanted_drawing = render(splats(), SIZE, background)
    np.testing.assert_allclose(image, wanted, atol=5e-5)
    np.testing.assert_allclose(transmittance, wanted_transmittance, atol=5e-5)
    right = gradients(wanted_drawing, d_image, d_through)._asdict()
    for name, found in tiles.gradients(drawing, d_image, d_through)._asdict().items():
        assert_close(found, right[name], name)


def test_every_tile_lists_what_is_seen_in_it_nearest_first(tiles: Rasterizer) -> None:
    shown = splats()
    lists = tiles.render(shown, SIZE)[2].lists
    wide, high = -(-WIDTH // 16), -(-HEIGHT // 16)
    assert len(lists.start) == wide * high + 1
    assert lists.start[0] == 0
    assert lists.start[-1] == len(lists.entries)
    for tile in range(wide * high):
        listed = lists.entries[lists.start[tile] : lists.start[tile + 1]].tolist()
        depths = shown.depth[listed]
        assert (np.diff(depths) >= 0).all()
        y, x = np.mgrid[:16, :16] + np.array([16 * (tile // wide), 16 * (tile % wide)])[:, None, None]
        inside = (x < WIDTH) & (y < HEIGHT)
        dx, dy = x - shown.mean[:, 0, None, None], y - shown.mean[:, 1, None, None]
        a, b, c = shown.conic.T[:, :, None, None]
        alpha = shown.opacity[:, None, None] * np.exp(-(a * dx**2 + 2 * b * dx * dy + c * dy**2) / 2)
        seen = np.flatnonzero(((alpha >= 1.01 / 255) & inside).any(axis=(1, 2)))
        assert set(seen) <= set(listed)
    # Ordered by splat, no place is taken twice.
    assert sorted(lists.places.tolist()) == list(range(len(lists.entries)))
    owners = np.repeat(np.arange(len(shown.depth)), np.diff(lists.first.numpy()))
    np.testing.assert_array_equal(owners[lists.places.numpy()], lists.entries.numpy())


@pytest.mark.skipif(NVCC is None, reason="nvcc is not installed: whether it takes the GPU's kernels is not tested")
def test_nvcc_takes_the_kernels(tmp_path: Path) -> None:
    kernels, result = tmp_path / "tiles.cu", tmp_path / "tiles.ptx"
    kernels.write_text(source(), encoding="utf-8")
    subprocess.run([str(NVCC), "-ptx", "-arch=sm_75", str(kernels), "-o", str(result)], check=True)
    text = result.read_text()
    assert [f".entry {name}(" in text for name in ("draw", "differentiate", "add_up")] == [True] * 3
    assert ".f64" not in text
