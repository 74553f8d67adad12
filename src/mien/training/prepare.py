"""From a video to a dataset, in stages that are not done twice."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError, MediaError, UsageError
from mien.face import FaceTracker, au45, eye_aspect_ratio
from mien.media import AudioReader, Resampler, VideoReader, atomic_output, is_silent, write_wav
from mien.media.files import writing
from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE
from mien.motion.from_sound import SoundMouth
from mien.settings import Settings
from mien.training.dataset import LANDMARKS, MOUTH, PERSON, SOUND, TRACK, Dataset
from mien.training.folder import Record, load_arrays, save_arrays
from mien.training.person import find_space
from mien.training.smoothing import BLOCK, smooth
from mien.training.split import FPS, Split
from mien.training.window import Window, head_window
from mien.types import SAMPLE_RATE, Progress, Report, Samples, Sound, frame_bounds, silent
from mien.weights import WeightStore

LEAST_S = 8.0
"""Of a video: below that too little is left to learn from when the end is kept to judge by."""

SIZES = (128, 1024)
"""Smallest and largest width of the frames."""


def prepare(
    video: Path,
    folder: Path,
    settings: Settings,
    *,
    size: int = 512,
    au_csv: Path | None = None,
    report: Report = silent,
) -> Dataset:
    """Makes a video's dataset, or finishes one that was broken off; what is done already is not done again.

    Args:
        video: of one person who speaks.
        folder: becomes the dataset; it need not exist.
        settings: see `mien.settings`.
        size: width and height of the frames in pixels.
        au_csv: OpenFace's table of action units for this video: its AU45 takes the place of Mien's own.
        report: progress, stages "track", "listen" and "learn".

    Raises:
        UsageError: a size that is not possible.
        NotFoundError: there is no such file.
        MediaError: the video cannot be read, is too short, or nothing is heard in it.
        FaceError: it shows no face, or too seldom.
        InputError: the mouth does not move; or `folder` holds something else.
        OutputError: the folder cannot be written.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise UsageError(f"A size of {size} pixels is not possible.", hint=f"Use {SIZES[0]} to {SIZES[1]}.")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    work = _Work(video, folder, Record(folder), settings, report)
    work.source()
    work.track(size)
    work.sound()
    work.mouth()
    work.person()
    return Dataset.open(folder)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """The stages, in the order in which each needs those before it."""

    video: Path
    folder: Path
    record: Record
    settings: Settings
    report: Report

    def source(self) -> None:
        with VideoReader(self.video) as reader, AudioReader(self.video):
            seconds = reader.duration_s
        if seconds is not None and seconds < LEAST_S:
            raise _too_short(self.video, seconds)
        with self.video.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.record.begun("source", {"sha256": sha256})
        self.record.done("source", video=str(self.video.absolute()), sha256=sha256)

    def track(self, size: int) -> None:
        if not self.record.begun("track", {"size": size, "fps": FPS}):
            return
        with atomic_output(self.folder / "found.f32", overwrite=True) as found:
            count, picture = self._find(found)
            raw = np.memmap(found, np.float32, "r", shape=(count, 478, 3))
            seen = np.array([not np.isnan(face[0, 0]) for face in raw])
            window = head_window(_boxes(raw, seen), picture, size)
            self._keep(raw, seen, window)
            del raw
        (self.folder / "found.f32").unlink()
        self.record.done("track", count=count, window=[window.x, window.y, window.side], size=size)

    def _find(self, target: Path) -> tuple[int, tuple[int, int]]:
        """Writes the landmarks of all frames, in pixels of the source; gives their count and the source's width and height."""
        tracker = FaceTracker(WeightStore.from_settings(self.settings), self.settings.threads)
        nothing = np.full((478, 3), np.nan, np.float32)
        count = 0
        with VideoReader(self.video, fps=FPS) as reader, target.open("wb") as file:
            total = round(reader.duration_s * FPS) if reader.duration_s else None
            for face in tracker.track(reader):
                (nothing if face is None else face.landmarks).astype(np.float32).tofile(file)
                count += 1
                self.report(Progress("track", count, total, "frames"))
        if count < LEAST_S * FPS:
            raise _too_short(self.video, count / FPS)
        return count, reader.size

    def _keep(self, raw: NDArray[np.float32], seen: NDArray[np.bool_], window: Window) -> None:
        with atomic_output(self.folder / LANDMARKS, overwrite=True) as file:
            kept = np.lib.format.open_memmap(file, "w+", np.float32, raw.shape)
            smooth(raw, seen, kept)
            ratios = np.full((len(seen), 2), np.nan, np.float32)
            for part in (slice(start, start + BLOCK) for start in range(0, len(seen), BLOCK)):
                ratios[part] = eye_aspect_ratio(kept[part])
                kept[part] = window.shown(kept[part])
            kept.flush()
            del kept
        save_arrays(self.folder / TRACK, seen=seen, blink=au45(ratios))

    def sound(self) -> None:
        if not self.record.begun("sound", {}):
            return
        samples = _of_length(_sound(self.video), frame_bounds(self.record.facts["count"] - 1, FPS)[1])
        write_wav(self.folder / SOUND, Sound(samples, SAMPLE_RATE), overwrite=True)
        self.record.done("sound", offset_ms=0)

    def mouth(self) -> None:
        if not self.record.begun("mouth", {}):
            return
        with AudioReader(self.folder / SOUND) as reader:
            total = self.record.facts["count"] / FPS
            save_arrays(self.folder / MOUTH, values=_heard(reader, total, self.report))
        self.record.done("mouth")

    def person(self) -> None:
        if not self.record.begun("person", {}):
            return
        self.report(Progress("learn", 0))
        landmarks = np.load(self.folder / LANDMARKS, mmap_mode="r", allow_pickle=False)
        seen = load_arrays(self.folder / TRACK)["seen"]
        train = Split.of(len(seen)).train
        space = find_space(landmarks, seen, train)
        space.calibrated(load_arrays(self.folder / MOUTH)["values"], train).save(self.folder / PERSON)
        self.record.done("person", remarks=[])


def _too_short(video: Path, seconds: float) -> MediaError:
    return MediaError(
        f"{video} lasts {seconds:.1f} s; at least {LEAST_S:g} s are needed to learn a face.",
        hint="Film half a minute or more of one person who speaks.",
    )


def _boxes(landmarks: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """left, top, right, bottom in the frames with a face: (n, 4)."""
    known = np.flatnonzero(seen)
    if not len(known):
        raise FaceError(
            f"No face was found in {len(seen)} frames.", hint="Use a video in which one face is clearly visible."
        )
    return np.array([[*landmarks[n, :, :2].min(axis=0), *landmarks[n, :, :2].max(axis=0)] for n in known])


def _sound(video: Path) -> Samples:
    with AudioReader(video) as reader:
        resampler = Resampler(reader.sample_rate, SAMPLE_RATE)
        parts = [resampler.push(block) for block in reader]
    samples = np.concatenate([*parts, resampler.finish()])
    if is_silent(Sound(samples, SAMPLE_RATE)):
        raise MediaError(
            f"Nothing can be heard in {video}: how this mouth speaks cannot be learnt.",
            hint="Look whether the right track was recorded or exported.",
        )
    return samples


def _of_length(samples: Samples, length: int) -> Samples:
    """Cut, or followed by silence."""
    return np.pad(samples[:length], (0, max(0, length - len(samples))))


def _heard(sound: Iterable[Samples], seconds: float, report: Report) -> NDArray[np.float32]:
    """The mouth's channels (T, 8) at `MOUTH_RATE`."""
    source = SoundMouth()
    rows, given = [], 0
    for block in sound:
        source.push(block, ())
        given += len(block)
        rows.append(_taken(source))
        report(Progress("listen", given / SAMPLE_RATE, seconds, "seconds"))
    source.finish()
    rows.append(_taken(source))
    length = round(seconds * MOUTH_RATE)
    return np.concatenate(rows)[:length]


def _taken(source: SoundMouth) -> NDArray[np.float32]:
    return source.take(sys.maxsize)[:, : len(MOUTH_CHANNELS)]
