"""What preparing a video for training costs: processor time by stage, beside the video's length, and memory.

    python -m benchmarks.bench_training [VIDEO …] [-o FILE.json]

Without names, newsreader_de.mp4, ls3.mp4 and may.mp4 of ../shared/media. Each video has a process of its own, so that the peak of its
memory is its own. Processor time counts all threads: divided by two it is the least wall time on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mien.settings import load
from mien.training import FPS, check_clip, prepare
from mien.types import Progress

MEDIA = Path(__file__).parents[2] / "shared" / "media" / "video"
NAMES = ("newsreader_de.mp4", "ls3.mp4", "may.mp4")
GOAL = 0.5
"""Wall time on two free cores, of the video's length."""


def measure(video: Path) -> dict[str, Any]:
    """Seconds of processor time by stage, of the check, and in all; the peak of the memory in MB."""
    settings = load()
    began = time.process_time()
    check_clip(video, settings)
    checked = time.process_time() - began
    stages: dict[str, float] = {}
    last = [time.process_time(), "open"]

    def noted(progress: Progress) -> None:
        now = time.process_time()
        stages[str(last[1])] = stages.get(str(last[1]), 0.0) + now - float(last[0])
        last[:] = [now, progress.stage]

    wall = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        dataset = prepare(video, Path(folder), settings, report=noted)
        noted(Progress("end", 0))
        seconds = dataset.count / FPS
    total = sum(stages.values())
    return {
        "video": video.name,
        "length_s": seconds,
        "check_cpu_s": round(checked, 2),
        "stages_cpu_s": {name: round(value, 2) for name, value in stages.items()},
        "cpu_s": round(total, 2),
        "cpu_by_length": round(total / seconds, 3),
        "half_of_that": round(total / seconds / 2, 3),
        "wall_by_length": round((time.monotonic() - wall) / seconds, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What preparing a video for training costs.")
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    videos = options.videos or [MEDIA / name for name in NAMES]
    if options.one:
        print(json.dumps(measure(videos[0])))
        return
    found = []
    for video in videos:
        command = [sys.executable, "-m", "benchmarks.bench_training", "--one", str(video)]
        found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print(json.dumps(found[-1], indent=1))
    if options.output:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        told = {"commit": commit, "machine": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
        options.output.write_text(json.dumps(told | {"goal": GOAL, "videos": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
