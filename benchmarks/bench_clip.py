"""How good clip avatars are on what they never saw, and what they cost.

    python -m benchmarks.bench_clip [--media ../shared/media] [--work FOLDER] [--clips may …] [--sheets FOLDER]

The last fifth of each clip is held out: the mouths come from the rest. Into its real frames mouths are drawn as its tracked coefficients say
("oracle"), as its sound says ("network", "energy": the driver), and always the mean one ("frozen"); `mien evaluate --generated` then judges
them beside its own baselines. Real people are needed for that: without the clips nothing is measured. Prints one JSON object; milliseconds
are processor time of one thread.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.engines.clip.engine import ClipEngine
from mien.engines.clip.library import Avatar, load
from mien.engines.clip.mouth import Mouth
from mien.engines.clip.spec import SPEC, ClipOptions
from mien.engines.clip.train import gather, places
from mien.evaluation.footage import Footage
from mien.evaluation.quality import GENERATED, Known, QualityReport, compare
from mien.face import FaceTracker
from mien.motion.personal import PersonalPerformance
from mien.motion.visemes import CLOSURE
from mien.settings import load as load_settings
from mien.training import FPS, Dataset, prepare
from mien.types import SAMPLE_RATE, Driver, Image, Samples
from mien.weights import WeightStore

CLIPS = ("newsreader_de", "ls3", "may")
DRIVERS: tuple[Driver, ...] = ("network", "energy")
AHEAD = 3
TOLD = ("psnr_whole", "psnr_mouth", "ssim_mouth", "lmd_px", "lmd_iod", "sharpness_mouth", "flicker_mouth")


class Frames:
    """Real frames in the place of an avatar's film."""

    def __init__(self, images: list[Image]) -> None:
        self._images = images

    def __getitem__(self, index: int) -> Image:
        return self._images[index]

    def __len__(self) -> int:
        return len(self._images)

    def order(self, position: int) -> int:
        return min(position, len(self._images) - 1)


def clocked(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall_s": round(time.perf_counter() - wall, 1), "cpu_s": round(time.process_time() - cpu, 1)}


def made(dataset: Dataset, folder: Path) -> AvatarPackage:
    with PackageBuilder(folder) as builder:
        gather(dataset, builder)
        about = Manifest(name="clip", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size)
        return builder.finish(about)


def foretold(dataset: Dataset, driver: Driver) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coefficients (N, K) and closures (N,) of all frames, from the sound alone."""
    performance = PersonalPerformance(dataset.person.calibration, FPS, driver=driver)
    performance.push(dataset.samples)
    performance.end_segment()
    given = [(coefficients, mouth[CLOSURE]) for coefficients, mouth, _ in performance.frames()]
    return np.array([one for one, _ in given]), np.array([other for _, other in given])


def drawn(avatar: Avatar, mouths: NDArray[np.float32], closures: NDArray[np.float32]) -> list[Image]:
    stream = Mouth(avatar)
    return [stream.draw(mouths[n : n + 1 + AHEAD], float(closures[n])) for n in range(len(mouths))]


def judged(images: list[Image], dataset: Dataset, real: list[Image], tracker: FaceTracker, name: str) -> QualityReport:
    test, train = dataset.split.test, slice(0, dataset.split.test.start)

    def footage(label: str, frames: list[Image]) -> Footage:
        return Footage(label, FPS, dataset.size, lambda: iter(frames), lambda: sound(dataset, test))

    known = Known(lambda: dataset.frames(train.start, train.stop), np.array(dataset.landmarks[train]))
    return compare(footage(name, images), footage("real", real), np.array(dataset.landmarks[test]), known, tracker)


def sound(dataset: Dataset, part: slice) -> Samples:
    per_frame = round(SAMPLE_RATE / FPS)
    return dataset.samples[part.start * per_frame : part.stop * per_frame]


def told(report: QualityReport) -> dict[str, Any]:
    found = report.as_dict()
    own = found["sync"].get(GENERATED, {})
    beside = own.get("reference") or {}
    follows = own.get("follows", {}).get("network", {})
    return {
        "scores": {name: values for name, values in found["scores"][GENERATED].items() if values is not None},
        "r_to_real_lips": {name: beside.get(name, {}).get("mean") for name in ("best", "fixed")},
        "r_to_sound": {name: follows.get(name, {}).get("mean") for name in ("best", "fixed")},
        "amplitude": beside.get("amplitude"),
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
        avatar = load(package)
        sizes = {name: entry.size for name, entry in package.manifest.files.items()}
        costs = cost(package, dataset)
    test = dataset.split.test
    real = list(dataset.frames(test.start, test.stop))
    film: Any = Frames(real)
    avatar = replace(avatar, film=film, places=places(dataset, avatar.patch, range(test.start, test.stop)))
    still = np.nanmean(dataset.person.expression[: test.start], axis=0).astype(np.float32)
    mouths = {
        "oracle": (dataset.person.expression[test], np.zeros(len(real), np.float32)),
        **{driver: tuple(values[test] for values in foretold(dataset, driver)) for driver in DRIVERS},
        "frozen": (np.repeat(still[None], len(real), axis=0), np.zeros(len(real), np.float32)),
    }
    images = {name: drawn(avatar, *values) for name, values in mouths.items()}
    if sheets is not None:
        sheet(sheets / f"clip_{video.stem}.png", {"real": real, **images}, dataset)
    reports = {name: judged(frames, dataset, real, tracker, name) for name, frames in images.items()}
    baselines = next(iter(reports.values())).as_dict()["scores"]
    return {
        "seconds": round(dataset.count / FPS, 1),
        "held_out_frames": len(real),
        "examples": len(avatar.examples),
        "bytes": {"film": sizes.pop("film.mp4"), "rest": sum(sizes.values())},
        "preparing": preparing,
        "gathering": gathering,
        "ms": costs,
        "contenders": {name: told(report) for name, report in reports.items()},
        "baselines": {name: baselines[name] for name in ("frozen", "nearest", "previous", "real")},
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
