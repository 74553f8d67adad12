"""The smallest honest training: the mean of a video's pictures, with checkpoints, losses and previews."""

from __future__ import annotations

import json
import time

import numpy as np

from mien.errors import MediaError
from mien.media import VideoReader, write_image
from mien.media.files import write_bytes
from mien.types import Progress, TrainingRun

STEPS = 20
PREVIEWS = (10, 20)


def train(run: TrainingRun) -> list[str]:
    mean = _mean(run)
    checkpoint = run.work / "checkpoint.json"
    first = json.loads(checkpoint.read_text())["step"] if checkpoint.exists() else 0
    for step in range(first + 1, STEPS + 1):
        run.report(Progress("train", step - 1, STEPS, "steps"))
        time.sleep(0.02)
        run.metric(step, loss=1 / step, psnr=float(step))
        if step in PREVIEWS:
            run.preview(step, (mean * (step / STEPS)).astype(np.uint8))
        write_bytes(checkpoint, json.dumps({"step": step}).encode(), overwrite=True)
    run.report(Progress("train", STEPS, STEPS, "steps"))
    run.package.add_image("picture", mean)
    run.package.add_arrays("mouth", {"centre": np.array([0.5, 0.75], np.float32)})
    return [f"It was trained from step {first}."]


def _mean(run: TrainingRun) -> np.ndarray:
    run.report(Progress("prepare", 0))
    with VideoReader(run.video) as video:
        pictures = list(video)
    if not pictures:
        raise MediaError("The video has no pictures.", hint="Use another.")
    mean = np.mean(pictures, axis=0).astype(np.uint8)
    write_image(run.work / "mean.png", mean, overwrite=True)
    return mean
