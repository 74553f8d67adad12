"""How good clip avatars are on what they never saw, and what they cost.

    python -m benchmarks.bench_clip [--media ../shared/media] [--work FOLDER] [--clips may …] [--sheets FOLDER]

The last fifth of each clip is held out: the mouths come from the rest. Into its real frames mouths are drawn as `mien evaluate --avatar` does: as its
sound says ("generated": driver network; "energy"), as they were tracked ("tracked"), and always the mean one ("still"); its own baselines stand beside.
Real people are needed for that: without the clips nothing is measured. Prints one JSON object; milliseconds are processor time of one thread.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.clip.engine import ClipEngine
from mien.engines.clip.library import load
from mien.engines.clip.spec import SPEC, ClipOptions
from mien.engines.clip.train import gather
from mien.evaluation.footage import Footage
from mien.evaluation.quality import BASELINES, GENERATED, REAL, TRACKED, QualityReport, compare
from mien.face import FaceTracker
from mien.settings import load as load_settings
from mien.studio.evaluate import Movement, known, real, redrawn
from mien.training import FPS, Dataset, prepare
from mien.types import SAMPLE_RATE, Image
from mien.weights import WeightStore

CLIPS = ("newsreader_de", "ls3", "may")


def clocked(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall_s": round(time.perf_counter() - wall, 1), "cpu_s": round(time.process_time() - cpu, 1)}


def made(dataset: Dataset, folder: Path) -> AvatarPackage:
    with PackageBuilder(folder) as builder:
        gather(dataset, builder)
        about = Manifest(name="clip", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size)
        return builder.finish(about)


def movements(dataset: Dataset) -> dict[str, Movement]:
    """Of the held-out frames."""
    test = dataset.split.test
    tracked = Movement.tracked(dataset, test)
    mean = np.nanmean(dataset.person.expression[: test.start], axis=0).astype(np.float32)
    still = np.broadcast_to(mean, tracked.coefficients.shape)
    return {
        GENERATED: Movement.foretold(dataset, test),
        TRACKED: tracked,
        "energy": Movement.foretold(dataset, test, "energy"),
        "still": Movement(still, np.zeros_like(tracked.closures)),
    }


def judged(made: dict[str, Footage], dataset: Dataset, tracker: FaceTracker) -> QualityReport:
    test = dataset.split.test
    others = {name: footage for name, footage in made.items() if name != GENERATED}
    before = known(dataset, slice(0, test.start))
    return compare(made[GENERATED], real(dataset, test), dataset.landmarks[test], before, tracker, others=others)


def told(report: QualityReport, name: str) -> dict[str, Any]:
    found = report.as_dict()
    own = found["sync"].get(name, {})
    beside = own.get("reference") or {}
    follows = own.get("follows", {}).get("network", {})
    return {
        "scores": {metric: value for metric, value in found["scores"][name].items() if value is not None},
        "r_to_real_lips": {lag: beside.get(lag, {}).get("mean") for lag in ("best", "fixed")},
        "r_to_sound": {lag: follows.get(lag, {}).get("mean") for lag in ("best", "fixed")},
        "amplitude": beside.get("amplitude"),
    }


def outcome(made: dict[str, Footage], dataset: Dataset, tracker: FaceTracker, sheet_at: Path | None) -> dict[str, Any]:
    """Figures of all that was drawn, and a contact sheet."""
    if sheet_at is not None:
        shown = {"real": real(dataset, dataset.split.test), **made}
        sheet(sheet_at, {name: list(footage.frames()) for name, footage in shown.items()}, dataset)
    report = judged(made, dataset, tracker)
    return {
        "held_out_frames": report.frames,
        "contenders": {name: told(report, name) for name in made},
        "baselines": {name: report.as_dict()["scores"][name] for name in (*BASELINES, REAL)},
    }


def sheet(path: Path, contenders: dict[str, list[Image]], dataset: Dataset) -> None:
    """Mouths of all contenders side by side, every twelfth frame."""
    rows = []
    for n in range(0, len(contenders["real"]), 12):
        points = dataset.landmarks[dataset.split.test.start + n]
        middle = points[[13, 14], :2].mean(axis=0)
        reach = np.linalg.norm(points[33, :2] - points[263, :2]) * 0.55
        (x0, y0), (x1, y1) = np.clip([middle - reach, middle + reach], 0, dataset.size[0]).astype(int)
        cuts = [np.ascontiguousarray(images[n][y0:y1, x0:x1]) for images in contenders.values()]
        rows.append(np.hstack([cv2.resize(cut, (220, 220), interpolation=cv2.INTER_CUBIC) for cut in cuts]))
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


def cost(package: AvatarPackage, dataset: Dataset) -> dict[str, float]:
    """Milliseconds a frame of a session that speaks, and of one that is idle; what part of that the film takes."""
    engine = ClipEngine(load_settings())
    session = engine.open(package, ClipOptions())
    for _ in range(10):
        session.idle_frame()
    session.push_audio(dataset.samples[: 12 * SAMPLE_RATE])
    session.end_segment()
    frames = session.frames()
    next(frames)
    speaking = milliseconds(lambda: next(frames), 250)
    film = load(package).film
    order = np.random.default_rng(0).integers(0, len(film), 100)
    random = iter(order.tolist())
    return {
        "speaking": speaking,
        "idle": milliseconds(session.idle_frame, 200),
        "film_in_order": milliseconds(lambda at=iter(range(10_000)): film[film.order(next(at))], 200),
        "film_at_random": milliseconds(lambda: film[next(random)], 100),
    }


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    start = time.thread_time()
    for _ in range(repeats):
        work()
    return round((time.thread_time() - start) / repeats * 1e3, 2)


def measured(video: Path, work: Path, tracker: FaceTracker, sheets: Path | None) -> dict[str, Any]:
    settings = load_settings()
    dataset, preparing = clocked(lambda: prepare(video, work / video.stem, settings))
    with tempfile.TemporaryDirectory() as folder:
        package, gathering = clocked(lambda: made(dataset, Path(folder, "clip.mien")))
        sizes = {name: entry.size for name, entry in package.manifest.files.items()}
        costs = cost(package, dataset)
        drawn = {
            name: redrawn(package, dataset, dataset.split.test, movement)
            for name, movement in movements(dataset).items()
        }
        found = outcome(drawn, dataset, tracker, sheets and sheets / f"clip_{video.stem}.png")
        examples = len(load(package).examples)
    return {
        "seconds": round(dataset.count / FPS, 1),
        "examples": examples,
        "bytes": {"film": sizes.pop("film.mp4"), "rest": sum(sizes.values())},
        "preparing": preparing,
        "gathering": gathering,
        "ms": costs,
        **found,
        "calibration_r": np.round(dataset.person.calibration.r, 2).tolist(),
    }


def main(measured: Callable[[Path, Path, FaceTracker, Path | None], dict[str, Any]] = measured) -> None:
    """Measures the clips with `measured` and prints what it found; `bench_gaussian` uses it too."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    parser.add_argument("--work", type=Path, help="keeps what is prepared and learnt, which then is not done again")
    parser.add_argument("--clips", nargs="*", default=CLIPS)
    parser.add_argument("--sheets", type=Path, help="contact sheets are written there")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    tracker = FaceTracker(WeightStore.from_settings(load_settings()))
    with tempfile.TemporaryDirectory() as folder:
        found = {
            clip: measured(video, given.work or Path(folder), tracker, given.sheets)
            for clip in given.clips
            if (video := given.media / "video" / f"{clip}.mp4").exists()
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"clips": found, "peak_mb": peak}, ensure_ascii=False))


if __name__ == "__main__":
    main()
