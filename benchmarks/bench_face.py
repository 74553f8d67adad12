"""Milliseconds a picture for each part of `mien.face`, on one core, with the built-in astronaut at 512 × 512.

    python -m benchmarks.bench_face

Processor time is given beside wall time: where they differ, the machine was busy with other things.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from mien.avatars import builtin_picture
from mien.face import FaceTracker, Matting, head_pose, savitzky_golay
from mien.media import read_image
from mien.settings import load
from mien.types import Image
from mien.weights import WeightStore

WARM_UP, REPEATS = 10, 100
Figures = dict[str, dict[str, float]]


def measure() -> Figures:
    """Figures by name: the median, the 10th and the 90th percentile of wall time, and the median of processor time."""
    cv2.setNumThreads(1)
    file = builtin_picture("astronaut")
    if file is None:
        raise FileNotFoundError("the built-in astronaut")
    picture = read_image(file)
    store = WeightStore.from_settings(load())
    tracker, matting = FaceTracker(store), Matting(store)
    face = tracker.find(picture)
    if face is None:
        raise AssertionError("the astronaut has a face")
    tracked = tracker.track(iter(swaying(picture, WARM_UP + REPEATS)))
    clip = np.repeat(face.landmarks[None], 250, axis=0)
    return {
        "track": timed(lambda: next(tracked)),
        "detect": timed(lambda: tracker.detector.detect(picture)),
        "find": timed(lambda: tracker.find(picture), repeats=20),
        "matte": timed(lambda: matting.matte(picture, face), repeats=20),
        "head_pose": timed(lambda: head_pose(face.landmarks)),
        "smooth_10_s": timed(lambda: savitzky_golay(clip), repeats=20),
    }


def swaying(picture: Image, count: int) -> list[Image]:
    """The picture moved by a few pixels from frame to frame."""
    way = [(6 * np.sin(0.2 * index), 4 * np.cos(0.15 * index)) for index in range(count)]
    moves = [np.array([[1, 0, x], [0, 1, y]], float) for x, y in way]
    moved = [cv2.warpAffine(picture, move, (512, 512), borderMode=cv2.BORDER_REPLICATE) for move in moves]
    return [np.asarray(image, np.uint8) for image in moved]


def timed(work: Callable[[], Any], repeats: int = REPEATS) -> dict[str, float]:
    wall, processor = [], []
    for _ in range(WARM_UP + repeats):
        start = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
    low, median, high = np.percentile(wall[WARM_UP:], [10, 50, 90]) * 1000
    return {
        "median_ms": round(float(median), 3),
        "p10_ms": round(float(low), 3),
        "p90_ms": round(float(high), 3),
        "processor_ms": round(float(np.median(processor[WARM_UP:])) * 1000, 3),
    }


def main() -> Figures:
    figures = measure()
    print(json.dumps(figures, indent=2))
    return figures


if __name__ == "__main__":
    main()
