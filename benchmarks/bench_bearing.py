"""Heads and lids of Mien beside those of real speakers who say the same.

    python -m benchmarks.bench_bearing [--media ../shared/media/video]

Real clips are tracked with `mien.face`; ours are made from their sound alone, with four seeds. Tracking trembles by about 0.2 degrees, which is
a speed of about 1 degree a second. Where the clips are absent only the cost is measured. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.face import FaceTracker, au45, eye_aspect_ratio, head_pose
from mien.media import VideoReader, read_audio
from mien.media.resample import resample
from mien.motion import Performance
from mien.motion.prosody import Prosody, Speaker
from mien.settings import load
from mien.types import SAMPLE_RATE, Samples
from mien.weights import WeightStore

CLIPS = ("may", "newsreader_de", "ls3")
FPS = 25.0
SEEDS = 4
LAGS = range(-12, 13)
"""Frames; above 0 the head is later than the voice."""
ATTENTIVE_S = 120.0

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bearing:
    """At `FPS`; angles (T, 3): yaw, pitch, roll in degrees; shut (T,): 0 … 1."""

    angles: Curve
    shut: Curve


def tracked(path: Path, store: WeightStore) -> tuple[Bearing, Samples]:
    video = VideoReader(path)
    points = np.array([face.landmarks for face in FaceTracker(store).track(video) if face is not None])
    poses = [head_pose(face) for face in points]
    angles = np.array([[pose.yaw, pose.pitch, pose.roll] for pose in poses])
    shut = au45(eye_aspect_ratio(points)).mean(axis=1)
    times = np.arange(int(len(points) / video.fps * FPS)) / FPS * video.fps
    columns = [np.interp(times, np.arange(len(points)), column) for column in (*angles.T, shut)]
    sound = read_audio(path)
    samples = resample(sound.samples, sound.sample_rate, SAMPLE_RATE)
    return Bearing(np.stack(columns[:3], axis=1), columns[3]), samples


def performed(samples: Samples, seed: int) -> Bearing:
    performance = Performance(FPS, seed=seed)
    performance.push(samples, None)
    performance.end_segment()
    faces = [face for face, _ in performance.frames()]
    return Bearing(
        np.array([[face.yaw, face.pitch, face.roll] for face in faces]), np.array([face.blink[0] for face in faces])
    )


def smoothed(values: Curve, frames: float) -> Curve:
    """Over a Gaussian of this standard deviation."""
    reach = int(4 * frames) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    columns = values.reshape(len(values), -1).T
    padded = np.pad(columns, ((0, 0), (reach, reach)), mode="edge")
    made = np.array([np.convolve(column, kernel / kernel.sum(), "valid") for column in padded])
    return made.T.reshape(values.shape)


def loudness(samples: Samples) -> Curve:
    """dB of each frame, what is 45 dB below the loudest counting as silence."""
    frame = round(SAMPLE_RATE / FPS)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    db = 10 * np.log10((frames**2).mean(axis=1) + 1e-9)
    return smoothed(np.maximum(db, db.max() - 45), 5.0)


def goes_with(speed: Curve, loud: Curve) -> float:
    """Pearson's r at the best of `LAGS`."""
    count = min(len(speed), len(loud))
    found = []
    for lag in LAGS:
        late, early = speed[max(lag, 0) : count + min(lag, 0)], loud[max(-lag, 0) : count - max(lag, 0)]
        found.append(np.corrcoef(late, early)[0, 1])
    return float(max(found))


def figures(bearing: Bearing, samples: Samples, others: list[Samples]) -> dict[str, Any]:
    """Of one stretch. `quick`: what moves above about 0.3 Hz; `chance`: the same r with other people's sound."""
    angles = smoothed(bearing.angles, 1.0)
    quick = smoothed(bearing.angles - smoothed(bearing.angles, 12.5), 1.0)
    speed = np.abs(np.diff(angles, axis=0)) * FPS
    moving = smoothed(np.log(np.linalg.norm(np.diff(angles, axis=0) * FPS, axis=1) + 1), 5.0)
    shut = bearing.shut > 0.5
    blinks = int(np.count_nonzero(shut[1:] & ~shut[:-1]))
    return {
        "sd_deg": angles.std(axis=0),
        "quick_sd_deg": quick.std(axis=0),
        "speed_p50_deg_s": np.percentile(speed, 50, axis=0),
        "speed_p90_deg_s": np.percentile(speed, 90, axis=0),
        "blinks_per_minute": np.array(60 * blinks * FPS / len(shut)),
        "speed_with_loudness_r": np.array(goes_with(moving, loudness(samples))),
        "chance_r": np.array(np.mean([goes_with(moving, loudness(other)) for other in others])),
    }


def rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {name: np.round(value, 2).tolist() for name, value in found.items()}


def compared(paths: list[Path]) -> dict[str, Any]:
    """Each real speaker; of ours the median over clips and seeds and the spread from the least to the most."""
    store = WeightStore.from_settings(load())
    clips = {path.stem: tracked(path, store) for path in paths}
    sounds = {name: samples for name, (_, samples) in clips.items()}
    others = {name: [sound for other, sound in sounds.items() if other != name] for name in sounds}
    real = {name: rounded(figures(bearing, samples, others[name])) for name, (bearing, samples) in clips.items()}
    ours = [
        figures(performed(sounds[name], seed), sounds[name], others[name]) for name in sounds for seed in range(SEEDS)
    ]
    rows = {name: np.array([found[name] for found in ours]) for name in ours[0]}
    return {
        "real": real,
        "ours_median": rounded({name: np.median(values, axis=0) for name, values in rows.items()}),
        "ours_least": rounded({name: values.min(axis=0) for name, values in rows.items()}),
        "ours_most": rounded({name: values.max(axis=0) for name, values in rows.items()}),
    }


def attentive(hears: bool) -> dict[str, Any]:
    """A face to which somebody speaks, or nobody: spread of the head, share of glances away, nods."""
    performance = Performance(FPS, seed=0)
    faces = []
    for number in range(round(ATTENTIVE_S * FPS)):
        performance.listen(hears and number / FPS % 4.0 < 3.2)
        faces.append(performance.idle())
    angles = np.array([[face.yaw, face.pitch, face.roll] for face in faces])
    # The head's own turn is taken out again: see `mien.motion.eyes`.
    look = np.abs(np.array([face.gaze[0] for face in faces]) + 0.65 * angles[:, 0])
    quick = angles[:, 1] - smoothed(angles[:, 1], 12.5)
    nods = np.diff((quick > 0.6).astype(int)) > 0
    return rounded(
        {
            "sd_deg": angles.std(axis=0),
            "away_share": np.array((look > 1.8).mean()),
            "nods_per_minute": np.array(60 * np.count_nonzero(nods) / ATTENTIVE_S),
        }
    )


def cost() -> dict[str, float]:
    """Processor time of prosody for a second of sound, in ms: median and spread of nine runs after one to warm up."""
    rng = np.random.default_rng(0)
    hz = 120 * 2 ** (np.repeat(rng.normal(0, 0.2, 100), SAMPLE_RATE // 10))
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE
    sound = (0.1 * np.sum([np.sin(k * phase) / k for k in range(1, 10)], axis=0)).astype(np.float32)
    times = []
    for _ in range(10):
        start = time.process_time()
        prosody = Prosody(Speaker())
        for number, piece in enumerate(np.split(sound, range(640, len(sound), 640))):
            prosody.push(piece)
            prosody.take(number / FPS - 0.1)
        times.append(1000 * (time.process_time() - start) / (len(sound) / SAMPLE_RATE))
    return {"median_ms": round(float(np.median(times[1:])), 2), "spread_ms": round(max(times[1:]) - min(times[1:]), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, default=Path("../shared/media/video"))
    media = parser.parse_args().media
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    result: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "commit": commit.stdout.strip(),
        "prosody_cost_per_second": cost(),
        "listening": attentive(True),
        "alone": attentive(False),
    }
    paths = [media / f"{name}.mp4" for name in CLIPS]
    if all(path.is_file() for path in paths):
        result |= compared(paths)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
