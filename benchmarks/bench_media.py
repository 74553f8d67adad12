"""How fast files are written and read, and what they cost in memory.

    python -m benchmarks.bench_media [CLIP]

CLIP is a 512² video whose frames are written; without it they are drawn noise, which is harder to encode than any face.
Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from mien.media import AudioReader, Label, VideoReader, VideoWriter, read_image, write_image
from mien.types import Image, frame_bounds

FRAMES, FPS, RATE = 250, 25, 16_000
RENDER_MS = 8.0
REPEATS = 3


def frames_of(clip: Path | None) -> list[Image]:
    if clip is not None:
        return list(islice(VideoReader(clip, FPS), FRAMES))
    noise = np.random.default_rng(0).integers(0, 256, (FRAMES, 64, 64, 3), np.uint8)
    return [np.asarray(cv2.resize(image, (512, 512), interpolation=cv2.INTER_CUBIC), np.uint8) for image in noise]


def write(path: Path, images: list[Image], *, render_ms: float = 0.0, **options: object) -> None:
    samples = np.random.default_rng(0).uniform(-0.1, 0.1, RATE).astype(np.float32)
    height, width = images[0].shape[:2]
    with VideoWriter(path, (width, height), FPS, RATE, overwrite=True, **options) as writer:  # type: ignore[arg-type]
        for index, image in enumerate(images):
            busy(image, render_ms)
            start, end = frame_bounds(index % FPS, FPS, RATE)
            writer.write(image, samples[start:end])


def busy(image: Image, ms: float) -> None:
    """Stands for a renderer: work on one core that lets go of Python's lock, as NumPy, OpenCV and numba do."""
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end:
        cv2.GaussianBlur(image, (0, 0), 1.0)


def timed(run: Callable[[], object]) -> dict[str, float]:
    """Median and spread of the wall time, median of the processor time, in seconds; one warm-up."""
    run()
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return {
        "wall_s": round(statistics.median(walls), 3),
        "spread_s": round(max(walls) - min(walls), 3),
        "cpu_s": round(statistics.median(cpus), 3),
    }


def long_sound(folder: Path) -> dict[str, float]:
    """Ten minutes of 48 kHz stereo, read as a stream."""
    file = folder / "long.wav"
    second = np.random.default_rng(0).integers(-9000, 9000, 96_000).astype("<i2").tobytes()
    with wave.open(str(file), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(48_000)
        for _ in range(600):
            out.writeframesraw(second)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = timed(lambda: sum(len(block) for block in AudioReader(file)))
    result["memory_mb"] = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1)
    return result


def psnr(images: list[Image], file: Path) -> float:
    """dB over all frames, after 4:2:0."""
    errors = [np.mean((a.astype(np.float32) - b) ** 2) for a, b in zip(images, VideoReader(file), strict=True)]
    return round(10 * float(np.log10(255**2 / np.mean(errors))), 2)


def main() -> None:
    clip = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    images = frames_of(clip)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    results: dict[str, object] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "commit": commit.stdout.strip(),
        "frames": f"{len(images)} of {clip or 'noise'}, {images[0].shape[1]} × {images[0].shape[0]}",
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results["long_sound"] = long_sound(folder)
        file = folder / "out.mp4"
        for preset in ("superfast", "veryfast", "faster", "fast"):
            result = timed(lambda preset=preset: write(file, images, preset=preset))
            slowly = timed(lambda preset=preset: write(file, images, render_ms=RENDER_MS, preset=preset))
            result["with_render_wall_s"] = slowly["wall_s"]
            result |= {"kb": file.stat().st_size // 1000, "psnr_db": psnr(images, file)}
            results[f"write_{preset}"] = result
        results["read"] = timed(lambda: sum(1 for _ in VideoReader(file)))
        write_image(folder / "a.jpg", images[0])
        results["read_image"] = timed(lambda: read_image(folder / "a.jpg"))
        label = Label((512, 512))
        results["label_all"] = timed(lambda: sum(label.apply(image)[0, 0, 0] for image in images))
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
