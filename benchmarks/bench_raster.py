"""Milliseconds for drawing and differentiating Gaussian splats: processor time on one core, or time on a GPU.

    python -m benchmarks.bench_raster [--device cuda]

Synthetic heads: splats of random shape, opacity and depth over an ellipse that fills a share of the picture; their standard deviations are a
multiple of their spacing. The prototype's figures (another processor, its own splats) stand beside ours. `pairs` are the pixels of all
ellipses; the estimate is what their arithmetic alone would take, at one multiply-add of eight numbers a cycle and 2.5 GHz.

A GPU's times are those on the wall, with all that moves between it and the processor. `frames_per_s` is how often a second a picture can be
drawn, `trained_per_s` how often drawn and differentiated; what training does beside that on the processor comes on top. How long a whole
training takes: `MIEN_DEVICE=cuda python -m benchmarks.bench_gaussian`.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba.core import config

from mien.errors import MienError
from mien.settings import load

config.CACHE_DIR = str(load().cache_dir / "numba")  # pyright: ignore[reportAttributeAccessIssue]

from mien.engines.gaussian.raster import Rasterizer, Splats2D, open_rasterizer, project, projection_gradients  # noqa: E402

Clock = Callable[[], float]

WARM_UP, REPEATS = 3, 15
FLOPS_FORWARD, FLOPS_BACKWARD = 26, 55
"""Of one splat in one pixel, a multiply-add counted as two."""
FLOPS_PER_S = 16 * 2.5e9
"""One multiply-add of eight numbers a cycle."""


@dataclass(frozen=True)
class Scene:
    """Args: size (w, h) in pixels, splats, sigma × spacing, share of the picture, the prototype's forward and backward in ms on a processor."""

    size: tuple[int, int]
    count: int
    sigma: float = 0.7
    share: float = 0.5
    prototype: tuple[float | None, float | None] = (None, None)


SCENES = {
    "256, 10k": Scene((256, 256), 10_000, prototype=(3.4, 4.8)),
    "256, 20k": Scene((256, 256), 20_000, prototype=(5.0, 6.5)),
    "256, 40k": Scene((256, 256), 40_000, prototype=(7.5, 9.4)),
    "512, 10k": Scene((512, 512), 10_000, prototype=(7.0, 11.3)),
    "512, 20k": Scene((512, 512), 20_000, prototype=(10.1, 15.7)),
    "512, 40k": Scene((512, 512), 40_000, prototype=(18.4, 26.4)),
    "768, 20k": Scene((768, 768), 20_000),
    "768, 40k": Scene((768, 768), 40_000),
    "512, 20k, sigma 1.0": Scene((512, 512), 20_000, 1.0, prototype=(14.1, None)),
    "512, 20k, sigma 1.4": Scene((512, 512), 20_000, 1.4, prototype=(23.1, None)),
    "512, mouth, 6k": Scene((512, 512), 6_000, share=0.06, prototype=(2.0, None)),
    "face 320 x 352, 12k": Scene((320, 352), 12_000, share=0.7, prototype=(6.4, None)),
}


def splats(scene: Scene) -> Splats2D:
    random = np.random.default_rng(0)
    (width, height), count = scene.size, scene.count
    area = scene.share * width * height
    long, wide = math.sqrt(area / math.pi * 1.5), math.sqrt(area / math.pi / 1.5)
    angle, radius = random.uniform(0, 2 * np.pi, count), np.sqrt(random.uniform(0, 1, count))
    mean = np.stack([width / 2 + wide * radius * np.cos(angle), height / 2 + long * radius * np.sin(angle)], axis=1)
    one, other = scene.sigma * math.sqrt(area / count) * np.exp(random.normal(0, 0.25, (2, count)))
    turn = random.uniform(0, np.pi, count)
    cos, sin = np.cos(turn), np.sin(turn)
    conic = [
        (cos / one) ** 2 + (sin / other) ** 2,
        cos * sin * (one**-2 - other**-2),
        (sin / one) ** 2 + (cos / other) ** 2,
    ]
    numbers = (
        mean,
        np.stack(conic, axis=1),
        random.uniform(0.2, 0.95, count),
        random.uniform(0, 1, (count, 3)),
        random.normal(0, 1, count),
    )
    return Splats2D(*(np.ascontiguousarray(values, np.float32) for values in numbers))


def pairs(drawn: Splats2D, size: tuple[int, int]) -> int:
    """How many pixels all splats cover, from the areas of their ellipses; those beyond the picture's edge count too."""
    a, b, c = drawn.conic.astype(float).T
    return int((np.pi * 2 * np.log(255 * drawn.opacity) / np.sqrt(a * c - b * b)).sum())


def measure(scene: Scene, raster: Rasterizer, clock: Clock) -> dict[str, Any]:
    drawn = splats(scene)
    width, height = scene.size
    random = np.random.default_rng(1)
    d_image = random.normal(0, 1, (height, width, 3)).astype(np.float32)
    d_through = random.normal(0, 1, (height, width)).astype(np.float32)
    drawing = raster.render(drawn, scene.size)[2]
    count = pairs(drawn, scene.size)
    forward = timed(lambda: raster.render(drawn, scene.size), clock)
    backward = timed(lambda: raster.gradients(drawing, d_image, d_through), clock)
    return {
        "forward_ms": forward,
        "backward_ms": backward,
        "frames_per_s": round(1000 / forward["median"]),
        "trained_per_s": round(1000 / (forward["median"] + backward["median"])),
        "prototype_ms": scene.prototype,
        "pairs": count,
        "estimate_ms": [round(count * flops / FLOPS_PER_S * 1000, 2) for flops in (FLOPS_FORWARD, FLOPS_BACKWARD)],
    }


def projection(count: int = 12_000) -> dict[str, Any]:
    random = np.random.default_rng(0)
    numbers = (
        random.normal(0, 1, (count, 3)),
        random.normal(-4, 0.3, (count, 3)),
        random.normal(0, 1, (count, 4)),
        np.eye(3),
    )
    position, log_scale, quaternion, rotation = (values.astype(np.float32) for values in numbers)
    shift = np.array([160, 176], np.float32)

    def forward() -> Any:
        return project(position, log_scale, quaternion, rotation, 100.0, shift)

    projected = forward()
    d_mean, d_conic = (
        random.normal(0, 1, (count, 2)).astype(np.float32),
        random.normal(0, 1, (count, 3)).astype(np.float32),
    )
    return {
        "forward_ms": timed(forward, time.process_time),
        "backward_ms": timed(lambda: projection_gradients(projected, d_mean, d_conic), time.process_time),
    }


def timed(work: Callable[[], Any], clock: Clock) -> dict[str, float]:
    """The least, which other work on the machine disturbs least, and the median."""
    spent = []
    for _ in range(WARM_UP + REPEATS):
        start = clock()
        work()
        spent.append((clock() - start) * 1000)
    return {"least": round(min(spent[WARM_UP:]), 2), "median": round(float(np.median(spent[WARM_UP:])), 2)}


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description="Times for drawing and differentiating Gaussian splats.")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    device = parser.parse_args().device
    try:
        raster, _ = open_rasterizer(device)
    except MienError as error:
        raise SystemExit(f"{error.message} {error.hint}") from error
    clock = time.process_time if device == "cpu" else time.perf_counter
    figures: dict[str, Any] = {name: measure(scene, raster, clock) for name, scene in SCENES.items()}
    figures["projection, 12k"] = projection()
    print(json.dumps(figures, indent=1))
    return figures


if __name__ == "__main__":
    main()
